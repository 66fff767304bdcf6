// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writes the toolbox's table: for every dependency in `../tools` the applets that its
//! `[package.metadata.applets]` names, each with the function of that name.
//!
//! A name's `-` and other signs are `_` in the function's; an applet in `sbin` is an administrator's. Those
//! that `setuid` names once more are a table of their own, for the program that runs with root's rights.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let folder = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let manifest = read(&folder.join("Cargo.toml"));
    let dependencies = manifest["dependencies"].as_table().expect("a table of dependencies");
    let (mut all, mut privileged) = (Vec::new(), Vec::new());
    for (package, dependency) in dependencies {
        let path = dependency.get("path").and_then(|path| path.as_str());
        let Some(path) = path.filter(|path| path.starts_with("../tools/")) else { continue };
        let tool = read(&folder.join(path).join("Cargo.toml"));
        let applets = &tool["package"]["metadata"]["applets"];
        for place in ["bin", "sbin", "setuid"] {
            let rows = if place == "setuid" { &mut privileged } else { &mut all };
            let names = applets.get(place).and_then(|names| names.as_array());
            for name in names.into_iter().flatten() {
                let name = name.as_str().expect("a name of an applet");
                let module = package.replace('-', "_");
                let function = function_name(name);
                rows.push(format!("    ({name:?}, {module}::{function}),\n"));
            }
        }
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    for (file, mut rows) in [("table.rs", all), ("setuid-table.rs", privileged)] {
        rows.sort();
        let table =
            format!("const APPLETS: &[(&str, ochre_applet::Run)] = &[\n{}];\n", rows.concat());
        fs::write(out.join(file), table).expect("the table can be written");
    }
}

/// The function of an applet: `start-stop-daemon` is `start_stop_daemon`.
fn function_name(applet: &str) -> String {
    applet.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

fn read(path: &Path) -> toml::Table {
    println!("cargo::rerun-if-changed={}", path.display());
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
