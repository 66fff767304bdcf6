// SPDX-License-Identifier: MIT OR Apache-2.0
//! The probes in C, in `userland/probes/c/`: built here for the host by its own compiler and for the
//! guest by the sysroot's, run in both, and compared.
//!
//! Invariant: the same source with the same options makes both programs; only the C libraries and the
//! kernels differ.

use crate::host;
use crate::machine::{Machine, Output, folder};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Optimized, so that the compilers may do all that they are allowed to.
const OPTIONS: &[&str] = &["-std=gnu11", "-O1", "-D_GNU_SOURCE", "-pthread"];

/// What a probe prints on the host.
///
/// # Panics
/// When it cannot be built or fails there.
pub fn on_host(name: &str, args: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = folder.path().join(name);
    build(Path::new("cc"), name, &program);
    let program = program.to_str().expect("a path in UTF-8");
    let output = host::run(program, args, b"").success();
    assert!(!output.stdout.is_empty(), "the host's own run\n{}", output.transcript());
    output.text()
}

/// A probe as a program for the guest.
///
/// # Panics
/// When it cannot be built.
pub fn for_guest(name: &str) -> Vec<u8> {
    let folder_of_probe = tempfile::tempdir().expect("a temporary folder");
    let program = folder_of_probe.path().join(name);
    build(&cc(), name, &program);
    fs::read(&program).expect("a program")
}

/// The sysroot's C compiler.
///
/// # Panics
/// When it has not been built.
pub fn cc() -> PathBuf {
    let cc = sysroot().join("bin/cc");
    assert!(cc.is_file(), "no {}; build it with `cargo xtask build sysroot`", cc.display());
    cc
}

/// `include/`, `lib/` and `bin/` of the guest's C side.
pub fn sysroot() -> PathBuf {
    folder().join("sysroot")
}

/// What becomes of it in the guest.
///
/// # Panics
/// When it cannot be built, or takes too long.
pub fn in_guest(name: &str, args: &[&str]) -> Output {
    Machine::program_with(for_guest(name), args).run()
}

/// Wants the guest's transcript to be the host's.
///
/// # Panics
/// When it is not, with the lines that differ.
pub fn same_as_on_the_host(name: &str) {
    let wanted = on_host(name, &[]);
    let found = in_guest(name, &[]);
    let differences = differences(&wanted, &found.text());
    assert!(differences.is_empty(), "{name}:\n{differences}{}", found.transcript());
    found.success();
}

/// The first lines in which two transcripts part, with what comes before.
fn differences(wanted: &str, found: &str) -> String {
    if wanted == found {
        return String::new();
    }
    let same = wanted.lines().zip(found.lines()).take_while(|(a, b)| a == b).count();
    let part = |text: &str| {
        let lines: Vec<_> = text.lines().skip(same.saturating_sub(2)).take(6).collect();
        lines.join("\n  ")
    };
    format!("line {}\n wanted\n  {}\n found\n  {}\n", same + 1, part(wanted), part(found))
}

fn build(compiler: &Path, name: &str, program: &Path) {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../userland/probes/c");
    let mut command = Command::new(compiler);
    command.args(OPTIONS).arg(sources.join(name).with_extension("c"));
    command.arg("-o").arg(program).arg("-lrt");
    let output = command.output().unwrap_or_else(|error| {
        panic!("cannot start {}: {error}; build with `cargo xtask build`", compiler.display())
    });
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}\n{errors}");
}

#[cfg(test)]
mod tests {
    use super::differences;

    #[test]
    fn transcripts_part_at_a_line() {
        assert_eq!(differences("a\nb\n", "a\nb\n"), "");
        let text = differences("a\nb\nc\n", "a\nb\nd\n");
        assert!(text.starts_with("line 3") && text.contains("c\n") && text.contains('d'), "{text}");
        assert!(differences("a\n", "a\nb\n").starts_with("line 2"));
    }
}
