// SPDX-License-Identifier: MIT OR Apache-2.0
//! The arguments of `ps`.

use std::io::IsTerminal;

use anyhow::{Context as _, bail};
use nix::unistd::{Group, User};

use super::fields::{self, Field};

pub const HELP: &str = "\
Show processes.

Usage: ps [OPTION...]

Which processes (without any: those of your own on this terminal):
  -e, -A, ax       all
  -a               all on a terminal but session leaders
  -d               all but session leaders
  -p, p LIST       by process number
  --ppid LIST      by their parent's number
  -C LIST          by name
  -u LIST, U LIST  by user (effective); -U LIST: by real user
  -G LIST          by real group
  -g, -s LIST      by session
  -t, t LIST       by terminal
  -N               all others than those
  a, x             those of other users; those without a terminal

What is shown:
  -f, -l, -j       full, long, jobs format
  u, j, l          formats of BSD: user, jobs, long
  -o, o LIST       columns, each NAME or NAME=HEAD
  -L, -T           each thread on a line of its own
  --sort, k LIST   sort by columns; a `-` before one turns it round
  -H, f, --forest  children below their parents
  -w, w            wide; twice: without limit
  --no-headers, h  no heads

Columns: pid ppid pgid sid lwp nlwp tpgid user ruser uid ruid group rgroup gid
rgid tty stat s comm args time etime etimes start lstart stime nice pri c pcpu
pmem vsz rss sz maj_flt min_flt psr class wchan f
";

/// One column as asked for.
pub struct Column {
    pub field: &'static Field,
    pub head: String,
}

impl Column {
    fn new(name: &str) -> anyhow::Result<Self> {
        let field = fields::find(&name.to_ascii_lowercase())
            .with_context(|| format!("unknown column {name}; see ps --help"))?;
        Ok(Self { field, head: head_of(name, field) })
    }

    /// Does it show the command?
    pub fn is_command(&self) -> bool {
        matches!(self.field.names[0], "comm" | "args")
    }
}

/// The head goes with the name that was asked for, not only with the column.
fn head_of(name: &str, field: &Field) -> String {
    match name {
        "cmd" | "ucmd" => "CMD",
        "tt" | "tty" | "tname" => "TT",
        "sess" | "session" => "SESS",
        "pgrp" => "PGRP",
        "euid" => "EUID",
        "egid" => "EGID",
        "euser" => "EUSER",
        "egroup" => "EGROUP",
        "tid" => "TID",
        "spid" => "SPID",
        "tgid" => "TGID",
        "start" => "STARTED",
        "bsdstart" => "START",
        "thcount" => "THCNT",
        "rsz" => "RSZ",
        "rssize" => "RSS",
        _ => field.head,
    }
    .to_owned()
}

/// Which processes are shown: those for which any of it holds.
#[derive(Default)]
pub struct Selection {
    pub every: bool,
    pub with_terminal: bool,
    pub no_leaders: bool,
    pub bsd_all: bool,
    pub bsd_any: bool,
    pub bsd_default: bool,
    pub pids: Vec<i32>,
    pub parents: Vec<i32>,
    pub sessions: Vec<i32>,
    pub commands: Vec<String>,
    pub users: Vec<u32>,
    pub real_users: Vec<u32>,
    pub groups: Vec<u32>,
    pub terminals: Vec<String>,
}

impl Selection {
    /// Was nothing asked for?
    pub fn is_default(&self) -> bool {
        let lists = [self.pids.len(), self.parents.len(), self.sessions.len()];
        let names = [self.commands.len(), self.users.len(), self.real_users.len()];
        let places = [self.groups.len(), self.terminals.len()];
        let listed: usize = lists.iter().chain(&names).chain(&places).sum();
        listed == 0 && !self.every && !self.with_terminal && !self.no_leaders
    }
}

/// All that the arguments say.
pub struct Options {
    pub selection: Selection,
    pub negate: bool,
    pub columns: Vec<Column>,
    pub heads: bool,
    pub forest: bool,
    pub threads: bool,
    pub sort: Vec<(&'static Field, bool)>,
    wide: u8,
}

const DEFAULT: &str = "pid,tty=TTY,time,ucmd";
const FULL: &str = "user=UID,pid,ppid,c,stime,tty=TTY,time,cmd";
const LONG: &str = "f,s,uid,pid,ppid,c,opri,ni,addr,sz,wchan,tty=TTY,time,ucmd";
const JOBS: &str = "pid,pgid,sid,tty=TTY,time,ucmd";
const BSD: &str = "pid,tty=TTY,stat,bsdtime,args";
const BSD_USER: &str = "user,pid,%cpu,%mem,vsz,rss,tty=TTY,stat,start_time,bsdtime,args";
const BSD_JOBS: &str = "ppid,pid,pgid,sid,tty=TTY,tpgid,stat,uid,bsdtime,args";
const BSD_LONG: &str = "f,uid,pid,ppid,priority,ni,vsz,rss,wchan,stat,tty=TTY,bsdtime,args";

impl Options {
    /// Reads the arguments.
    pub fn parse(args: &[String]) -> anyhow::Result<Self> {
        let mut options = Self {
            selection: Selection::default(),
            negate: false,
            columns: Vec::new(),
            heads: true,
            forest: false,
            threads: false,
            sort: Vec::new(),
            wide: 0,
        };
        let mut format = None;
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            if let Some(long) = arg.strip_prefix("--") {
                options.long(long, &mut args)?;
                continue;
            }
            let dashed = arg.starts_with('-');
            let letters = arg.trim_start_matches('-');
            if letters.is_empty() {
                bail!("{arg}: not an option; see ps --help");
            }
            if letters.starts_with(|c: char| c.is_ascii_digit()) {
                options.selection.pids.extend(numbers(letters)?);
                continue;
            }
            for (at, letter) in letters.char_indices() {
                let rest = &letters[at + letter.len_utf8()..];
                let takes_list = if dashed { "opCuUGgst" } else { "opUtk" }.contains(letter);
                if takes_list {
                    let list =
                        if rest.is_empty() { args.next().cloned() } else { Some(rest.to_owned()) };
                    let list = list
                        .with_context(|| format!("option {letter} takes a list; see ps --help"))?;
                    options.list(letter, dashed, &list)?;
                    break;
                }
                if let Some(chosen) = options.letter(letter, dashed)? {
                    format = Some(chosen);
                }
            }
        }
        if options.columns.is_empty() {
            let mut format = format
                .unwrap_or(if options.selection.bsd_default { BSD } else { DEFAULT })
                .to_owned();
            if options.threads {
                format = format.replacen("pid,", "pid,lwp,", 1);
            }
            options.add_columns(&format)?;
        }
        Ok(options)
    }

    /// An option of one letter without an argument; gives the format that it asks for.
    fn letter(&mut self, letter: char, dashed: bool) -> anyhow::Result<Option<&'static str>> {
        let chosen = &mut self.selection;
        if !dashed {
            chosen.bsd_default = true;
        }
        match (letter, dashed) {
            ('e' | 'A', true) => chosen.every = true,
            ('a', true) => chosen.with_terminal = true,
            ('d', true) => chosen.no_leaders = true,
            ('N', true) => self.negate = true,
            ('f', true) => return Ok(Some(FULL)),
            ('l', true) => return Ok(Some(LONG)),
            ('j', true) => return Ok(Some(JOBS)),
            ('H', true) | ('f', false) => self.forest = true,
            ('L' | 'T' | 'm', true) | ('H' | 'm', false) => self.threads = true,
            ('w', _) => self.wide += 1,
            ('a', false) => chosen.bsd_all = true,
            ('x', false) => chosen.bsd_any = true,
            ('u', false) => return Ok(Some(BSD_USER)),
            ('j', false) => return Ok(Some(BSD_JOBS)),
            ('l', false) => return Ok(Some(BSD_LONG)),
            ('h', false) => self.heads = false,
            // Columns of others that change nothing here: environment, real names, extra full.
            ('F' | 'y' | 'M' | 'c', true) | ('e' | 'c' | 'n' | 'S', false) => {}
            _ => {
                let dash = if dashed { "-" } else { "" };
                bail!("unknown option {dash}{letter}; see ps --help");
            }
        }
        Ok(None)
    }

    fn list(&mut self, letter: char, dashed: bool, list: &str) -> anyhow::Result<()> {
        if !dashed {
            self.selection.bsd_default = true;
        }
        let chosen = &mut self.selection;
        match (letter, dashed) {
            ('o', _) => return self.add_columns(list),
            ('k', false) => return self.add_sort(list),
            ('p', _) => chosen.pids.extend(numbers(list)?),
            ('C', _) => chosen.commands.extend(items(list).map(str::to_owned)),
            ('s' | 'g', _) => chosen.sessions.extend(numbers(list)?),
            ('t', _) => chosen
                .terminals
                .extend(items(list).map(|name| name.trim_start_matches("/dev/").to_owned())),
            ('u', true) | ('U', false) => {
                for name in items(list) {
                    chosen.users.push(user(name)?);
                }
            }
            ('U', true) => {
                for name in items(list) {
                    chosen.real_users.push(user(name)?);
                }
            }
            _ => {
                for name in items(list) {
                    let known = name
                        .parse()
                        .ok()
                        .or_else(|| Some(Group::from_name(name).ok()??.gid.as_raw()));
                    chosen.groups.push(known.with_context(|| format!("no group {name}"))?);
                }
            }
        }
        Ok(())
    }

    fn long(
        &mut self,
        option: &str,
        args: &mut std::slice::Iter<'_, String>,
    ) -> anyhow::Result<()> {
        let (name, given) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (option, None),
        };
        match name {
            "no-headers" | "no-heading" | "noheaders" => self.heads = false,
            "headers" => {}
            "forest" => self.forest = true,
            "deselect" => self.negate = true,
            _ => {
                let letter = match name {
                    "pid" => 'p',
                    "ppid" => 'P',
                    "format" => 'o',
                    "sort" => 'k',
                    "user" => 'u',
                    "User" => 'U',
                    "Group" | "group" => 'G',
                    "sid" => 's',
                    "tty" => 't',
                    _ => bail!("unknown option --{name}; see ps --help"),
                };
                let value = given.or_else(|| args.next().cloned());
                let value = value.with_context(|| format!("--{name} takes a list"))?;
                match letter {
                    'k' => self.add_sort(&value)?,
                    'P' => self.selection.parents.extend(numbers(&value)?),
                    _ => self.list(letter, true, &value)?,
                }
            }
        }
        Ok(())
    }

    /// Columns of an `-o`. POSIX lets a head go to the end of the argument; procps ends it at a comma.
    fn add_columns(&mut self, list: &str) -> anyhow::Result<()> {
        let mut rest = list;
        loop {
            rest = rest.trim_start_matches([',', ' ']);
            if rest.is_empty() {
                return Ok(());
            }
            let end = rest.find([',', ' ', '=']).unwrap_or(rest.len());
            let mut column = Column::new(&rest[..end])?;
            rest = &rest[end..];
            if let Some(head) = rest.strip_prefix('=') {
                let end = head.find(',').unwrap_or(head.len());
                column.head = head[..end].to_owned();
                rest = &head[end..];
            }
            self.columns.push(column);
        }
    }

    fn add_sort(&mut self, list: &str) -> anyhow::Result<()> {
        for name in items(list) {
            let (name, down) = match name.strip_prefix('-') {
                Some(name) => (name, true),
                None => (name.trim_start_matches('+'), false),
            };
            self.sort.push((Column::new(name)?.field, down));
        }
        Ok(())
    }

    /// Where lines are cut: at the terminal's width, unless they were asked for whole.
    pub fn line_width(&self) -> Option<usize> {
        let out = std::io::stdout();
        if self.wide > 1 || !out.is_terminal() {
            return None;
        }
        let size = rustix::termios::tcgetwinsize(&out).ok()?;
        let width = if size.ws_col == 0 { 80 } else { size.ws_col };
        Some(usize::from(width).max(if self.wide == 1 { 132 } else { 0 }))
    }
}

fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', ' ']).filter(|item| !item.is_empty())
}

fn numbers(list: &str) -> anyhow::Result<Vec<i32>> {
    let number = |item: &str| item.parse().with_context(|| format!("{item}: not a number"));
    items(list).map(number).collect()
}

fn user(name: &str) -> anyhow::Result<u32> {
    if let Ok(uid) = name.parse() {
        return Ok(uid);
    }
    let found = User::from_name(name).ok().flatten();
    Ok(found.with_context(|| format!("no user {name}"))?.uid.as_raw())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Options {
        let args: Vec<String> = line.split('|').map(str::to_owned).collect();
        Options::parse(&args).unwrap()
    }

    fn heads(options: &Options) -> String {
        let heads: Vec<&str> = options.columns.iter().map(|column| column.head.as_str()).collect();
        heads.join(" ")
    }

    #[test]
    fn formats_have_the_heads_of_procps() {
        assert_eq!(heads(&parse("-ef")), "UID PID PPID C STIME TTY TIME CMD");
        assert_eq!(heads(&parse("aux")), "USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND");
        assert_eq!(heads(&parse("-e")), "PID TTY TIME CMD");
    }

    #[test]
    fn heads_can_be_given_and_taken_away() {
        assert_eq!(heads(&parse("-o|pid=Number of it,comm")), "Number of it COMMAND");
        assert_eq!(heads(&parse("-o|pid=,comm=")), " ");
        assert_eq!(heads(&parse("-opid|-o|comm=X")), "PID X");
    }

    #[test]
    fn wrong_options_are_refused() {
        assert!(Options::parse(&["-Z".to_owned()]).is_err());
        assert!(Options::parse(&["-o".to_owned(), "nonsense".to_owned()]).is_err());
        assert!(Options::parse(&["-p".to_owned()]).is_err());
    }
}
