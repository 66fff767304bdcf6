// SPDX-License-Identifier: MIT OR Apache-2.0
//! The applets of the toolbox, as the manifests of `userland/tools/` name them.
//!
//! `userland/toolbox/build.rs` reads the same tables for the program; here they become the image's
//! links, so that neither can have a name that the other lacks.

use anyhow::{Context as _, Result, bail};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The program that they are links to, and that of those which run with root's rights for everybody.
const PROGRAM: &str = "/usr/bin/toolbox";
const SETUID_PROGRAM: &str = "/usr/bin/toolbox-setuid";

/// One applet.
pub struct Applet {
    /// The folder of its link: `/usr/bin` or `/usr/sbin`.
    pub folder: &'static str,
    /// The package of its crate.
    pub package: String,
    /// Whether it is setuid root.
    pub setuid: bool,
}

/// The applets by name.
pub type Applets = BTreeMap<String, Applet>;

/// Reads the toolbox's manifest and those of its tools.
pub fn read(userland: &Path) -> Result<Applets> {
    let mut applets = Applets::new();
    for (package, path) in tools(userland)? {
        let tool = table(&path)?;
        let named = tool
            .get("package")
            .and_then(|package| package.get("metadata")?.get("applets")?.as_table())
            .with_context(|| {
                format!("{}: name the applets in [package.metadata.applets]", path.display())
            })?;
        let setuid = named.get("setuid").and_then(toml::Value::as_array);
        let setuid: Vec<_> = setuid.into_iter().flatten().filter_map(toml::Value::as_str).collect();
        for (place, folder) in [("bin", "/usr/bin"), ("sbin", "/usr/sbin")] {
            let names = named.get(place).and_then(toml::Value::as_array);
            for name in names.into_iter().flatten().filter_map(toml::Value::as_str) {
                let setuid = setuid.contains(&name);
                let applet = Applet { folder, package: package.clone(), setuid };
                if let Some(other) = applets.insert(name.to_owned(), applet) {
                    bail!("{}: {} has an applet {name} already", path.display(), other.package);
                }
            }
        }
    }
    Ok(applets)
}

/// The packages of the tools.
pub fn packages(userland: &Path) -> Result<Vec<String>> {
    Ok(tools(userland)?.into_iter().map(|(package, _)| package).collect())
}

/// The tools that the toolbox is made of: package and manifest of each.
fn tools(userland: &Path) -> Result<Vec<(String, PathBuf)>> {
    let manifest = table(&userland.join("toolbox/Cargo.toml"))?;
    let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table);
    let mut tools = Vec::new();
    for (package, dependency) in dependencies.into_iter().flatten() {
        let path = dependency.get("path").and_then(toml::Value::as_str).unwrap_or_default();
        if path.starts_with("../tools/") {
            let manifest = userland.join("toolbox").join(path).join("Cargo.toml");
            tools.push((package.clone(), manifest));
        }
    }
    Ok(tools)
}

/// The links as lines of an image's manifest; `busybox` is the toolbox's second name.
pub fn links(applets: &Applets) -> String {
    let mut lines = format!("slink /usr/bin/busybox {PROGRAM} 0777 0 0\n");
    for (name, applet) in applets {
        // Writing to a string cannot fail.
        let program = if applet.setuid { SETUID_PROGRAM } else { PROGRAM };
        let _ = writeln!(lines, "slink {}/{name} {program} 0777 0 0", applet.folder);
    }
    lines
}

/// The commands that the image's own manifests name, with their paths.
pub fn in_image(userland: &Path) -> Result<BTreeMap<String, String>> {
    let mut commands = BTreeMap::new();
    for file in ["manifest", "manifest.applets"] {
        let path = userland.join("image").join(file);
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        for line in text.lines() {
            let words: Vec<_> = line.split_whitespace().collect();
            let paths: Vec<&str> = match words[..] {
                // Behind source, mode and owner stand further names of the file.
                ["file", path, _, _, _, _, ref others @ ..] => [&[path], others].concat(),
                ["slink", path, ..] => vec![path],
                _ => continue,
            };
            for path in paths {
                if let Some((folder, name)) = path.rsplit_once('/')
                    && ["/bin", "/sbin"].iter().any(|end| folder.ends_with(end))
                {
                    commands.insert(name.to_owned(), path.to_owned());
                }
            }
        }
    }
    Ok(commands)
}

fn table(path: &Path) -> Result<toml::Table> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.parse().with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_applet_is_one_link() {
        let applet = |folder, setuid| Applet { folder, package: "ochre-x".into(), setuid };
        let applets = Applets::from([
            ("b".into(), applet("/usr/sbin", true)),
            ("a".into(), applet("/usr/bin", false)),
        ]);
        assert_eq!(
            links(&applets),
            "slink /usr/bin/busybox /usr/bin/toolbox 0777 0 0\n\
             slink /usr/bin/a /usr/bin/toolbox 0777 0 0\n\
             slink /usr/sbin/b /usr/bin/toolbox-setuid 0777 0 0\n"
        );
    }
}
