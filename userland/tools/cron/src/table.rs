// SPDX-License-Identifier: MIT OR Apache-2.0
//! A user's table: lines `SCHEDULE COMMAND`, `NAME=VALUE` for what follows, and remarks.

use anyhow::{Context as _, Result, bail};

use crate::schedule::Schedule;

/// A command with its times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// When.
    pub schedule: Schedule,
    /// For the shell.
    pub command: String,
    /// What it reads; from the `%` in its line on.
    pub input: String,
    /// Variables that the lines before have set.
    pub variables: Vec<(String, String)>,
}

/// Reads a table; calls `wrong` with each line that is none, and leaves it out.
pub fn read(text: &str, mut wrong: impl FnMut(usize, &anyhow::Error)) -> Vec<Job> {
    let mut jobs = Vec::new();
    let mut variables = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some((name, value)) = variable(line) {
            variables.push((name, value));
            continue;
        }
        match job(line, &variables) {
            Ok(job) => jobs.push(job),
            Err(error) => wrong(index + 1, &error),
        }
    }
    jobs
}

fn variable(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim_end();
    let is_name = name.starts_with(|sign: char| sign.is_ascii_alphabetic() || sign == '_')
        && name.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '_');
    let value = value.trim();
    let quoted = ['"', '\'']
        .iter()
        .find_map(|quote| value.strip_prefix(*quote).and_then(|rest| rest.strip_suffix(*quote)));
    is_name.then(|| (name.to_owned(), quoted.unwrap_or(value).to_owned()))
}

fn job(line: &str, variables: &[(String, String)]) -> Result<Job> {
    let (schedule, text) = Schedule::take(line)?;
    if text.is_empty() {
        bail!("no command");
    }
    let mut parts = vec![String::new()];
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        let last = parts.last_mut().context("there is one part at least")?;
        match sign {
            '\\' if signs.peek() == Some(&'%') => last.extend(signs.next()),
            '%' => parts.push(String::new()),
            _ => last.push(sign),
        }
    }
    let command = parts.remove(0);
    let mut input = parts.join("\n");
    if !input.is_empty() {
        input.push('\n');
    }
    Ok(Job { schedule, command, input, variables: variables.to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_variables_commands_and_input() {
        let mut told = Vec::new();
        let text =
            "# x\nA = \"1 2\"\n* * * * * echo a=b\nB=3\n\n@daily cat\\%x%one%two\nx y\n* * * * *\n";
        let jobs = read(text, |line, _| told.push(line));
        assert_eq!(told, [7, 8]);
        assert_eq!((&*jobs[0].command, jobs[0].variables.len()), ("echo a=b", 1));
        assert_eq!(jobs[1].variables[0], ("A".to_owned(), "1 2".to_owned()));
        assert_eq!((&*jobs[1].command, &*jobs[1].input), ("cat%x", "one\ntwo\n"));
    }
}
