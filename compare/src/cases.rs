// SPDX-License-Identifier: MIT OR Apache-2.0
//! Our own list of cases: the files `tests/compare/*.case`.
//!
//! ```text
//! # comment
//! == head: the first two lines of a file
//! file a
//! | one
//! | two
//! stdin
//! | text
//! run head -n 1 a
//! | and more lines of the command
//! guest-only why it is not run on the host
//! ```
//!
//! `APPLET: what it is about` is the name of a case, and there is one of each name. The command is one for
//! `sh -c`, in an empty folder that has the files. Text after `| ` has its line ends; the last one is left
//! out with `file NAME without end of line`.

use anyhow::{Context as _, Result, bail};
use ochre_case_runner::Job;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A case gets so long.
const LIMIT_MS: u64 = 20_000;
/// Says that a text does not end with a line's end.
const OPEN_END: &str = " without end of line";

/// A case of ours.
#[derive(Debug)]
pub struct Case {
    /// The command and its files.
    pub job: Job,
    /// Whether the host can run it, too.
    pub host: bool,
}

/// All cases of a folder, by the names of the files.
pub fn read_folder(folder: &Path) -> Result<Vec<Case>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "case") {
            paths.push(path);
        }
    }
    paths.sort();
    let (mut cases, mut seen) = (Vec::new(), BTreeSet::new());
    for path in paths {
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        for case in parse(&text).with_context(|| path.display().to_string())? {
            if !seen.insert(case.job.id.clone()) {
                bail!("{}: there are two cases `{}`: rename one", path.display(), case.job.id);
            }
            cases.push(case);
        }
    }
    Ok(cases)
}

/// Where the lines after `|` go.
enum Text {
    None,
    File(String),
    Stdin,
    Command,
}

fn parse(text: &str) -> Result<Vec<Case>> {
    let mut cases: Vec<Case> = Vec::new();
    let mut place = Text::None;
    for (index, line) in text.lines().enumerate() {
        let at = || format!("line {}: `{line}`", index + 1);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix("== ") {
            cases.push(begin(name).with_context(at)?);
            place = Text::None;
            continue;
        }
        let case = cases.last_mut().context("a case begins with `== APPLET: TITLE`");
        let case = case.with_context(at)?;
        if let Some(content) = line.strip_prefix('|') {
            let content = content.strip_prefix(' ').unwrap_or(content);
            append(case, &place, content).with_context(at)?;
            continue;
        }
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        place = match (word, rest) {
            ("file", name) if !name.is_empty() => {
                case.job.files.insert(name.to_owned(), String::new());
                Text::File(name.to_owned())
            }
            ("stdin", "") => Text::Stdin,
            ("run", command) if !command.is_empty() && case.job.argv.len() == 2 => {
                case.job.argv.push(command.to_owned());
                Text::Command
            }
            ("guest-only", reason) if !reason.is_empty() => {
                case.host = false;
                Text::None
            }
            _ => return Err(anyhow::anyhow!("no such line in a case")).with_context(at),
        };
    }
    for case in &mut cases {
        if case.job.argv.len() != 3 {
            bail!("case `{}` has no line `run COMMAND`", case.job.id);
        }
        let files = std::mem::take(&mut case.job.files);
        case.job.files = files.into_iter().map(close).collect();
    }
    Ok(cases)
}

fn begin(name: &str) -> Result<Case> {
    let (applet, _) = name.split_once(": ").context("expected `== APPLET: TITLE`")?;
    let job = Job {
        id: format!("own/{name}"),
        argv: vec!["sh".into(), "-c".into()],
        limit_ms: LIMIT_MS,
        turns: 1,
        needs: Some(applet.to_owned()),
        collect: Some(String::new()),
        ..Job::default()
    };
    Ok(Case { job, host: true })
}

fn append(case: &mut Case, place: &Text, content: &str) -> Result<()> {
    match place {
        Text::None => bail!("text that belongs to nothing"),
        Text::File(name) => {
            let text = case.job.files.entry(name.clone()).or_default();
            text.push_str(content);
            text.push('\n');
        }
        Text::Stdin => {
            case.job.stdin.push_str(content);
            case.job.stdin.push('\n');
        }
        Text::Command => {
            if let Some(command) = case.job.argv.last_mut() {
                command.push('\n');
                command.push_str(content);
            }
        }
    }
    Ok(())
}

/// Leaves the last line's end out where that is asked for.
fn close((name, mut text): (String, String)) -> (String, String) {
    match name.strip_suffix(OPEN_END) {
        Some(name) => {
            text.pop();
            (name.to_owned(), text)
        }
        None => (name, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_has_files_input_and_command() {
        let text = "# c\n== head: one line\nfile a\n| x\n|\n| y\nfile b without end of line\n| z\n\
                    stdin\n| in\nrun head \\\n| -n 1\nguest-only it says so\n";
        let cases = parse(text).unwrap();
        let job = &cases[0].job;
        assert_eq!(job.id, "own/head: one line");
        assert_eq!(job.files["a"], "x\n\ny\n");
        assert_eq!(job.files["b"], "z");
        assert_eq!(job.stdin, "in\n");
        assert_eq!(job.argv, ["sh", "-c", "head \\\n-n 1"]);
        assert!(!cases[0].host);
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        for (text, expected) in [
            ("run x\n", "line 1"),
            ("== head one line\n", "expected `== APPLET: TITLE`"),
            ("== head: x\nrnu head\n", "line 2: `rnu head`"),
            ("== head: x\n| text\n", "belongs to nothing"),
            ("== head: x\n", "no line `run COMMAND`"),
        ] {
            let error = format!("{:#}", parse(text).unwrap_err());
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn the_projects_own_list_is_well_formed() {
        let cases = read_folder(Path::new("../tests/compare")).unwrap();
        assert!(cases.len() >= 60, "{} cases", cases.len());
    }
}
