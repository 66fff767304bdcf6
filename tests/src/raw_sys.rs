// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the crate `linux-raw-sys` says of the kernel's interface for wasm32: its constants, read from
//! the source, and its types' layouts, told by the guest's Rust compiler.

use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Debian's compiler for the guest.
const GUEST_RUSTC: &str = "/usr/bin/rustc";

/// A type of the crate.
pub struct Type {
    /// In the crate, with its module.
    pub path: String,
    /// Its public members but those that C does not name.
    pub members: Vec<String>,
}

/// Constants and types.
#[derive(Default)]
pub struct Facts {
    /// By name; every module has the same value.
    pub constants: BTreeMap<String, i64>,
    /// Structures and unions, by name.
    pub types: BTreeMap<String, Type>,
}

impl Facts {
    /// Reads the modules that the crate's patch names for wasm32.
    ///
    /// # Panics
    /// When the source is not as its generator writes it.
    pub fn read(source: &Path) -> Self {
        let read = |path: &Path| {
            fs::read_to_string(path).unwrap_or_else(|error| {
                panic!("{}: {error}; build it with `cargo xtask build`", path.display())
            })
        };
        let root = read(&source.join("lib.rs"));
        let module =
            pattern(r#"#\[cfg\(target_arch = "wasm32"\)\]\n#\[path = "([^"]+)"\]\npub mod (\w+);"#);
        let mut facts = Self::default();
        for found in module.captures_iter(&root) {
            facts.add(&found[2], &read(&source.join(&found[1])));
        }
        facts
    }

    fn add(&mut self, module: &str, text: &str) {
        let mut variants = BTreeMap::new();
        let variant = pattern(r"(?m)^(\w+) = (-?\d+),");
        for found in pattern(r"(?ms)^pub enum (\w+) \{(.*?)^\}").captures_iter(text) {
            for value in variant.captures_iter(&found[2]) {
                let number = value[2].parse().expect("a number");
                variants.insert((found[1].to_owned(), value[1].to_owned()), number);
                self.constant(&value[1], number);
            }
        }
        for found in pattern(r"(?m)^pub const (\w+): \w+ = (-?\d+);").captures_iter(text) {
            self.constant(&found[1], found[2].parse().expect("a number"));
        }
        let alias = pattern(r"(?m)^pub const (\w+): (\w+) = (\w+)::(\w+);");
        for found in alias.captures_iter(text) {
            if let Some(number) = variants.get(&(found[3].to_owned(), found[4].to_owned())) {
                self.constant(&found[1], *number);
            }
        }
        let member = pattern(r"(?m)^pub (?:r#)?(\w+): ");
        for found in pattern(r"(?ms)^pub (?:struct|union) (\w+) \{(.*?)^\}").captures_iter(text) {
            let name = &found[1];
            // Types without a name in C, and the generator's own.
            if name.contains("__bindgen")
                || name.starts_with("_bindgen")
                || name.starts_with("__Bindgen")
            {
                continue;
            }
            let members = member.captures_iter(&found[2]).map(|found| found[1].to_owned());
            let members: Vec<_> = members
                .filter(|name| !name.contains("bindgen") && !name.starts_with("_bitfield"))
                .collect();
            // A module that only has pointers to the type does not say what is in it.
            if members == ["_address"] {
                continue;
            }
            let path = format!("linux_raw_sys::{module}::{name}");
            self.types.entry(name.to_owned()).or_insert(Type { path, members });
        }
    }

    fn constant(&mut self, name: &str, number: i64) {
        let former = self.constants.insert(name.to_owned(), number);
        assert!(former.is_none_or(|former| former == number), "{name} has two values");
    }
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern")
}

/// Has the guest's compiler evaluate `facts` (a label, an expression, its value) over the crate, and
/// gives the labels of those that do not hold.
///
/// # Panics
/// When the crate does not compile.
pub fn rust_differences(
    crate_folder: &Path,
    sysroot: &Path,
    facts: &[(String, String, i64)],
) -> BTreeSet<String> {
    let out = tempfile::tempdir().expect("a temporary folder");
    let manifest = fs::read_to_string(crate_folder.join("Cargo.toml")).expect("the manifest");
    let features = manifest.split_once("[features]").map_or("", |(_, rest)| rest);
    let features = features.lines().take_while(|line| !line.starts_with('['));
    let mut rustc = rustc(sysroot);
    for feature in features.filter_map(|line| line.split_once(" = [")).map(|(name, _)| name) {
        // These are for being part of the standard library.
        if !["std", "core", "rustc-dep-of-std"].contains(&feature) {
            rustc.arg("--cfg").arg(format!("feature=\"{feature}\""));
        }
    }
    rustc.args(["--edition=2021", "--crate-name=linux_raw_sys", "--cap-lints=allow"]);
    rustc.arg("--out-dir").arg(out.path()).arg(crate_folder.join("src/lib.rs"));
    let output = rustc.output().expect("the guest's rustc");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let mut text = String::from("#![no_std]\nuse core::mem::{offset_of, size_of};\n");
    for (label, expression, value) in facts {
        let _ =
            writeln!(text, "const _: () = assert!({expression} == {value}, \"differs: {label}\");");
    }
    let source = out.path().join("facts.rs");
    fs::write(&source, text).expect("a source file");
    let mut rustc = self::rustc(sysroot);
    rustc.args(["--edition=2021", "--crate-name=facts", "--extern=linux_raw_sys"]);
    rustc.arg("-L").arg(out.path()).arg("--out-dir").arg(out.path()).arg(&source);
    let output = rustc.output().expect("the guest's rustc");
    let errors = String::from_utf8_lossy(&output.stderr);
    let found: BTreeSet<_> = pattern(r"evaluation panicked: differs: (\S+)")
        .captures_iter(&errors)
        .map(|found| found[1].to_owned())
        .collect();
    assert!(output.status.success() || !found.is_empty(), "{errors}");
    found
}

fn rustc(sysroot: &Path) -> Command {
    let target = concat!(env!("CARGO_MANIFEST_DIR"), "/../sysroot/wasm32-unknown-linux-musl.json");
    let mut rustc = Command::new(GUEST_RUSTC);
    rustc.env("RUSTC_BOOTSTRAP", "1").args(["--crate-type=rlib", "--emit=metadata"]);
    rustc.args(["-Zunstable-options", "--target", target]).arg("--sysroot").arg(sysroot);
    rustc
}
