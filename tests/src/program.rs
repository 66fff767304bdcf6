// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tiny guest programs in WebAssembly text, for what no compiler would make.
//!
//! They follow the user ABI of the `abi` crate's `user` module by hand, so that they check it too.

use initramfs_builder::{Archive, Attributes, Content, Name};
use std::fs;
use std::path::Path;
use tempfile::NamedTempFile;

/// Where [`archive`] puts a program.
pub const PATH: &str = "/usr/local/bin/program";

/// The archive of one program, at [`PATH`]. Its folders are in the image.
///
/// # Panics
/// Never, the name being a good one.
pub fn archive(program: Vec<u8>) -> Archive {
    let mut archive = Archive::new();
    let name = Name::new(PATH).expect("a name");
    archive.add_file(name, Content::Bytes(program), Attributes::root(0o755)).expect("a new name");
    archive
}

/// The image with an archive behind it.
///
/// # Panics
/// When the image cannot be read or no temporary file be written.
pub fn image_with(image: &Path, archive: Archive) -> NamedTempFile {
    let mut bytes = fs::read(image).expect("the image");
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    archive.write(&mut bytes).expect("an archive");
    let file = NamedTempFile::new().expect("a temporary file");
    fs::write(file.path(), bytes).expect("room for a temporary file");
    file
}

/// System call numbers of asm-generic, as in the kernel's `include/uapi/asm-generic/unistd.h`.
pub mod nr {
    /// `read`.
    pub const READ: u32 = 63;
    /// `write`.
    pub const WRITE: u32 = 64;
    /// `exit_group`.
    pub const EXIT_GROUP: u32 = 94;
    /// `kill`.
    pub const KILL: u32 = 129;
    /// `getpid`.
    pub const GETPID: u32 = 172;
}

/// A program whose `_start` is `body`, with `extra` module fields before it. `body` can call
/// `$sys` (seven i32 to one), `$exit` (one i32) and `$print` (address, length), and uses memory from
/// 65536 on as it likes.
///
/// # Panics
/// When the text is no valid module.
pub fn program(extra: &str, body: &str) -> Vec<u8> {
    let (write, exit_group) = (nr::WRITE, nr::EXIT_GROUP);
    let text = format!(
        r#"(module
  (import "linux" "syscall"
    (func $sys (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "memory" (memory 2 65536 shared))
  (global $sp (export "__stack_pointer") (mut i32) (i32.const 65536))
  {extra}
  (func $exit (param $status i32)
    (drop (call $sys (i32.const {exit_group}) (local.get $status) (i32.const 0) (i32.const 0)
      (i32.const 0) (i32.const 0) (i32.const 0))))
  (func $print (param $text i32) (param $bytes i32)
    (drop (call $sys (i32.const {write}) (i32.const 1) (local.get $text) (local.get $bytes)
      (i32.const 0) (i32.const 0) (i32.const 0))))
  (func (export "_start") (param $sp i32)
    {body}
    (call $exit (i32.const 0))
    unreachable))"#
    );
    assemble(&text)
}

/// A module from its text.
///
/// # Panics
/// When the text is no valid module.
pub fn assemble(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("bad test program: {error}"))
}
