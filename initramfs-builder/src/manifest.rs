// SPDX-License-Identifier: MIT OR Apache-2.0
//! Manifests: the line format of the kernel's own `gen_init_cpio`, with whole trees added.
//!
//! ```text
//! # comment
//! dir   /etc                 0755 0 0
//! file  /bin/sh  ${BIN}/sh   0755 0 0  /bin/bash /bin/rbash    # further names are hard links
//! slink /bin/ls  coreutils   0777 0 0
//! nod   /dev/console         0600 0 0  c 5 1
//! pipe  /run/fifo            0600 0 0
//! sock  /run/log             0666 0 0
//! tree  /usr     ${SYSROOT}  0 0                               # modes normalised
//! ```
//!
//! Fields are parted by blanks; one in double quotes may hold blanks, `\"` and `\\`. `${NAME}` stands
//! for a value that the caller gives, never for an environment variable. A relative location starts
//! at the manifest's own folder.

use crate::archive::{Archive, Attributes, Content, Device};
use crate::error::{Error, Result};
use crate::name::Name;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Values of the `${NAME}`s of a manifest.
pub type Definitions = BTreeMap<String, String>;

/// Adds to `archive` all that `text` asks for; relative locations start at `base`.
///
/// # Errors
/// [`Error::Syntax`] and [`Error::Line`], both with the line number.
pub fn add(
    archive: &mut Archive,
    text: &str,
    base: &Path,
    definitions: &Definitions,
) -> Result<()> {
    for (index, raw) in text.lines().enumerate() {
        let line = index + 1;
        let fields = split(raw, definitions).map_err(|problem| Error::Syntax { line, problem })?;
        add_line(archive, &fields, base).map_err(|problem| match problem {
            Problem::Syntax(problem) => Error::Syntax { line, problem },
            Problem::Entry(source) => Error::Line { line, source: Box::new(source) },
        })?;
    }
    Ok(())
}

enum Problem {
    Syntax(String),
    Entry(Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Entry(error)
    }
}

fn add_line(archive: &mut Archive, fields: &[String], base: &Path) -> Result<(), Problem> {
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    match fields[..] {
        [] => {}
        ["dir", name, mode, uid, gid] => {
            archive.add_directory(Name::new(name)?, attributes(mode, uid, gid)?)?;
        }
        ["file", name, location, mode, uid, gid, ref links @ ..] => {
            let name = Name::new(name)?;
            let content = Content::Path(locate(base, location));
            archive.add_file(name.clone(), content, attributes(mode, uid, gid)?)?;
            for link in links {
                archive.add_hard_link(Name::new(link)?, name.clone())?;
            }
        }
        ["slink", name, target, mode, uid, gid] => {
            let attributes = attributes(mode, uid, gid)?;
            archive.add_symlink(Name::new(name)?, target.as_bytes(), attributes)?;
        }
        ["nod", name, mode, uid, gid, kind, major, minor] => {
            let (major, minor) = (number("major", major)?, number("minor", minor)?);
            let device = match kind {
                "c" => Device::Char(major, minor),
                "b" => Device::Block(major, minor),
                _ => return Err(syntax(format!("device type `{kind}`: expected `c` or `b`"))),
            };
            archive.add_device(Name::new(name)?, device, attributes(mode, uid, gid)?)?;
        }
        ["pipe", name, mode, uid, gid] => {
            archive.add_device(Name::new(name)?, Device::Fifo, attributes(mode, uid, gid)?)?;
        }
        ["sock", name, mode, uid, gid] => {
            archive.add_device(Name::new(name)?, Device::Socket, attributes(mode, uid, gid)?)?;
        }
        ["tree", name, location, uid, gid] => {
            let name =
                if name.bytes().all(|byte| byte == b'/') { None } else { Some(Name::new(name)?) };
            let (uid, gid) = (number("uid", uid)?, number("gid", gid)?);
            archive.add_tree(name.as_ref(), &locate(base, location), uid, gid)?;
        }
        [word, ..] => return Err(syntax(usage(word))),
    }
    Ok(())
}

fn usage(word: &str) -> String {
    let form = match word {
        "dir" | "pipe" | "sock" => "NAME MODE UID GID",
        "file" => "NAME LOCATION MODE UID GID [HARDLINK…]",
        "slink" => "NAME TARGET MODE UID GID",
        "nod" => "NAME MODE UID GID c|b MAJOR MINOR",
        "tree" => "NAME LOCATION UID GID",
        _ => {
            return format!(
                "unknown word `{word}`: expected dir, file, slink, nod, pipe, sock or tree"
            );
        }
    };
    format!("expected `{word} {form}`")
}

fn attributes(mode: &str, uid: &str, gid: &str) -> Result<Attributes, Problem> {
    let mode = u32::from_str_radix(mode, 8)
        .map_err(|_| syntax(format!("mode `{mode}`: expected an octal number")))?;
    Ok(Attributes { mode, uid: number("uid", uid)?, gid: number("gid", gid)? })
}

fn number(what: &str, text: &str) -> Result<u32, Problem> {
    text.parse().map_err(|_| syntax(format!("{what} `{text}`: expected a decimal number")))
}

fn syntax(problem: String) -> Problem {
    Problem::Syntax(problem)
}

fn locate(base: &Path, location: &str) -> PathBuf {
    base.join(location)
}

/// Splits a line into its fields, up to a comment, with values put in for `${NAME}`.
fn split(line: &str, definitions: &Definitions) -> Result<Vec<String>, String> {
    let mut fields = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() && !rest.starts_with('#') {
        let (raw, after) = match rest.strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        fields.push(expand(&raw, definitions)?);
        rest = after.trim_start();
    }
    Ok(fields)
}

/// Takes a quoted field up to its closing quote; returns it and what follows.
fn unquote(quoted: &str) -> Result<(String, &str), String> {
    let mut field = String::new();
    let mut characters = quoted.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => {
                let after = &quoted[index + 1..];
                if after.starts_with(|next: char| !next.is_whitespace()) {
                    return Err("expected a blank after the closing quote".into());
                }
                return Ok((field, after));
            }
            '\\' => match characters.next() {
                Some((_, escaped @ ('"' | '\\'))) => field.push(escaped),
                _ => return Err("expected `\\\"` or `\\\\` after a backslash".into()),
            },
            other => field.push(other),
        }
    }
    Err("a quote is not closed".into())
}

fn expand(field: &str, definitions: &Definitions) -> Result<String, String> {
    let mut expanded = String::new();
    let mut rest = field;
    while let Some(start) = rest.find("${") {
        let end =
            rest[start..].find('}').ok_or_else(|| format!("`{field}`: a `${{` is not closed"))?;
        let name = &rest[start + 2..start + end];
        let value = definitions
            .get(name)
            .ok_or_else(|| format!("`${{{name}}}` is not defined; give it with --define"))?;
        expanded.push_str(&rest[..start]);
        expanded.push_str(value);
        rest = &rest[start + end + 1..];
    }
    expanded.push_str(rest);
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(line: &str) -> Result<Vec<String>, String> {
        split(line, &Definitions::from([("BIN".into(), "/out dir".into())]))
    }

    #[test]
    fn lines_are_split_into_fields() {
        assert_eq!(fields("").unwrap(), [""; 0]);
        assert_eq!(fields("  # dir /x").unwrap(), [""; 0]);
        assert_eq!(fields("dir\t/x  0755 # y").unwrap(), ["dir", "/x", "0755"]);
        assert_eq!(fields(r#"file "/a b" "q\"\\" z"#).unwrap(), ["file", "/a b", "q\"\\", "z"]);
        assert_eq!(fields("file /x ${BIN}/x").unwrap(), ["file", "/x", "/out dir/x"]);
    }

    #[test]
    fn broken_lines_say_what_was_expected() {
        for (line, expected) in [
            ("\"x", "not closed"),
            ("\"x\"y", "blank after"),
            ("\"\\n\"", "after a backslash"),
            ("${OTHER}", "not defined"),
            ("${BIN", "not closed"),
        ] {
            let problem = fields(line).unwrap_err();
            assert!(problem.contains(expected), "{line}: {problem}");
        }
    }

    #[test]
    fn errors_name_their_line() {
        for (text, expected) in [
            ("\n\ndir /x 0755 0", "line 3: expected `dir NAME MODE UID GID`"),
            ("frob /x", "line 1: unknown word `frob`"),
            ("dir /x 0799 0 0", "line 1: mode `0799`: expected an octal number"),
            ("dir /x 0755 -1 0", "line 1: uid `-1`: expected a decimal number"),
            ("nod /x 0600 0 0 x 1 1", "line 1: device type `x`"),
            ("nod /x 0600 0 0 c 4096 1", "line 1: `/x`: device 4096:1 is out of range"),
            ("dir /x 0755 0 0\ndir x/ 0755 0 0", "line 2: `/x` is defined twice"),
            ("dir /../x 0755 0 0", "line 1: `/../x`: a name cannot hold"),
            ("dir /x 17777 0 0", "line 1: `/x`: mode 17777 has bits beyond 7777"),
        ] {
            let mut archive = Archive::new();
            let problem = add(&mut archive, text, Path::new("."), &Definitions::new()).unwrap_err();
            assert!(problem.to_string().starts_with(expected), "{text:?}: {problem}");
        }
    }
}
