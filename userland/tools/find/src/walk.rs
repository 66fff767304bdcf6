// SPDX-License-Identifier: MIT OR Apache-2.0
//! The walk through folders, and what is done for each file.
//!
//! A folder's list is read before its files are looked at, so that files may vanish under `-delete`.

use std::cell::OnceCell;
use std::fs::Metadata;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use ochre_applet::{complain, reason};

use crate::parse::{Follow, Plan};
use crate::tree::{Node, type_letter};

/// A file that the walk has come to.
pub struct Entry {
    path: PathBuf,
    /// How long the path is that the walk began with.
    pub start_len: usize,
    pub depth: usize,
    follow: bool,
    /// As the folder's list tells it; links that are followed have none.
    listed: Option<u8>,
    meta: OnceCell<Option<Metadata>>,
}

impl Entry {
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn path_bytes(&self) -> &[u8] {
        self.path.as_os_str().as_bytes()
    }

    /// The last part of the path; `/` and `.` and paths that end in slashes keep what is there.
    pub fn name(&self) -> &[u8] {
        let path = self.path_bytes();
        let end =
            path.iter().rposition(|byte| *byte != b'/').map_or(path.len().min(1), |at| at + 1);
        let start = path[..end].iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
        if start == end { &path[..end] } else { &path[start..end] }
    }

    /// What stat(2) or lstat(2) says; a link that leads nowhere stands for itself.
    pub fn meta(&self) -> Option<&Metadata> {
        self.meta.get_or_init(|| self.look().ok()).as_ref()
    }

    fn look(&self) -> std::io::Result<Metadata> {
        if self.follow
            && let Ok(meta) = std::fs::metadata(&self.path)
        {
            return Ok(meta);
        }
        std::fs::symlink_metadata(&self.path)
    }

    pub fn kind(&self) -> u8 {
        self.listed
            .or_else(|| self.meta().map(|meta| type_letter(meta.file_type())))
            .unwrap_or(b'?')
    }

    /// The type that the other way to treat links gives.
    pub fn other_kind(&self) -> u8 {
        let other = if self.follow {
            std::fs::symlink_metadata(&self.path)
        } else {
            std::fs::metadata(&self.path).or_else(|_| std::fs::symlink_metadata(&self.path))
        };
        other.map_or(b'?', |meta| type_letter(meta.file_type()))
    }
}

/// A run of find.
pub struct Walk {
    plan: Plan,
    failed: bool,
    prune: bool,
    quit: bool,
}

impl Walk {
    pub fn new(plan: Plan) -> Self {
        Self { plan, failed: false, prune: false, quit: false }
    }

    /// Goes through all; status 1 when something failed.
    pub fn run(mut self) -> Result<u8> {
        for start in std::mem::take(&mut self.plan.starts) {
            let follow = self.plan.follow != Follow::Never;
            let entry = Entry {
                start_len: start.len(),
                path: start.into(),
                depth: 0,
                follow,
                listed: None,
                meta: OnceCell::new(),
            };
            match entry.look() {
                Ok(meta) => {
                    let device = meta.dev();
                    let _ = entry.meta.set(Some(meta));
                    self.visit(&entry, device, &mut Vec::new())?;
                }
                Err(error) => self.complain(entry.path(), &error),
            }
            if self.quit {
                break;
            }
        }
        let expression = self.plan.expression;
        let done = finish(&expression)?;
        std::io::stdout().flush()?;
        Ok(u8::from(self.failed || !done))
    }

    fn complain(&mut self, path: &Path, error: &std::io::Error) {
        self.failed = true;
        // What was found so far stands before the message.
        let _ = std::io::stdout().flush();
        complain("find", format_args!("'{}': {}", path.display(), reason(error)));
    }

    /// `above` are the folders that the walk is in, as devices and numbers, when links are followed.
    fn visit(&mut self, entry: &Entry, device: u64, above: &mut Vec<(u64, u64)>) -> Result<()> {
        let is_folder = entry.kind() == b'd';
        let wanted = entry.depth >= self.plan.least;
        if wanted && !self.plan.depth_first {
            self.prune = false;
            self.apply(entry)?;
            if self.quit {
                return Ok(());
            }
        }
        let pruned = std::mem::take(&mut self.prune) && !self.plan.depth_first;
        if is_folder && !pruned && entry.depth < self.plan.most {
            self.descend(entry, device, above)?;
        }
        if wanted && self.plan.depth_first && !self.quit {
            self.apply(entry)?;
        }
        Ok(())
    }

    fn descend(&mut self, entry: &Entry, device: u64, above: &mut Vec<(u64, u64)>) -> Result<()> {
        if self.plan.one_device && entry.meta().is_some_and(|meta| meta.dev() != device) {
            return Ok(());
        }
        let follow = self.plan.follow == Follow::Always;
        if follow && let Some(meta) = entry.meta() {
            let here = (meta.dev(), meta.ino());
            if above.contains(&here) {
                self.failed = true;
                let path = entry.path().display();
                complain(
                    "find",
                    format_args!("File system loop detected; '{path}' is above itself"),
                );
                return Ok(());
            }
            above.push(here);
        }
        let list = std::fs::read_dir(entry.path()).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        match list {
            Err(error) => self.complain(entry.path(), &error),
            Ok(list) => {
                for file in list {
                    let kind = file.file_type().ok().map(type_letter);
                    let child = Entry {
                        path: entry.path().join(file.file_name()),
                        start_len: entry.start_len,
                        depth: entry.depth + 1,
                        follow,
                        listed: kind.filter(|kind| !follow || *kind != b'l'),
                        meta: OnceCell::new(),
                    };
                    drop(file);
                    self.visit(&child, device, above)?;
                    if self.quit {
                        break;
                    }
                }
            }
        }
        if follow {
            above.pop();
        }
        Ok(())
    }

    fn apply(&mut self, entry: &Entry) -> Result<bool> {
        let expression = std::mem::replace(&mut self.plan.expression, Node::Prune);
        let result = self.eval(&expression, entry);
        self.plan.expression = expression;
        result
    }

    fn eval(&mut self, node: &Node, entry: &Entry) -> Result<bool> {
        if self.quit {
            return Ok(false);
        }
        match node {
            Node::And(left, right) => Ok(self.eval(left, entry)? && self.eval(right, entry)?),
            Node::Or(left, right) => Ok(self.eval(left, entry)? || self.eval(right, entry)?),
            Node::Both(left, right) => {
                self.eval(left, entry)?;
                self.eval(right, entry)
            }
            Node::Not(inner) => Ok(!self.eval(inner, entry)?),
            Node::Test(test) => Ok(test.passes(entry)),
            Node::Print(output, end) => {
                let mut line = entry.path_bytes().to_vec();
                line.push(*end);
                output.write(&line)?;
                Ok(true)
            }
            Node::Format(output, format) => {
                output.write(&format.line(entry))?;
                Ok(true)
            }
            Node::List(output) => {
                output.write(&crate::print::listed(entry))?;
                Ok(true)
            }
            Node::Exec(exec) => exec.run(entry),
            Node::Delete => {
                // The walk's own folder stays.
                if entry.path_bytes() == b"." {
                    return Ok(true);
                }
                let is_folder =
                    std::fs::symlink_metadata(entry.path()).is_ok_and(|meta| meta.is_dir());
                let result = if is_folder {
                    std::fs::remove_dir(entry.path())
                } else {
                    std::fs::remove_file(entry.path())
                };
                match result {
                    Ok(()) => Ok(true),
                    Err(error) => {
                        self.failed = true;
                        let path = entry.path().display();
                        let why = reason(&error);
                        complain("find", format_args!("cannot delete '{path}': {why}"));
                        Ok(false)
                    }
                }
            }
            Node::Prune => {
                self.prune = true;
                Ok(true)
            }
            Node::Quit => {
                self.quit = true;
                Ok(true)
            }
        }
    }
}

/// Runs commands for names that still wait and flushes files; false when a command failed.
fn finish(node: &Node) -> Result<bool> {
    match node {
        Node::And(left, right) | Node::Or(left, right) | Node::Both(left, right) => {
            Ok(finish(left)? & finish(right)?)
        }
        Node::Not(inner) => finish(inner),
        Node::Print(output, _) | Node::Format(output, _) | Node::List(output) => {
            output.flush()?;
            Ok(true)
        }
        Node::Exec(exec) => exec.finish(),
        Node::Test(_) | Node::Delete | Node::Prune | Node::Quit => Ok(true),
    }
}
