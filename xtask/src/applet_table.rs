// SPDX-License-Identifier: MIT OR Apache-2.0
//! `userland/APPLETS.md`: for every applet of Debian's BusyBox what the image has under its name.
//!
//! Made from what makes the image: its manifests, the toolbox's table and Cargo.lock. So nothing is
//! in the table that is not in the image. The names and the reasons for those left out are files in
//! `userland/image/`.

use crate::applets::{self, Applets};
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// A program that a name runs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    program: String,
    package: String,
    version: String,
}

/// Renders the table.
pub fn render(userland: &Path) -> Result<String> {
    let image = userland.join("image");
    let names = words(&read(&image.join("busybox.names"))?);
    let left_out = reasons(&read(&image.join("busybox.left-out"))?)?;
    let versions = versions(&read(&userland.join("Cargo.lock"))?)?;
    let mut entries = installed(&read(&image.join("manifest"))?, &versions);
    entries.extend(installed(&read(&image.join("manifest.applets"))?, &versions));
    entries.extend(of_toolbox(&applets::read(userland)?, &versions));
    table(&names, &left_out, &entries)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Lines that are no comments.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn words(text: &str) -> Vec<String> {
    lines(text).map(str::to_owned).collect()
}

/// Names with the reason behind each.
fn reasons(text: &str) -> Result<BTreeMap<String, String>> {
    let reason = |line: &str| {
        let (name, reason) = line.split_once(' ').with_context(|| {
            format!("busybox.left-out: {line}: give the reason behind the name")
        })?;
        Ok((name.to_owned(), reason.trim().to_owned()))
    };
    lines(text).map(reason).collect()
}

/// The version of each package in Cargo.lock.
fn versions(lock: &str) -> Result<BTreeMap<String, String>> {
    let lock: toml::Table = lock.parse().context("Cargo.lock")?;
    let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    let text = |package: &toml::Value, key: &str| Some(package.get(key)?.as_str()?.to_owned());
    Ok(packages
        .filter_map(|package| Some((text(package, "name")?, text(package, "version")?)))
        .collect())
}

/// The names that the lines of a manifest make: programs, and links to them.
fn installed(manifest: &str, versions: &BTreeMap<String, String>) -> BTreeMap<String, Entry> {
    let mut entries = BTreeMap::new();
    for line in lines(manifest) {
        let fields: Vec<&str> = line.split_whitespace().collect();
        match fields[..] {
            ["file", path, source, _mode, _user, _group, ref links @ ..] => {
                let Some(program) = source.strip_prefix("${BIN}/") else { continue };
                for name in [path].iter().chain(links) {
                    let name = base(name);
                    entries.insert(name.to_owned(), entry(program, name, versions));
                }
            }
            ["slink", path, target, ..] if path.contains("bin/") => {
                let (name, program) = (base(path), base(target));
                entries.insert(name.to_owned(), entry(program, name, versions));
            }
            _ => {}
        }
    }
    entries
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The package behind a name of a program: in coreutils, each applet has a crate of its own.
fn entry(program: &str, name: &str, versions: &BTreeMap<String, String>) -> Entry {
    let applet = if name == "[" { "test" } else { name };
    let candidates = match program {
        "brush" => ["brush-shell".to_owned(), String::new()],
        "coreutils" => [format!("uu_{applet}"), "ochre-coreutils".to_owned()],
        _ => [format!("ochre-{program}"), program.to_owned()],
    };
    let known = candidates.iter().find(|package| versions.contains_key(*package));
    let package = known.unwrap_or(&candidates[0]).clone();
    let version = versions.get(&package).cloned().unwrap_or_default();
    Entry { program: program.to_owned(), package, version }
}

fn of_toolbox(applets: &Applets, versions: &BTreeMap<String, String>) -> BTreeMap<String, Entry> {
    let entry = |package: &str| Entry {
        program: "toolbox".into(),
        package: package.to_owned(),
        version: versions.get(package).cloned().unwrap_or_default(),
    };
    let mut entries: BTreeMap<String, Entry> =
        applets.iter().map(|(name, applet)| (name.clone(), entry(&applet.package))).collect();
    entries.insert("busybox".into(), entry("ochre-toolbox"));
    entries
}

fn table(
    names: &[String],
    left_out: &BTreeMap<String, String>,
    entries: &BTreeMap<String, Entry>,
) -> Result<String> {
    for name in left_out.keys() {
        if entries.contains_key(name) {
            bail!("{name} is in the image: remove its line from userland/image/busybox.left-out");
        }
        if !names.contains(name) {
            bail!("{name} in userland/image/busybox.left-out is not in busybox.names");
        }
    }
    let there = names.iter().filter(|name| entries.contains_key(*name)).count();
    let out = left_out.len();
    let missing = names.len() - there - out;
    let mut text = format!(
        "<!-- SPDX-License-Identifier: MIT OR Apache-2.0 -->\n\
         <!-- Generated by `cargo xtask generate`; do not edit. -->\n\
         # Applets\n\n\
         What the image has for the {} applets of Debian's busybox-static 1.35: **{there} are there**, \
         {out} are left out\n\
         for a reason, {missing} are missing. The rows come from the image's manifests, the toolbox's \
         table and Cargo.lock;\n\
         the reasons stand in `image/busybox.left-out`.\n\n\
         | applet | program | crate | version | state |\n\
         | --- | --- | --- | --- | --- |\n",
        names.len()
    );
    for name in names {
        // Writing to a string cannot fail.
        let _ = match (entries.get(name), left_out.get(name)) {
            (Some(entry), _) => writeln!(
                text,
                "| `{name}` | {} | {} | {} | there |",
                entry.program, entry.package, entry.version
            ),
            (None, Some(reason)) => writeln!(text, "| `{name}` | | | | left out: {reason} |"),
            (None, None) => writeln!(text, "| `{name}` | | | | missing |"),
        };
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions() -> BTreeMap<String, String> {
        [("uu_test", "0.12.0"), ("brush-shell", "0.4.0"), ("ochre-init", "0.1.0")]
            .map(|(name, version)| (name.to_owned(), version.to_owned()))
            .into()
    }

    #[test]
    fn manifests_name_programs_and_links() {
        let manifest = "# comment\nfile /etc/passwd etc/passwd 0644 0 0\n\
                        file /usr/bin/brush ${BIN}/brush 0755 0 0 /usr/bin/sh\n\
                        slink /usr/bin/[ coreutils 0777 0 0\nslink /lib usr/lib 0777 0 0\n";
        let entries = installed(manifest, &versions());
        assert_eq!(entries.keys().collect::<Vec<_>>(), ["[", "brush", "sh"]);
        assert_eq!(entries["["].package, "uu_test");
        assert_eq!(entries["sh"].version, "0.4.0");
    }

    #[test]
    fn a_reason_for_what_is_there_is_an_error() {
        let entries = installed("file /init ${BIN}/init 0755 0 0\n", &versions());
        let names = ["init".to_owned(), "mt".to_owned(), "vi".to_owned()];
        let left_out = |name: &str| BTreeMap::from([(name.to_owned(), "no tape".to_owned())]);
        assert!(table(&names, &left_out("init"), &entries).is_err());
        assert!(table(&names, &left_out("nothing"), &entries).is_err());
        let text = table(&names, &left_out("mt"), &entries).expect("a table");
        assert!(text.contains("| `init` | init | ochre-init | 0.1.0 | there |\n"));
        assert!(text.contains("| `mt` | | | | left out: no tape |\n"));
        assert!(text.contains("| `vi` | | | | missing |\n"));
    }
}
