// SPDX-License-Identifier: MIT OR Apache-2.0
//! httpd's configuration, a line for each thing:
//!
//! ```text
//! A:127.0.0.1            who may come; D:* who may not
//! I:index.html           the page of a folder
//! E404:/lost.html        the page for an error
//! /secret:name:password  who may see what is below a path
//! .svg:image/svg+xml     what kind a file is
//! *.php:/usr/bin/php     the program that runs such files
//! ```

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// Endings of files, and their kinds.
const KINDS: [(&str, &str); 18] = [
    ("html", "text/html"),
    ("htm", "text/html"),
    ("txt", "text/plain"),
    ("c", "text/plain"),
    ("h", "text/plain"),
    ("css", "text/css"),
    ("js", "text/javascript"),
    ("json", "application/json"),
    ("wasm", "application/wasm"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("gif", "image/gif"),
    ("svg", "image/svg+xml"),
    ("mp3", "audio/mpeg"),
    ("pdf", "application/pdf"),
    ("zip", "application/zip"),
    ("gz", "application/gzip"),
];

/// A rule on who may come.
struct Rule {
    allows: bool,
    /// The network and its length; every address where there is none.
    network: Option<(IpAddr, u8)>,
}

/// A name and password for what is below a path.
struct Login {
    path: String,
    name: String,
    password: String,
}

/// What the configuration says.
#[derive(Default)]
pub struct Config {
    rules: Vec<Rule>,
    logins: Vec<Login>,
    kinds: Vec<(String, String)>,
    interpreters: Vec<(String, PathBuf)>,
    errors: Vec<(u16, PathBuf)>,
    index: Option<String>,
}

impl Config {
    /// Reads the named file, or those that are there by themselves.
    pub fn read(named: Option<&Path>, home: &Path) -> anyhow::Result<Self> {
        let mut config = Self::default();
        if let Some(file) = named {
            let text = fs::read_to_string(file)
                .with_context(|| format!("can't open '{}'", file.display()))?;
            config.parse(&text)?;
            return Ok(config);
        }
        for file in [PathBuf::from("/etc/httpd.conf"), home.join("httpd.conf")] {
            if let Ok(text) = fs::read_to_string(file) {
                config.parse(&text)?;
            }
        }
        Ok(config)
    }

    fn parse(&mut self, text: &str) -> anyhow::Result<()> {
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let Some((key, value)) = line.split_once(':') else {
                bail!("configuration: no ':' in '{line}'");
            };
            match key {
                "A" | "a" | "D" | "d" => {
                    let allows = key.eq_ignore_ascii_case("a");
                    self.rules.push(Rule { allows, network: network(value)? });
                }
                "I" | "i" => self.index = Some(value.to_owned()),
                "H" | "h" | "P" | "p" => bail!("configuration: '{key}:' is not supported"),
                _ if key.starts_with('.') => {
                    self.kinds.push((key[1..].to_owned(), value.to_owned()));
                }
                _ if key.starts_with("*.") => {
                    self.interpreters.push((key[2..].to_owned(), value.into()));
                }
                _ if key.starts_with('/') => {
                    let (name, password) = value
                        .split_once(':')
                        .with_context(|| format!("configuration: no password in '{line}'"))?;
                    if password.starts_with('$') {
                        bail!("configuration: password of '{key}' must be plain, not hashed");
                    }
                    let path = key.trim_end_matches('/').to_owned();
                    self.logins.push(Login { path, name: name.into(), password: password.into() });
                }
                _ => match key.strip_prefix(['E', 'e']).and_then(|number| number.parse().ok()) {
                    Some(status) => self.errors.push((status, value.into())),
                    None => bail!("configuration: '{line}' is not understood"),
                },
            }
        }
        Ok(())
    }

    /// Whether this address may come: the first rule that knows it decides.
    pub fn may_come(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let rule = self.rules.iter().find(|rule| rule.covers(address));
        rule.is_none_or(|rule| rule.allows)
    }

    /// Whether a path may be seen with this `name:password`; without one, whether anybody may.
    pub fn may_see(&self, path: &str, login: Option<&str>) -> bool {
        let below = |login: &&Login| {
            let rest = path.strip_prefix(login.path.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        // The longest path that covers this one counts.
        let Some(length) = self.logins.iter().filter(below).map(|login| login.path.len()).max()
        else {
            return true;
        };
        let Some((name, password)) = login.and_then(|login| login.split_once(':')) else {
            return false;
        };
        self.logins
            .iter()
            .filter(below)
            .filter(|login| login.path.len() == length)
            .any(|login| login.name == name && login.password == password)
    }

    /// The kind of a file.
    pub fn kind(&self, file: &Path) -> &str {
        let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let own =
            self.kinds.iter().find(|(known, _)| known == ending).map(|(_, kind)| kind.as_str());
        let usual = || KINDS.iter().find(|(known, _)| *known == ending).map(|(_, kind)| *kind);
        own.or_else(usual).unwrap_or("application/octet-stream")
    }

    /// The program that runs files like this.
    pub fn interpreter(&self, file: &Path) -> Option<&Path> {
        let ending = file.extension()?.to_str()?;
        let found = self.interpreters.iter().find(|(known, _)| known == ending);
        found.map(|(_, program)| program.as_path())
    }

    /// The page for an error.
    pub fn error_page(&self, status: u16) -> Option<&Path> {
        self.errors.iter().find(|(known, _)| *known == status).map(|(_, page)| page.as_path())
    }

    /// The page of a folder.
    pub fn index(&self) -> &str {
        self.index.as_deref().unwrap_or("index.html")
    }
}

impl Rule {
    fn covers(&self, address: IpAddr) -> bool {
        let Some((network, length)) = self.network else { return true };
        let (a, b) = match (address, network) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                (u128::from(a.to_bits()) << 96, u128::from(b.to_bits()) << 96)
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits()),
            _ => return false,
        };
        length == 0 || (a ^ b) >> (128 - u32::from(length)) == 0
    }
}

/// `*`, `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `10.` or an address.
fn network(text: &str) -> anyhow::Result<Option<(IpAddr, u8)>> {
    if text == "*" {
        return Ok(None);
    }
    let wrong = || format!("configuration: '{text}' is no address and no network");
    let (start, length) =
        text.split_once('/').map_or((text, None), |(start, rest)| (start, Some(rest)));
    let parts: Vec<&str> = start.split('.').filter(|part| !part.is_empty()).collect();
    if length.is_none() && parts.len() < 4 && !start.contains(':') {
        // The rest of the address is any.
        let full = [parts.as_slice(), &["0", "0", "0", "0"][parts.len()..]].concat().join(".");
        return Ok(Some((full.parse().with_context(wrong)?, 8 * parts.len() as u8)));
    }
    let address: IpAddr = start.parse().with_context(wrong)?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let length = match length {
        None => most,
        Some(length) => match (length.parse::<u8>(), length.parse::<std::net::Ipv4Addr>()) {
            (Ok(length), _) if length <= most => length,
            (_, Ok(mask)) => mask.to_bits().leading_ones() as u8,
            _ => bail!(wrong()),
        },
    };
    Ok(Some((address, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_tried_in_their_order() {
        let mut config = Config::default();
        config.parse("A:127.0.0.1\nA:192.168.\nA:10.0.0.0/8 # own\nD:*\n").unwrap();
        for (address, expected) in [
            ("127.0.0.1", true),
            ("192.168.7.1", true),
            ("10.9.9.9", true),
            ("8.8.8.8", false),
            ("::1", false),
        ] {
            assert_eq!(config.may_come(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn the_longest_path_asks_for_its_password() {
        let mut config = Config::default();
        config.parse("/a:x:1\n/a/b:y:2\n").unwrap();
        assert!(config.may_see("/other", None));
        assert!(config.may_see("/ab", None));
        assert!(!config.may_see("/a", None));
        assert!(config.may_see("/a/c", Some("x:1")));
        assert!(!config.may_see("/a/b/c", Some("x:1")));
        assert!(config.may_see("/a/b/c", Some("y:2")));
    }
}
