// SPDX-License-Identifier: MIT OR Apache-2.0
//! Rules for every file that git tracks: an SPDX line with the licence of its folder, and a length
//! that can be read in one sitting.

use crate::context::Context;
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Command;

/// An SPDX line stands within so many lines of the top.
const SPDX_LINES: usize = 5;
/// Longest source file.
const LONGEST_LINES: usize = 500;

/// Licences by folder, the first match counts.
const LICENCES: &[(&str, &[&str])] = &[
    ("kernel/", &["GPL-2.0-only", "GPL-2.0-only WITH Linux-syscall-note"]),
    // Diffs of, and additions to, what others have written keep its licence.
    ("sysroot/musl/", &["MIT", "MIT OR Apache-2.0"]),
    ("", &["MIT OR Apache-2.0"]),
];

/// Files that cannot carry an SPDX line of their own: they have the licence of their folder.
const WITHOUT_LINE: &[&str] =
    &[".lock", ".h.in", ".json", ".patch", ".diff", ".snap", ".wasm", ".bin"];

/// Every tracked file names the licence of its folder.
pub fn spdx(context: &Context) -> Result<()> {
    let mut problems = Vec::new();
    for name in tracked(&context.workspace.root)? {
        let exempt = name.starts_with("LICENSES/")
            // Configuration of the guest; some of these formats know no comments.
            || name.starts_with("userland/image/etc/")
            || WITHOUT_LINE.iter().any(|suffix| name.ends_with(suffix));
        if exempt {
            continue;
        }
        let allowed = LICENCES
            .iter()
            .find(|(folder, _)| name.starts_with(folder))
            .map_or(&[][..], |(_, licences)| licences);
        match licence_of(&context.workspace.root.join(&name))? {
            None => problems.push(format!("{name}: no SPDX-License-Identifier near the top")),
            Some(found) if !allowed.contains(&found.as_str()) => {
                problems.push(format!("{name}: `{found}`, expected {}", allowed.join(" or ")));
            }
            Some(_) => {}
        }
    }
    report(&problems)
}

/// No source file is too long.
pub fn length(context: &Context) -> Result<()> {
    let mut problems = Vec::new();
    for name in tracked(&context.workspace.root)? {
        let source = [".rs", ".c", ".h", ".S", ".sh", ".py", ".js"];
        if !source.iter().any(|suffix| name.ends_with(suffix)) {
            continue;
        }
        let path = context.workspace.root.join(&name);
        let text = fs::read(&path).with_context(|| format!("cannot read {name}"))?;
        let lines = text.iter().filter(|byte| **byte == b'\n').count();
        if lines > LONGEST_LINES {
            problems.push(format!("{name}: {lines} lines, the limit is {LONGEST_LINES}: split it"));
        }
    }
    report(&problems)
}

/// The licence expression in the first lines of a file.
fn licence_of(path: &Path) -> Result<Option<String>> {
    let file = fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    for line in BufReader::new(file.take(64 * 1024)).split(b'\n').take(SPDX_LINES) {
        let line = line?;
        if let Some(licence) = licence_in(&String::from_utf8_lossy(&line)) {
            return Ok(Some(licence));
        }
    }
    Ok(None)
}

fn licence_in(line: &str) -> Option<String> {
    let (_, licence) = line.split_once("SPDX-License-Identifier:")?;
    let end = [" */", "*/", "-->"].iter().filter_map(|mark| licence.find(mark)).min();
    let licence = licence[..end.unwrap_or(licence.len())].trim();
    Some(licence.trim_start_matches('(').trim_end_matches(')').to_owned())
}

/// Names of the files in git, less links and files that are gone from the folder.
pub fn tracked(root: &Path) -> Result<Vec<String>> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["ls-files", "-z"])
        .output()
        .context("cannot start git")?;
    if !output.status.success() {
        bail!("git ls-files: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let names = String::from_utf8_lossy(&output.stdout);
    let regular = |name: &&str| fs::symlink_metadata(root.join(name)).is_ok_and(|m| m.is_file());
    Ok(names
        .split('\0')
        .filter(|name| !name.is_empty())
        .filter(regular)
        .map(String::from)
        .collect())
}

fn report(problems: &[String]) -> Result<()> {
    if problems.is_empty() {
        return Ok(());
    }
    bail!("{}", problems.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_are_read_from_all_kinds_of_comments() {
        // Put together here, so that this file has one such line only.
        let tag = concat!("SPDX-License", "-Identifier:");
        for (before, after) in [("// ", ""), ("/* ", " */"), ("# ", ""), ("<!-- ", " -->")] {
            let line = format!("{before}{tag} MIT OR Apache-2.0{after}");
            assert_eq!(licence_in(&line).as_deref(), Some("MIT OR Apache-2.0"), "{line}");
        }
        let line = format!("/* {tag} (GPL-2.0-only WITH Linux-syscall-note) */");
        assert_eq!(licence_in(&line).as_deref(), Some("GPL-2.0-only WITH Linux-syscall-note"));
        assert_eq!(licence_in("// no licence"), None);
    }
}
