// SPDX-License-Identifier: MIT OR Apache-2.0
//! `ochre sdk`: the environment in which any cargo project builds for the guest.
//!
//! All that it names lies beside this program, where the build has put it; the compiler itself is
//! Debian's. It is the environment that `xtask/src/steps/userland.rs` gives to the guest's own programs.
//! Cargo takes patched crates from no variable, only from a file: that file is written here, with a
//! `cargo` that hands it to the real one, and that one's folder goes to the front of `PATH`.
#![forbid(unsafe_code)]

use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const TARGET: &str = "wasm32-unknown-linux-musl";
/// Debian's, by absolute path: a rustup proxy may shadow them, and std is that of this compiler.
const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";

/// What a user may have set for the host's Rust, and what would go before ours.
const UNSET: &[&str] = &[
    "CARGO",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
];

/// The environment.
#[derive(Debug, PartialEq)]
struct Environment {
    set: BTreeMap<String, String>,
    /// Goes to the front of `PATH`.
    path: String,
}

/// Prints the environment, or looks through the lock file of a project.
pub fn run(json: bool, check: Option<&Path>) -> anyhow::Result<u8> {
    let program = std::env::current_exe().context("cannot tell where this program is")?;
    let results = program.parent().context("this program is in no folder")?;
    let crates = patched_crates(results)?;
    let mut out = std::io::stdout().lock();
    if let Some(lock) = check {
        let text =
            fs::read_to_string(lock).with_context(|| format!("cannot read {}", lock.display()))?;
        let findings = mismatches(&text, &crates);
        out.write_all(findings.as_bytes())?;
        return Ok(u8::from(!findings.is_empty()));
    }
    let environment = environment(results)?;
    write_cargo(results, &crates)?;
    if json {
        let value = serde_json::json!({
            "set": environment.set, "unset": UNSET, "path": [environment.path],
        });
        writeln!(out, "{value:#}")?;
    } else {
        out.write_all(exports(&environment).as_bytes())?;
    }
    Ok(0)
}

fn environment(results: &Path) -> anyhow::Result<Environment> {
    // The links are followed: another sysroot has another name then, and cargo builds anew.
    let real = |name: &str| -> anyhow::Result<String> {
        let path = results.join(name);
        let path = path.canonicalize().with_context(|| {
            format!("{}: not there; `cargo xtask build` makes it", path.display())
        })?;
        text(&path)
    };
    let musl = real("sysroot")?;
    let std = real("sysroot-rust")?;
    let target = real(&format!("{TARGET}.json"))?;
    let (lower, upper) = (TARGET.replace('-', "_"), TARGET.replace('-', "_").to_uppercase());
    let flags = format!("--sysroot={std} -Lnative={musl}/lib");
    let set = [
        ("CARGO_BUILD_TARGET".to_owned(), target),
        ("CARGO_UNSTABLE_JSON_TARGET_SPEC".to_owned(), "true".to_owned()),
        (format!("CARGO_TARGET_{upper}_LINKER"), format!("{musl}/bin/cc")),
        (format!("CARGO_TARGET_{upper}_RUSTFLAGS"), flags),
        (format!("CC_{lower}"), format!("{musl}/bin/cc")),
        (format!("AR_{lower}"), format!("{musl}/bin/ar")),
        (format!("RANLIB_{lower}"), format!("{musl}/bin/ranlib")),
        // The crate cc asks for it on wasm with musl; our cc knows where it is.
        ("WASM_MUSL_SYSROOT".to_owned(), musl.clone()),
        ("OCHRE_SYSROOT".to_owned(), musl),
        ("RUSTC".to_owned(), RUSTC.to_owned()),
        // A target in a file is a thing of cargo's that is not stable yet.
        ("RUSTC_BOOTSTRAP".to_owned(), "1".to_owned()),
    ];
    Ok(Environment { set: set.into(), path: text(&results.join("sdk/bin"))? })
}

/// Lines for `eval` in a shell.
fn exports(environment: &Environment) -> String {
    let mut lines = format!("unset {}\n", UNSET.join(" "));
    for (name, value) in &environment.set {
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "export {name}={}", quoted(value));
    }
    let _ = writeln!(lines, "export PATH={}:\"$PATH\"", quoted(&environment.path));
    lines
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The patched crates: their folders by name and version, of which one may have several.
type Crates = BTreeMap<(String, String), PathBuf>;

/// Finds the patched crates, `NAME-VERSION` each.
fn patched_crates(results: &Path) -> anyhow::Result<Crates> {
    let store = results.join("crates");
    let entries = fs::read_dir(&store).with_context(|| {
        format!("cannot read {}; `cargo xtask build userland` makes it", store.display())
    })?;
    let mut crates = Crates::new();
    for entry in entries {
        let entry = entry?;
        let folder_name = entry.file_name().to_string_lossy().into_owned();
        if let Some((name, version)) = split_version(&folder_name) {
            crates.insert((name.to_owned(), version.to_owned()), entry.path());
        }
    }
    Ok(crates)
}

/// `linux-raw-sys-0.12.1` is `linux-raw-sys` at `0.12.1`; a stamp, which begins with a dot, is neither.
fn split_version(folder: &str) -> Option<(&str, &str)> {
    let (at, _) = folder
        .match_indices('-')
        .find(|(at, _)| folder[at + 1..].starts_with(|c: char| c.is_ascii_digit()))?;
    (!folder.starts_with('.')).then(|| (&folder[..at], &folder[at + 1..]))
}

/// Writes cargo's file with the patched crates, and the `cargo` that uses it.
fn write_cargo(results: &Path, crates: &Crates) -> anyhow::Result<()> {
    let mut config = "# Written by `ochre sdk`: the crates that need a patch for the guest.\n\
                      [patch.crates-io]\n"
        .to_owned();
    for ((name, version), folder) in crates {
        // A literal string of TOML, in which nothing has a meaning but its end.
        let folder = text(folder)?;
        if folder.contains(['\'', '\n']) {
            bail!("{folder}: cargo's configuration cannot hold this path; move the checkout");
        }
        // Two versions of one crate need two names.
        let key = format!("{name}-{version}").replace('.', "_");
        let _ = writeln!(config, "{key} = {{ package = '{name}', path = '{folder}' }}");
    }
    let sdk = results.join("sdk");
    fs::create_dir_all(sdk.join("bin"))
        .with_context(|| format!("cannot make the folder {}", sdk.display()))?;
    let file = sdk.join("patches.toml");
    replace(&file, &config, 0o644)?;
    let script = format!(
        "#!/bin/sh\n# Written by `ochre sdk`: cargo with the guest's patched crates.\n\
         exec {CARGO} --config {} \"$@\"\n",
        quoted(&text(&file)?)
    );
    replace(&sdk.join("bin/cargo"), &script, 0o755)
}

/// Writes a file so that whoever reads it finds the old one or the new one.
fn replace(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let fresh = path.with_extension(format!("{}.new", std::process::id()));
    fs::write(&fresh, text)
        .and_then(|()| fs::set_permissions(&fresh, fs::Permissions::from_mode(mode)))
        .and_then(|()| fs::rename(&fresh, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The packages of a lock file that ought to be patched and are there in another version only or as well.
fn mismatches(lock: &str, crates: &Crates) -> String {
    let field = |line: &str, key: &str| {
        let value = line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"')?;
        Some(value.to_owned())
    };
    let mut findings = String::new();
    let mut lines = lock.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(name) = field(line, "name") else { continue };
        let Some(found) = lines.peek().and_then(|line| field(line, "version")) else { continue };
        let patched: Vec<_> =
            crates.keys().filter(|key| key.0 == name).map(|key| key.1.as_str()).collect();
        if patched.is_empty() || patched.contains(&found.as_str()) {
            continue;
        }
        let _ = writeln!(
            findings,
            "{name} {found}: the guest needs {}; try \
             `cargo update --package {name}@{found} --precise VERSION`",
            patched.join(" or ")
        );
    }
    findings
}

fn text(path: &Path) -> anyhow::Result<String> {
    path.to_str()
        .map(str::to_owned)
        .with_context(|| format!("{}: not UTF-8; move the checkout", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_shell_reads_what_was_meant() {
        let set = BTreeMap::from([("OCHRE_A".to_owned(), "it's \"$HOME\" \\".to_owned())]);
        let lines = exports(&Environment { set, path: "/a b".to_owned() });
        let script =
            format!("{lines}printf '%s|%s|%s' \"$OCHRE_A\" \"$PATH\" \"${{RUSTFLAGS-none}}\"");
        let output = Command::new("/bin/sh")
            .args(["-c", &script])
            .env("RUSTFLAGS", "-g")
            .env("PATH", "/bin")
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "it's \"$HOME\" \\|/a b:/bin|none");
    }

    #[test]
    fn other_versions_of_patched_crates_are_named() {
        let folder = PathBuf::new();
        let crates = Crates::from([(("libc".to_owned(), "0.2.191".to_owned()), folder)]);
        let lock = |version: &str| {
            format!(
                "[[package]]\nname = \"libc\"\nversion = \"{version}\"\n\n[[package]]\nname = \"x\"\n"
            )
        };
        assert_eq!(mismatches(&lock("0.2.191"), &crates), "");
        let found = mismatches(&lock("0.2.150"), &crates);
        assert!(found.contains("libc 0.2.150: the guest needs 0.2.191"), "{found}");
    }

    #[test]
    fn folders_are_names_and_versions() {
        assert_eq!(split_version("linux-raw-sys-0.12.1"), Some(("linux-raw-sys", "0.12.1")));
        assert_eq!(split_version(".libc-0.2.191.key"), None);
        assert_eq!(split_version("README"), None);
    }
}
