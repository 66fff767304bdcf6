// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which KUnit suites the Linux source has, whether this port builds them or not.
//!
//! The tests hold this list against what a boot has run, so that no suite is left out in silence.
//! Invariant: it is made from the source alone; no configuration and no build result goes into it.

use anyhow::{Context as _, Result};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The list: a line for each suite, with the file that defines it, a tab, and the suite's name.
pub const SUITES: &str = "kunit-suites";

const DEFINITION: &str = "struct kunit_suite ";
const FOLDERS_WITHOUT_TESTS: &[&str] = &["Documentation", "tools"];

/// Writes the list for the tree at `source`.
pub fn list_suites(source: &Path, list: &Path) -> Result<()> {
    let mut text = String::new();
    let relevant = |entry: &walkdir::DirEntry| {
        let path = entry.path().strip_prefix(source).unwrap_or(entry.path());
        let other_arch = path.parent() == Some(Path::new("arch")) && !path.ends_with("wasm");
        !other_arch && !FOLDERS_WITHOUT_TESTS.iter().any(|folder| path == Path::new(folder))
    };
    let walk = walkdir::WalkDir::new(source).sort_by_file_name().into_iter();
    for entry in walk.filter_entry(relevant) {
        let entry = entry.with_context(|| format!("cannot walk {}", source.display()))?;
        let path = entry.path();
        if !entry.file_type().is_file() || !path.extension().is_some_and(|e| e == "c" || e == "h") {
            continue;
        }
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        for suite in suites(&String::from_utf8_lossy(&bytes)) {
            let file = path.strip_prefix(source).unwrap_or(path);
            // A string takes all that is written to it.
            let _ = writeln!(text, "{}\t{suite}", file.display());
        }
    }
    fs::write(list, text).with_context(|| format!("cannot write {}", list.display()))
}

/// The names of the suites that a C file defines; a name that is no string literal as it stands there.
fn suites(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices(DEFINITION) {
        let Some((head, body)) = text[at..].split_once('{') else { continue };
        // Declarations and pointers have no initializer of their own.
        if !head.trim_end().ends_with('=') || head.contains([';', '*', '[', '(']) {
            continue;
        }
        let body = body.split_once("};").map_or(body, |(body, _)| body);
        let name = body.split_once(".name").and_then(|(_, rest)| rest.split_once('='));
        if let Some(name) = name.and_then(|(_, rest)| rest.split([',', '\n', '}']).next()) {
            names.push(name.trim().trim_matches('"'));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_are_found_by_their_definitions() {
        let text = "extern struct kunit_suite * const start[];\n\
                    int run(struct kunit_suite *suite) { suite->name = NULL; }\n\
                    static struct kunit_suite one = {\n\t.name = \"the first\",\n\t.init = f,\n};\n\
                    static struct kunit_suite subsuite = { .name = KBUILD_MODNAME };\n";
        assert_eq!(suites(text), ["the first", "KBUILD_MODNAME"]);
    }

    #[test]
    fn other_architectures_and_documents_are_left_out() {
        let tree = tempfile::tempdir().unwrap();
        let definition = "struct kunit_suite s = {\n\t.name = \"x\",\n};\n";
        for file in ["arch/wasm/t.c", "arch/s390/t.c", "Documentation/t.c", "lib/t.h", "lib/t.rst"]
        {
            let path = tree.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, definition).unwrap();
        }
        let list = tree.path().join("list");
        list_suites(tree.path(), &list).unwrap();
        assert_eq!(fs::read_to_string(list).unwrap(), "arch/wasm/t.c\tx\nlib/t.h\tx\n");
    }
}
