// SPDX-License-Identifier: MIT OR Apache-2.0
//! C programs in `tests/c/`, compiled for the guest by the sysroot's `cc` and for the host by its own,
//! from the same source.

use crate::machine::folder;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A program of `tests/c/`, compiled for both sides.
pub struct Both {
    /// The module for the guest.
    pub guest: Vec<u8>,
    host: PathBuf,
    /// Kept as long as the program in it.
    _folder: TempDir,
}

impl Both {
    /// Compiles `tests/c/name.c`.
    ///
    /// # Panics
    /// When one of the compilers is not there or complains.
    pub fn compile(name: &str) -> Self {
        let out = tempfile::tempdir().expect("a temporary folder");
        let host = out.path().join(name);
        compile(Command::new("cc"), name, &host);
        Self { guest: for_the_guest(name), host, _folder: out }
    }

    /// Where the host's program is.
    ///
    /// # Panics
    /// When the path of temporary files is no UTF-8.
    pub fn host(&self) -> &str {
        self.host.to_str().expect("a path in UTF-8")
    }
}

/// Compiles `tests/c/name.c` for the guest only.
///
/// # Panics
/// As [`Both::compile`].
pub fn for_the_guest(name: &str) -> Vec<u8> {
    let out = tempfile::tempdir().expect("a temporary folder");
    let program = out.path().join(name);
    compile(cc(), name, &program);
    fs::read(program).expect("the compiled program")
}

/// The sysroot's compiler.
///
/// # Panics
/// When it has not been built.
pub fn cc() -> Command {
    let cc = sysroot().join("bin/cc");
    assert!(cc.is_file(), "no {}; build it with `cargo xtask build sysroot`", cc.display());
    Command::new(cc)
}

/// `include/`, `lib/` and `bin/` of the guest's C side.
pub fn sysroot() -> PathBuf {
    folder().join("sysroot")
}

fn compile(mut cc: Command, name: &str, program: &Path) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("c").join(name).with_extension("c");
    cc.args(["-O2", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-pthread"]);
    let output = cc.arg(&source).arg("-o").arg(program).output();
    let output = output.unwrap_or_else(|error| panic!("cannot start {cc:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {}\n{errors}", source.display(), output.status);
}
