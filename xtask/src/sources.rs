// SPDX-License-Identifier: MIT OR Apache-2.0
//! `sources.toml`, read and checked. Invariant: every package that a step asks for by name is in it.

use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// A Debian package that apt installs.
pub struct Install {
    /// Its name.
    pub package: String,
    /// The version that it is known to work with.
    pub version: String,
    /// The oldest version that will do; any, if absent.
    pub minimum: Option<String>,
    /// SHA-256 of the package file of `version`.
    pub sha256: String,
    /// Parts of the build that need it.
    pub parts: Vec<String>,
}

/// A file that is fetched and checked.
pub struct FetchedFile {
    /// Name without folders.
    pub name: String,
    /// Its SHA-256.
    pub sha256: String,
}

/// A Debian package that is unpacked, not installed.
pub struct Download {
    /// Its name.
    pub package: String,
    /// Exactly this version.
    pub version: String,
    /// The package file.
    pub file: FetchedFile,
}

/// A Debian source package.
pub struct Source {
    /// Its name.
    pub package: String,
    /// Exactly this version.
    pub version: String,
    /// The release that has it.
    pub suite: String,
    /// Its files, the `.dsc` first.
    pub files: Vec<FetchedFile>,
}

/// All external inputs.
pub struct Sources {
    /// Packages to install.
    pub install: Vec<Install>,
    /// Packages to unpack.
    pub download: Vec<Download>,
    /// Source packages.
    pub source: Vec<Source>,
}

impl Sources {
    /// Reads `sources.toml`.
    pub fn load(path: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        parse(&text).with_context(|| path.display().to_string())
    }

    /// The package to unpack called `name`.
    pub fn download(&self, name: &str) -> Result<&Download> {
        let found = self.download.iter().find(|download| download.package == name);
        found.with_context(|| format!("sources.toml has no [[download]] of `{name}`"))
    }

    /// The source package called `name`.
    pub fn source(&self, name: &str) -> Result<&Source> {
        let found = self.source.iter().find(|source| source.package == name);
        found.with_context(|| format!("sources.toml has no [[source]] of `{name}`"))
    }
}

fn parse(text: &str) -> Result<Sources> {
    let table = DeTable::parse(text)?;
    let mut sources = Sources { install: Vec::new(), download: Vec::new(), source: Vec::new() };
    for (section, entries) in table.get_ref() {
        let entries = entries.get_ref().as_array().context("expected [[install]] and so on")?;
        for (index, entry) in entries.iter().enumerate() {
            let name = section.get_ref();
            let entry = entry.get_ref().as_table().context("expected a table")?;
            add(&mut sources, name, entry)
                .with_context(|| format!("[[{name}]] number {}", index + 1))?;
        }
    }
    Ok(sources)
}

fn add(sources: &mut Sources, section: &str, entry: &DeTable) -> Result<()> {
    // Who reads the file wants to know; the build does not.
    text(entry, "licence")?;
    let (package, version) = (text(entry, "package")?, text(entry, "version")?);
    let parts = array(entry, "parts")?
        .iter()
        .map(|part| Ok(part.get_ref().as_str().context("parts: expected strings")?.to_owned()))
        .collect::<Result<_>>()?;
    match section {
        "install" => {
            let minimum = entry.get("minimum").map(|_| text(entry, "minimum")).transpose()?;
            let FetchedFile { sha256, .. } = fetched_file(entry)?;
            sources.install.push(Install { package, version, minimum, sha256, parts });
        }
        "download" => {
            let file = fetched_file(entry)?;
            sources.download.push(Download { package, version, file });
        }
        "source" => {
            let suite = text(entry, "suite")?;
            let files = array(entry, "files")?
                .iter()
                .map(|file| {
                    fetched_file(file.get_ref().as_table().context("files: expected tables")?)
                })
                .collect::<Result<_>>()?;
            sources.source.push(Source { package, version, suite, files });
        }
        _ => bail!("unknown section; expected install, download or source"),
    }
    Ok(())
}

fn fetched_file(entry: &DeTable) -> Result<FetchedFile> {
    let (file, sha256) = (text(entry, "file")?, text(entry, "sha256")?);
    if sha256.len() != 64 || !sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        bail!("sha256 of {file}: expected 64 lower-case hexadecimal digits");
    }
    let name = file.rsplit('/').next().unwrap_or(&file).to_owned();
    Ok(FetchedFile { name, sha256 })
}

fn text(entry: &DeTable, field: &str) -> Result<String> {
    let value = entry.get(field).with_context(|| format!("`{field}` is missing"))?;
    let value = value.get_ref().as_str().with_context(|| format!("`{field}` is no string"))?;
    Ok(value.to_owned())
}

fn array<'a, 'text>(
    entry: &'a DeTable<'text>,
    field: &str,
) -> Result<&'a [toml::Spanned<DeValue<'text>>]> {
    let value = entry.get(field).with_context(|| format!("`{field}` is missing"))?;
    let value = value.get_ref().as_array().with_context(|| format!("`{field}` is no array"))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_projects_own_list_is_complete() {
        let sources = Sources::load(Path::new("../sources.toml")).unwrap();
        assert!(sources.install.iter().any(|install| install.package == "clang-22"));
        assert!(sources.download("linux-source-6.12").is_ok());
        assert!(sources.source("musl").unwrap().files[0].name.ends_with(".dsc"));
        assert!(sources.download("nosuch").is_err());
    }

    #[test]
    fn errors_name_the_field() {
        let entry =
            "[[download]]\npackage = \"p\"\nversion = \"1\"\nlicence = \"MIT\"\nparts = []\n";
        for (extra, expected) in [
            ("", "`file` is missing"),
            ("file = \"f\"\nsha256 = \"XY\"", "64 lower-case hexadecimal digits"),
            ("file = 3", "`file` is no string"),
        ] {
            let error = parse(&format!("{entry}{extra}")).err().unwrap();
            assert!(format!("{error:#}").contains(expected), "{error:#}");
        }
        assert!(parse("[[other]]\nlicence = \"\"").is_err());
    }
}
