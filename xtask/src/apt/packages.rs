// SPDX-License-Identifier: MIT OR Apache-2.0
//! Installed packages: which there are, which are missing, installing them.

use super::{apt_get, check_system, is_root};
use crate::job::Job;
use crate::sources::{Install, Sources};
use anyhow::{Context as _, Result, bail};
use std::collections::HashMap;
use std::process::Command;

/// Versions of the installed packages among those in `sources.toml`.
pub struct Packages {
    versions: HashMap<String, String>,
}

impl Packages {
    /// Asks dpkg.
    pub fn query(sources: &Sources) -> Result<Self> {
        check_system()?;
        // Fails for packages that dpkg has never heard of, and prints the others all the same.
        let output = Command::new("dpkg-query")
            .args(["--show", "--showformat=${Package} ${Version} ${db:Status-Status}\\n"])
            .args(sources.install.iter().map(|install| &install.package))
            .output()
            .context("cannot start dpkg-query")?;
        Ok(Self { versions: parse(&String::from_utf8_lossy(&output.stdout)) })
    }

    /// The version of a package, if it is installed.
    pub fn version(&self, package: &str) -> Option<&str> {
        self.versions.get(package).map(String::as_str)
    }

    /// Packages that some parts of the build need and that are absent or too old.
    pub fn missing<'a>(&self, sources: &'a Sources, parts: &[&str]) -> Result<Vec<&'a Install>> {
        let mut missing = Vec::new();
        for install in &sources.install {
            if !install.parts.iter().any(|part| parts.contains(&part.as_str())) {
                continue;
            }
            let new_enough = match (self.version(&install.package), &install.minimum) {
                (None, _) => false,
                (Some(version), _) if version == install.version => true,
                (Some(_), None) => true,
                (Some(version), Some(minimum)) => is_at_least(version, minimum)?,
            };
            if !new_enough {
                missing.push(install);
            }
        }
        Ok(missing)
    }
}

fn parse(output: &str) -> HashMap<String, String> {
    let installed = |line: &str| match line.split(' ').collect::<Vec<_>>()[..] {
        [package, version, "installed"] => Some((package.to_owned(), version.to_owned())),
        _ => None,
    };
    output.lines().filter_map(installed).collect()
}

fn is_at_least(version: &str, minimum: &str) -> Result<bool> {
    let status = Command::new("dpkg")
        .args(["--compare-versions", version, "ge", minimum])
        .status()
        .context("cannot start dpkg")?;
    Ok(status.success())
}

/// Installs packages, or says how to.
pub fn install(job: &Job, missing: &[&Install]) -> Result<()> {
    let names: Vec<_> = missing.iter().map(|install| install.package.as_str()).collect();
    if !is_root() {
        bail!(
            "Debian packages are missing; install them and run the same command again:\n  \
             sudo apt-get update && sudo apt-get install --no-install-recommends {}",
            names.join(" ")
        );
    }
    job.say(&format!("installing {}", names.join(" ")));
    if candidates(&names)?.len() < names.len() {
        job.run(apt_get().arg("update")).context(NETWORK_HINT)?;
    }
    let known = candidates(&names)?;
    for install in missing {
        let Some((version, sha256)) = known.get(&install.package) else {
            bail!(
                "no package source of this machine has {}: Ochre needs Debian 12 with its updates \
                 and security archives (sources.toml names the versions)",
                install.package
            );
        };
        if let Some(minimum) = &install.minimum
            && !is_at_least(version, minimum)?
        {
            bail!(
                "this machine offers {} {version}, and {minimum} is needed: enable Debian 12's \
                 updates and security archives and run `apt-get update`",
                install.package
            );
        }
        // Another architecture has another file of the same version.
        if *version == install.version && cfg!(target_arch = "x86_64") && *sha256 != install.sha256
        {
            bail!(
                "{} {version}: this machine's package source announces the sha256 {sha256}, and \
                 sources.toml has {}; nothing was installed. Check /etc/apt for a source that is \
                 not Debian's",
                install.package,
                install.sha256
            );
        }
    }
    job.run(apt_get().args(["install", "--no-install-recommends"]).args(&names))
        .context(NETWORK_HINT)
}

const NETWORK_HINT: &str =
    "apt could not do it; if the network was the reason, run the same command again later";

/// What apt would install: version and hash of each package it knows.
fn candidates(names: &[&str]) -> Result<HashMap<String, (String, String)>> {
    let output = Command::new("apt-cache")
        .args(["show", "--no-all-versions"])
        .args(names)
        .output()
        .context("cannot start apt-cache")?;
    Ok(parse_candidates(&String::from_utf8_lossy(&output.stdout)))
}

fn parse_candidates(output: &str) -> HashMap<String, (String, String)> {
    let mut known = HashMap::new();
    for stanza in output.split("\n\n") {
        let field = |name: &str| {
            let found = stanza.lines().find_map(|line| line.strip_prefix(name));
            found.map(|value| value.trim().to_owned())
        };
        if let (Some(package), Some(version), Some(sha256)) =
            (field("Package:"), field("Version:"), field("SHA256:"))
        {
            known.insert(package, (version, sha256));
        }
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removed_packages_are_not_installed() {
        let versions = parse("bc 1.07 installed\nflex 2.6 config-files\n");
        assert_eq!(versions.get("bc").map(String::as_str), Some("1.07"));
        assert!(!versions.contains_key("flex"));
    }

    #[test]
    fn candidates_are_read_from_stanzas() {
        let known = parse_candidates(
            "Package: bc\nVersion: 1\nDescription: x\n y\nSHA256: abc\n\nPackage: odd\n\n",
        );
        assert_eq!(known.len(), 1);
        assert_eq!(known["bc"], ("1".into(), "abc".into()));
    }
}
