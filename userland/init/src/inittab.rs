// SPDX-License-Identifier: MIT OR Apache-2.0
//! /etc/inittab: what runs on the machine, and when. Lines are `ID:RUNLEVELS:ACTION:COMMAND`, as BusyBox's
//! init and sysvinit have them.
//!
//! | action | when |
//! | --- | --- |
//! | `sysinit`, then `wait` | at the start, one after the other, each to its end |
//! | `once` | after those |
//! | `respawn` | always: started again whenever it ends |
//! | `askfirst` | the same, after somebody pressed Enter on its terminal |
//! | `ctrlaltdel` | on SIGINT; without one, the machine is started again |
//! | `shutdown` | before the machine ends |
//! | `restart` | on SIGQUIT, in the place of init |
//!
//! The id is the terminal of the command, the console if empty. A table with `initdefault` is sysvinit's: what
//! does not name that runlevel is left out, and an id that is no terminal names nothing. Of sysvinit's
//! actions, `boot`, `bootwait` and `off` are understood, too.
//!
//! A command that starts with `-` runs as a login shell; one with signs of the shell is the shell's.
//! Without the file, the image's own table holds. Its text is in `../../image/etc/inittab`.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::report;

const INITTAB: &str = "/etc/inittab";
const DEFAULT: &str = include_str!("../../image/etc/inittab");
/// What the console has instead of a login shell when the kernel's command line says `login`.
const GETTY: &str = "/sbin/getty 0 -";
/// Signs that a shell has to be asked for.
const SIGNS: &str = "~`!$^&*()=|\\{}[];\"'<>?";
/// Signs of more than one command.
const SEPARATORS: &str = "&|;(){}`!";

/// When a line's command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// First of all, to its end.
    Sysinit,
    /// Then, to its end.
    Wait,
    /// Then, once.
    Once,
    /// Always.
    Respawn,
    /// Always, when Enter was pressed.
    Askfirst,
    /// On Ctrl-Alt-Del.
    CtrlAltDel,
    /// Before the machine ends.
    Shutdown,
    /// In the place of init.
    Restart,
}

/// A line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The terminal's name in /dev; empty: the console.
    pub tty: String,
    /// When it runs.
    pub action: Action,
    /// What runs.
    pub command: String,
}

impl Line {
    /// Whether a shell begins a session here that no `login` has greeted.
    pub fn is_login_shell(&self) -> bool {
        matches!(self.action, Action::Respawn | Action::Askfirst) && self.command.starts_with('-')
    }

    /// Whether its session is somebody's at a terminal.
    pub fn wants_terminal(&self) -> bool {
        !self.tty.is_empty()
            || self.action == Action::Askfirst
            || self.is_login_shell()
            || self.command == GETTY
    }
}

/// The machine's table. With `login`, who wants a shell of it has to say who they are.
pub fn read(login: bool) -> Vec<Line> {
    let file = fs::read_to_string(INITTAB);
    let mut lines = parse(file.as_deref().unwrap_or(DEFAULT));
    for line in lines.iter_mut().filter(|line| login && line.is_login_shell()) {
        GETTY.clone_into(&mut line.command);
        line.action = Action::Respawn;
    }
    lines
}

fn parse(text: &str) -> Vec<Line> {
    let lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let fields: Vec<Vec<&str>> = lines.map(|line| line.splitn(4, ':').collect()).collect();
    let level = fields.iter().find_map(|fields| match fields[..] {
        [_, level, "initdefault", ..] => level.chars().next(),
        _ => None,
    });
    fields.iter().filter_map(|fields| line(fields, level)).collect()
}

fn line(fields: &[&str], level: Option<char>) -> Option<Line> {
    let &[id, levels, action, ref rest @ ..] = fields else {
        report(INITTAB, format_args!("{}: no ID:RUNLEVELS:ACTION:COMMAND", fields.join(":")));
        return None;
    };
    let (action, has_level) = match action {
        "sysinit" => (Action::Sysinit, false),
        "boot" => (Action::Once, false),
        "bootwait" => (Action::Wait, false),
        "wait" => (Action::Wait, true),
        "once" => (Action::Once, true),
        "respawn" => (Action::Respawn, true),
        "askfirst" => (Action::Askfirst, true),
        "ctrlaltdel" => (Action::CtrlAltDel, false),
        "shutdown" => (Action::Shutdown, false),
        "restart" => (Action::Restart, false),
        "initdefault" | "off" => return None,
        _ => {
            report(INITTAB, format_args!("{}: unknown action {action}", fields.join(":")));
            return None;
        }
    };
    if has_level && !levels.is_empty() && level.is_some_and(|level| !levels.contains(level)) {
        return None;
    }
    let command = rest.first().map(|command| command.trim()).unwrap_or_default();
    if command.is_empty() || command == "-" {
        report(INITTAB, format_args!("{}: no command", fields.join(":")));
        return None;
    }
    let mut tty = id.trim_start_matches("/dev/");
    if level.is_some() && !Path::new("/dev").join(tty).exists() {
        tty = "";
    }
    Some(Line { tty: tty.to_owned(), action, command: command.to_owned() })
}

/// The words of a command: its own, or those of a shell that knows what its signs mean.
pub fn words(command: &str) -> Vec<OsString> {
    if command.contains(|sign| SIGNS.contains(sign)) {
        let command = command.strip_prefix('-').unwrap_or(command);
        let is_one = !command.contains(|sign| SEPARATORS.contains(sign));
        let exec = if is_one { "exec " } else { "" };
        return vec!["/bin/sh".into(), "-c".into(), format!("{exec}{command}").into()];
    }
    command.split_whitespace().map(OsString::from).collect()
}

/// A command of words, the first one with a login shell's `-` before it or without.
pub fn command(words: &[OsString]) -> Command {
    let name = words[0].to_string_lossy();
    let (program, is_login) = match name.strip_prefix('-') {
        Some(program) => (program.to_owned(), true),
        None => (name.into_owned(), false),
    };
    let mut command = Command::new(&program);
    if is_login {
        use std::os::unix::process::CommandExt;
        let base = Path::new(&program).file_name().unwrap_or_default().to_string_lossy();
        command.arg0(format!("-{base}"));
    }
    command.args(&words[1..]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_a_terminal_an_action_and_a_command() {
        let lines = parse(
            "# x\n::sysinit:/etc/rc\nhvc1::respawn:/sbin/getty 0 hvc1: x\n::none:x\n::wait:\n:x\n",
        );
        assert_eq!(lines.len(), 2);
        assert_eq!((lines[0].action, &*lines[0].command), (Action::Sysinit, "/etc/rc"));
        assert_eq!(lines[1].tty, "hvc1");
        assert_eq!(lines[1].command, "/sbin/getty 0 hvc1: x");
    }

    #[test]
    fn sysvinit_tables_have_levels_and_ids_that_are_no_terminals() {
        let lines = parse(
            "id:3:initdefault:\nsi::sysinit:/rcS\nl2:2:wait:/rc 2\nl3:345:wait:/rc 3\n~1:S:off:/x\n\
             /dev/null:3:respawn:/y\nz9:0123:respawn:/z\nca:12345:ctrlaltdel:/sbin/shutdown -r now\n",
        );
        let shown: Vec<_> = lines.iter().map(|line| (&*line.tty, &*line.command)).collect();
        assert_eq!(
            shown,
            [
                ("", "/rcS"),
                ("", "/rc 3"),
                ("null", "/y"),
                ("", "/z"),
                ("", "/sbin/shutdown -r now")
            ]
        );
    }

    #[test]
    fn signs_of_the_shell_are_for_the_shell() {
        assert_eq!(words("/bin/mount -a"), ["/bin/mount", "-a"]);
        assert_eq!(words("echo $X > /f"), ["/bin/sh", "-c", "exec echo $X > /f"]);
        assert_eq!(words("a; b"), ["/bin/sh", "-c", "a; b"]);
        assert_eq!(command(&words("-/bin/sh")).get_program(), "/bin/sh");
    }

    #[test]
    fn the_image_s_own_table_is_a_shell_on_the_console() {
        let lines = parse(DEFAULT);
        let shell = lines.iter().find(|line| line.action == Action::Respawn);
        assert!(shell.is_some_and(|line| line.tty.is_empty() && line.is_login_shell()));
        assert!(lines.iter().all(|line| line.action != Action::Sysinit), "{lines:?}");
    }
}
