// SPDX-License-Identifier: MIT OR Apache-2.0
//! What C headers say: values of constant expressions, sizes and offsets, told by the sysroot's
//! compiler without running anything.

use crate::c_probe::{cc, sysroot};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// Headers of the C library that the kernel's include, with as much of them as those need.
const STAND_INS: &[(&str, &str)] = &[
    (
        "sys/socket.h",
        "#pragma once\n#include <linux/socket.h>\ntypedef __kernel_sa_family_t sa_family_t;\n\
         struct sockaddr { sa_family_t sa_family; char sa_data[14]; };\n",
    ),
    ("sys/types.h", "#include <linux/types.h>\n"),
    ("sys/time.h", "#include <linux/time.h>\n"),
    ("sys/ioctl.h", "#include <linux/ioctl.h>\n#include <asm/ioctls.h>\n"),
    ("netinet/in.h", "#include <linux/in.h>\n#include <linux/in6.h>\n"),
    ("string.h", ""),
];

/// A set of headers.
pub struct Headers {
    includes: Vec<String>,
    options: Vec<String>,
    folder: TempDir,
}

/// One value, with the size of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// Extended by its sign, if it has one.
    pub number: i64,
    /// Bytes.
    pub size: i64,
}

impl Headers {
    /// The guest's C library, with the kernel's headers beside it.
    ///
    /// # Panics
    /// When no temporary folder can be made.
    pub fn of_libc(includes: &[&str]) -> Self {
        let includes = includes.iter().map(ToString::to_string).collect();
        let options = vec!["-D_GNU_SOURCE".to_owned()];
        Self { includes, options, folder: tempfile::tempdir().expect("a temporary folder") }
    }

    /// The kernel's alone, as it installs them.
    ///
    /// # Panics
    /// When they are not in the sysroot.
    pub fn of_the_kernel(includes: impl IntoIterator<Item = String>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let installed = fs::canonicalize(sysroot().join("include")).expect("the sysroot");
        for name in ["linux", "asm", "asm-generic"] {
            symlink(installed.join(name), folder.path().join(name)).expect("a link");
        }
        for (name, text) in STAND_INS {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a header");
        }
        let options = vec!["-nostdlibinc".into(), format!("-isystem{}", folder.path().display())];
        Self { includes: includes.into_iter().collect(), options, folder }
    }

    /// The values of `expressions`, and nothing for those with a name that the headers do not have.
    ///
    /// # Panics
    /// When the headers themselves do not compile.
    pub fn values<S: AsRef<str>>(&self, expressions: &[S]) -> Vec<Option<Value>> {
        let wanted: Vec<&str> = expressions.iter().map(AsRef::as_ref).collect();
        let unknown = self.unknown(&wanted);
        let known: Vec<_> = (0..wanted.len()).filter(|index| !unknown.contains(index)).collect();
        let text: Vec<_> = known.iter().map(|index| wanted[*index]).collect();
        let output = self.compile(&self.source(&text), &["-S", "-o", "-"]);
        let assembly = String::from_utf8_lossy(&output.stdout);
        let mut numbers = assembly.lines().filter_map(|line| {
            let number = line.trim().strip_prefix(".int64")?.split_whitespace().next()?;
            number.parse::<i64>().ok()
        });
        let mut values = vec![None; wanted.len()];
        for index in known {
            let (number, size) = (numbers.next(), numbers.next());
            let (Some(number), Some(size)) = (number, size) else {
                panic!("no value of {}\n{}", wanted[index], errors(&output));
            };
            values[index] = Some(Value { number, size });
        }
        values
    }

    /// All macros that the headers define, each as `name value`.
    ///
    /// # Panics
    /// When the headers do not compile.
    pub fn macros(&self) -> Vec<String> {
        let output = self.compile(&self.source(&[]), &["-E", "-dM"]);
        assert!(output.status.success(), "{}", errors(&output));
        let text = String::from_utf8_lossy(&output.stdout);
        text.lines().filter_map(|line| line.strip_prefix("#define ")).map(str::to_owned).collect()
    }

    /// Indices of the expressions that do not compile.
    fn unknown(&self, expressions: &[&str]) -> BTreeSet<usize> {
        let source = self.source(expressions);
        let output = self.compile(&source, &["-fsyntax-only", "-ferror-limit=0"]);
        // Counted from 1, and after the line that opens the table.
        let first_line = self.includes.len() + 2;
        let prefix = format!("{}:", self.file().display());
        let mut unknown = BTreeSet::new();
        for line in errors(&output).lines().filter(|line| line.contains("error: ")) {
            let number = line.strip_prefix(&prefix).and_then(|rest| rest.split(':').next());
            let number = number.and_then(|text| text.parse::<usize>().ok());
            match number.and_then(|number| number.checked_sub(first_line)) {
                Some(index) if index < expressions.len() => unknown.insert(index),
                _ if line.ends_with("errors generated.") => continue,
                _ => panic!("the headers do not compile: {line}"),
            };
        }
        unknown
    }

    /// A table of pairs, each in a line of its own; the last line closes it.
    fn source(&self, expressions: &[&str]) -> String {
        let mut text = String::new();
        for include in &self.includes {
            text.push_str(&format!("#include <{include}>\n"));
        }
        if expressions.is_empty() {
            return text;
        }
        text.push_str("const long long values[] = {\n");
        for expression in expressions {
            text.push_str(&format!("(long long)({expression}), sizeof({expression}),\n"));
        }
        text.push_str("};");
        text
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("numbers.c")
    }

    fn compile(&self, source: &str, options: &[&str]) -> Output {
        let file = self.file();
        fs::write(&file, source).expect("a source file");
        let mut command = Command::new(cc());
        command.args(&self.options).args(options).arg("-w").arg(&file);
        command.output().unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"))
    }
}

/// The kernel's headers in one folder of its installed ones, as they are included.
///
/// # Panics
/// When the folder is not there.
pub fn kernel_headers(folder: &str) -> Vec<String> {
    let path = sysroot().join("include").join(folder);
    let entries = fs::read_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut names: Vec<_> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "h"))
        .filter_map(|path| Some(format!("{folder}/{}", Path::new(path.file_name()?).display())))
        .collect();
    names.sort();
    names
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
