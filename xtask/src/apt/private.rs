// SPDX-License-Identifier: MIT OR Apache-2.0
//! A throwaway apt configuration in the cache, for what the system's own does not list: source
//! packages of another Debian release. Mirror, keys and proxies are the machine's.

use super::{LOCK_TIMEOUT, is_root};
use crate::workspace::make_folder;
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where a mirror of Debian is, and the keyring that its list names, if any.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mirror {
    uri: String,
    signed_by: Option<String>,
}

/// A private apt, with lists of its own.
pub struct PrivateApt {
    options: Vec<String>,
}

impl PrivateApt {
    /// With the system's own list of sources, but lists that need no root to update.
    pub fn with_system_sources(folder: &Path) -> Result<Self> {
        Self::with_options(folder, Vec::new())
    }

    /// With the source packages of the Debian release `suite`.
    pub fn with_sources_of(suite: &str, folder: &Path) -> Result<Self> {
        let mirrors = system_mirrors()?;
        let mut list = String::new();
        for Mirror { uri, signed_by } in &mirrors {
            let key = signed_by.as_ref().map_or(String::new(), |key| format!("[signed-by={key}] "));
            list.push_str(&format!("deb-src {key}{uri} {suite} main\n"));
        }
        make_folder(folder)?;
        let file = folder.join("sources.list");
        fs::write(&file, list).with_context(|| format!("cannot write {}", file.display()))?;
        let options = vec![
            format!("Dir::Etc::sourcelist={}", file.display()),
            "Dir::Etc::sourceparts=/dev/null".into(),
        ];
        Self::with_options(folder, options)
    }

    /// The configured `apt-get`.
    pub fn command(&self) -> Command {
        let mut command = Command::new("apt-get");
        command.env("LC_ALL", "C.UTF-8").args(["-q", "-y", "-o", "Acquire::Retries=3"]);
        for option in &self.options {
            command.arg("-o").arg(option);
        }
        command
    }

    fn with_options(folder: &Path, mut options: Vec<String>) -> Result<Self> {
        for part in ["lists/partial", "cache/archives/partial"] {
            make_folder(&folder.join(part))?;
        }
        options.push(LOCK_TIMEOUT.into());
        options.push(format!("Dir::State::lists={}", folder.join("lists").display()));
        options.push(format!("Dir::Cache={}", folder.join("cache").display()));
        if is_root() {
            // The user _apt, which root's downloads drop to, cannot write here.
            options.push("APT::Sandbox::User=root".into());
        }
        Ok(Self { options })
    }
}

/// The mirrors of the running Debian release in the system's own lists.
fn system_mirrors() -> Result<BTreeSet<Mirror>> {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let suite = release
        .lines()
        .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
        .map(|name| name.trim_matches('"').to_owned())
        .context("/etc/os-release names no Debian release: Ochre is built on Debian 12")?;
    let mut mirrors = BTreeSet::new();
    for path in list_files() {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let style = path.extension().is_some_and(|extension| extension == "sources");
        let parse = if style { parse_stanzas } else { parse_lines };
        mirrors.extend(parse(&text, &suite));
    }
    if mirrors.is_empty() {
        bail!(
            "no entry for `{suite} main` in /etc/apt/sources.list or /etc/apt/sources.list.d: \
             Ochre takes the address of the Debian mirror from there"
        );
    }
    Ok(mirrors)
}

fn list_files() -> Vec<PathBuf> {
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    if let Ok(entries) = fs::read_dir("/etc/apt/sources.list.d") {
        let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
        files.extend(paths.filter(|path| {
            path.extension().is_some_and(|extension| extension == "list" || extension == "sources")
        }));
    }
    files.sort();
    files
}

/// `deb [options] URI suite component…`, one a line.
fn parse_lines(text: &str, suite: &str) -> Vec<Mirror> {
    let mut mirrors = Vec::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let Some(rest) = line.strip_prefix("deb ") else { continue };
        let (options, rest) = match rest.trim_start().strip_prefix('[') {
            Some(rest) => rest.split_once(']').unwrap_or(("", "")),
            None => ("", rest),
        };
        let mut words = rest.split_whitespace();
        let (Some(uri), Some(found)) = (words.next(), words.next()) else { continue };
        if found == suite && words.any(|component| component == "main") {
            let signed_by = options
                .split_whitespace()
                .find_map(|option| option.strip_prefix("signed-by="))
                .map(str::to_owned);
            mirrors.push(Mirror { uri: uri.to_owned(), signed_by });
        }
    }
    mirrors
}

/// deb822: paragraphs of `Field: values`.
fn parse_stanzas(text: &str, suite: &str) -> Vec<Mirror> {
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let mut mirrors = Vec::new();
    for stanza in lines.split(|line| line.trim().is_empty()) {
        let field = |name: &str| {
            stanza.iter().find_map(|line| {
                let (found, value) = line.split_once(':')?;
                found.eq_ignore_ascii_case(name).then(|| value.trim())
            })
        };
        let has = |name, word| field(name).is_some_and(|v| v.split_whitespace().any(|w| w == word));
        let enabled = field("Enabled").is_none_or(|value| value != "no");
        if enabled && has("Types", "deb") && has("Suites", suite) && has("Components", "main") {
            // A key given in the text itself is not carried over; apt's own keyring has Debian's.
            let signed_by = field("Signed-By").filter(|key| key.starts_with('/'));
            for uri in field("URIs").unwrap_or_default().split_whitespace() {
                let signed_by = signed_by.map(str::to_owned);
                mirrors.push(Mirror { uri: uri.to_owned(), signed_by });
            }
        }
    }
    mirrors
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirror(uri: &str, signed_by: Option<&str>) -> Mirror {
        Mirror { uri: uri.into(), signed_by: signed_by.map(str::to_owned) }
    }

    #[test]
    fn one_line_lists_are_read() {
        let text = "# deb http://no/ bookworm main\n\
                    deb http://one/debian bookworm main contrib # first\n\
                    deb [arch=amd64 signed-by=/k.gpg] http://two bookworm main\n\
                    deb http://sec bookworm-security main\n\
                    deb http://three bookworm non-free\n";
        assert_eq!(
            parse_lines(text, "bookworm"),
            [mirror("http://one/debian", None), mirror("http://two", Some("/k.gpg"))]
        );
    }

    #[test]
    fn stanzas_are_read() {
        let text = "Types: deb\n# comment\nURIs: http://one/debian\nSuites: bookworm bookworm-updates\n\
                    Components: main\nSigned-By: /k.gpg\n\nTypes: deb\nURIs: http://sec\n\
                    Suites: bookworm-security\nComponents: main\n\nEnabled: no\nTypes: deb\n\
                    URIs: http://off\nSuites: bookworm\nComponents: main\n";
        assert_eq!(parse_stanzas(text, "bookworm"), [mirror("http://one/debian", Some("/k.gpg"))]);
    }
}
