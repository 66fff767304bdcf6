// SPDX-License-Identifier: MIT OR Apache-2.0
//! `cargo xtask new-tool`: a crate for a new tool in `userland/tools/`, from `xtask/templates/tool/`, its
//! line in the toolbox's manifest and its place in the lock file. The next build has it in the image.
//!
//! Invariant: a call that fails leaves the checkout as it was.

use crate::applets;
use crate::context::Context;
use crate::job::Job;
use crate::steps::crates;
use crate::workspace::{make_folder, remove_folder};
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const MANIFEST: &str = include_str!("../templates/tool/Cargo.toml.in");
const LIBRARY: &str = include_str!("../templates/tool/lib.rs.in");

/// The longest name of a tool.
const LONGEST_NAME: usize = 32;
/// Names that cannot be those of functions, or that the template uses itself.
const RESERVED: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "io", "let", "loop", "macro", "match", "mod", "move", "mut", "opened", "override",
    "priv", "pub", "ref", "return", "self", "static", "std", "struct", "super", "tests", "trait",
    "transfer", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where",
    "while", "yield",
];

/// Makes the crate: `NAME [SUMMARY]`.
pub fn run(context: &Context, words: &[String]) -> Result<ExitCode> {
    let (name, summary) = match words {
        [name] => (name, format!("A new tool, {name}")),
        [name, summary] => (name, summary.clone()),
        _ => bail!("new-tool takes a name and, if you like, what the tool does in one line"),
    };
    check_name(name)?;
    check_summary(&summary)?;
    let userland = context.workspace.root.join("userland");
    check_free(&userland, name)?;
    let toolbox = userland.join("toolbox/Cargo.toml");
    let lock = userland.join("Cargo.lock");
    let folder = userland.join("tools").join(name);
    let (old_toolbox, old_lock) = (read(&toolbox)?, read(&lock)?);
    let make = || {
        write(&folder.join("Cargo.toml"), &filled(MANIFEST, name, &summary))?;
        write(&folder.join("src/lib.rs"), &filled(LIBRARY, name, &summary))?;
        write(&toolbox, &with_tool(&old_toolbox, name)?)?;
        update_lock(context, &userland)
    };
    if let Err(error) = make() {
        remove_folder(&folder)?;
        write(&toolbox, &old_toolbox)?;
        write(&lock, &old_lock)?;
        return Err(error);
    }
    println!(
        "userland/tools/{name}: made, and added to userland/toolbox/Cargo.toml\n\
         edit userland/tools/{name}/src/lib.rs; then\n  \
         cargo xtask exec -- {name} --help     builds the image with it\n  \
         cargo xtask test host         runs its tests, among the others"
    );
    Ok(ExitCode::SUCCESS)
}

/// A command's, a crate's and a function's name at once.
fn check_name(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.starts_with(|c: char| c.is_ascii_lowercase())
        || !name.chars().all(plain)
        || name.ends_with('-')
        || name.contains("--")
    {
        bail!(
            "`{name}` is no name for a tool: use small letters, digits and single hyphens, a letter first"
        );
    }
    if name.len() > LONGEST_NAME {
        bail!("`{name}` is too long for a tool's name: {LONGEST_NAME} characters are the most");
    }
    if RESERVED.contains(&name) {
        bail!("`{name}` has a meaning in Rust or in the template: take another name");
    }
    Ok(())
}

fn check_summary(summary: &str) -> Result<()> {
    if summary.trim().is_empty() || summary.contains(char::is_control) || summary.len() > 90 {
        bail!("what the tool does must be one line of at most 90 bytes");
    }
    Ok(())
}

/// Nothing is called so yet: no tool, no applet, no program of the image, no package.
fn check_free(userland: &Path, name: &str) -> Result<()> {
    let folder = userland.join("tools").join(name);
    if folder.exists() {
        bail!("{} exists already: take another name, or remove it", folder.display());
    }
    if let Some(other) = applets::read(userland)?.get(name) {
        bail!("{} has an applet {name} already: take another name", other.package);
    }
    if let Some(path) = applets::in_image(userland)?.get(name) {
        bail!("the image has a program {path} already: take another name");
    }
    let package = format!("ochre-{name}");
    let lock = read(&userland.join("Cargo.lock"))?;
    if lock.lines().any(|line| line == format!("name = {package:?}")) {
        bail!("a package {package} exists already: take another name");
    }
    Ok(())
}

/// A template with its blanks filled in.
fn filled(template: &str, name: &str, summary: &str) -> String {
    // A string of TOML; check_summary has let no control characters pass.
    let quoted = format!("\"{name}: {}\"", summary.replace('\\', r"\\").replace('"', "\\\""));
    template
        .replace("@NAME@", name)
        .replace("@FUNCTION@", &name.replace('-', "_"))
        .replace("@TOML_SUMMARY@", &quoted)
        .replace("@SUMMARY@", summary)
}

/// The toolbox's manifest with one more tool, behind the others.
fn with_tool(manifest: &str, name: &str) -> Result<String> {
    let mut lines: Vec<_> = manifest.lines().map(str::to_owned).collect();
    let last = lines
        .iter()
        .rposition(|line| line.contains("path = \"../tools/"))
        .context("userland/toolbox/Cargo.toml names no tool after which this one could stand")?;
    lines.insert(last + 1, format!("ochre-{name} = {{ path = \"../tools/{name}\" }}"));
    lines.push(String::new());
    Ok(lines.join("\n"))
}

/// Gives the new crate its place in the lock file; no other line of it changes.
fn update_lock(context: &Context, userland: &Path) -> Result<()> {
    // Cargo reads the guest's workspace only with its patched crates in place.
    crates::publish(context)?;
    let job = Job::start("new-tool", PathBuf::new(), context.log_path("new-tool"))?;
    let update = |offline: &[&str]| {
        let mut cargo = Command::new("cargo");
        job.run(cargo.current_dir(userland).args(["update", "--workspace"]).args(offline))
    };
    // All that the template needs is in the lock file; the index is asked if it is not at hand.
    let result = update(&["--offline"]).or_else(|_| update(&[]));
    match &result {
        Ok(()) => job.finish(),
        Err(_) => job.abandon(),
    }
    result.context("cannot add the crate to userland/Cargo.lock")
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<()> {
    make_folder(path.parent().unwrap_or(path))?;
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_commands_crates_and_functions() {
        for name in ["hello", "start-stop-daemon", "b2sum"] {
            check_name(name).unwrap();
        }
        for name in ["", "-x", "x-", "a--b", "2up", "Hello", "a_b", "a/b", "ä", "match", "transfer"]
        {
            assert!(check_name(name).is_err(), "{name}");
        }
        assert!(check_name(&"x".repeat(LONGEST_NAME + 1)).is_err());
    }

    #[test]
    fn a_filled_template_has_no_blanks_and_is_read_as_it_was_meant() {
        let summary = r#"prints "a\b" and more"#;
        let manifest: toml::Table = filled(MANIFEST, "two-words", summary).parse().unwrap();
        assert_eq!(manifest["package"]["name"].as_str(), Some("ochre-two-words"));
        let description = manifest["package"]["description"].as_str();
        assert_eq!(description, Some(format!("two-words: {summary}").as_str()));
        let library = filled(LIBRARY, "two-words", summary);
        assert!(library.contains("pub fn two_words(args"), "{library}");
        assert!(!library.contains('@'), "{library}");
    }

    #[test]
    fn the_toolbox_gets_one_line() {
        let old = "[dependencies]\nochre-a = { path = \"../tools/a\" }\n\n[build-dependencies]\n";
        let new = with_tool(old, "b").unwrap();
        assert_eq!(
            new,
            "[dependencies]\nochre-a = { path = \"../tools/a\" }\nochre-b = { path = \"../tools/b\" }\n\n\
             [build-dependencies]\n"
        );
        assert!(with_tool("[dependencies]\n", "b").is_err());
    }

    #[test]
    fn taken_names_are_refused() {
        let userland = Path::new(env!("CARGO_MANIFEST_DIR")).join("../userland");
        for (name, part) in [
            ("which", "exists already"),
            ("sh", "/usr/bin/sh already"),
            ("ls", "/usr/bin/ls already"),
            ("ps", "has an applet ps"),
            ("toolbox", "already"),
            ("applet", "a package ochre-applet"),
        ] {
            let error = check_free(&userland, name).unwrap_err().to_string();
            assert!(error.contains(part), "{name}: {error}");
        }
        check_free(&userland, "no-such-tool").unwrap();
    }
}
