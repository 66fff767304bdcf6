// SPDX-License-Identifier: MIT OR Apache-2.0
//! Snippets of shell that stand in plain files under `tests/data/`, for comparison with the host by
//! [`crate::scripts`]. The README beside the files describes them.
//!
//! Invariant: a file that is not in that form is a failure, never a snippet less.

use std::fs;
use std::path::Path;

/// Before the name of a snippet.
const NAME: &str = "=== ";
/// Before the reason of a known difference.
const KNOWN: &str = "!!! ";

/// One snippet.
pub struct Snippet {
    /// What it tries.
    pub name: String,
    /// Its text.
    pub script: String,
    /// Why guest and host differ, if it is known that they do.
    pub known_difference: Option<String>,
}

/// Reads all files `*.txt` of a folder of `tests/data/`, in order of their names.
///
/// # Panics
/// When there is something wrong with them.
pub fn read(folder: &str) -> Vec<Snippet> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    let mut snippets = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        snippets.extend(parse(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display())));
    }
    let mut names: Vec<_> = snippets.iter().map(|snippet| &snippet.name).collect();
    names.sort();
    for pair in names.windows(2) {
        assert!(pair[0] != pair[1], "two snippets with the name {:?}", pair[0]);
    }
    snippets
}

fn parse(text: &str) -> Result<Vec<Snippet>, String> {
    let mut snippets: Vec<Snippet> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if let Some(name) = line.strip_prefix(NAME) {
            snippets.push(Snippet {
                name: name.to_owned(),
                script: String::new(),
                known_difference: None,
            });
        } else if let Some(snippet) = snippets.last_mut() {
            match line.strip_prefix(KNOWN) {
                Some(_) if snippet.known_difference.is_some() || !snippet.script.is_empty() => {
                    return Err(format!("line {number}: a reason stands once, after the name"));
                }
                Some(reason) => snippet.known_difference = Some(reason.to_owned()),
                None => {
                    snippet.script.push_str(line);
                    snippet.script.push('\n');
                }
            }
        } else if !line.is_empty() && !line.starts_with('#') {
            return Err(format!("line {number}: neither a comment nor a snippet's name"));
        }
    }
    match snippets.iter().find(|snippet| snippet.script.trim().is_empty()) {
        Some(empty) => Err(format!("{:?} has no text", empty.name)),
        None => Ok(snippets),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn names_reasons_and_lines_are_told_apart() {
        let text = "# c\n\n=== a\necho 1\n# kept\n=== b\n!!! why\necho 2\n";
        let snippets = parse(text).expect("well-formed snippets");
        assert_eq!(snippets.len(), 2);
        assert_eq!(
            (snippets[0].name.as_str(), snippets[0].script.as_str()),
            ("a", "echo 1\n# kept\n")
        );
        assert_eq!(snippets[0].known_difference, None);
        assert_eq!(snippets[1].known_difference.as_deref(), Some("why"));
        assert_eq!(snippets[1].script, "echo 2\n");
    }

    #[test]
    fn what_has_no_form_is_refused() {
        for text in ["echo 1\n", "=== a\n", "=== a\necho 1\n!!! late\n", "=== a\n!!! x\n!!! y\nz\n"]
        {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
