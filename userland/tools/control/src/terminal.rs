// SPDX-License-Identifier: MIT OR Apache-2.0
//! `clear`, `reset`, `resize`, `ttysize`, `mesg`: the terminal.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{IsTerminal, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;

use anyhow::{Context as _, Result, bail};
use nix::sys::termios::{
    ControlFlags, InputFlags, LocalFlags, OutputFlags, SetArg, SpecialCharacterIndices, Termios,
    tcgetattr, tcsetattr,
};
use ochre_applet::{Args, parse};
use rustix::termios::{Winsize, tcgetwinsize, tcsetwinsize};

/// Clears the terminal.
#[derive(clap::Parser)]
#[command(name = "clear", disable_version_flag = true)]
struct ClearOptions {
    /// Leave what has scrolled out as it is
    #[arg(short = 'x')]
    keep: bool,
}

/// The applet.
pub fn clear(args: Args) -> Result<u8> {
    let options: ClearOptions = parse(&args)?;
    let scrolled = if options.keep { "" } else { "\x1b[3J" };
    print!("\x1b[H\x1b[J{scrolled}");
    Ok(0)
}

/// Makes the terminal usable again, whatever a program left it like.
#[derive(clap::Parser)]
#[command(name = "reset", disable_version_flag = true)]
struct ResetOptions {}

/// The applet.
pub fn reset(args: Args) -> Result<u8> {
    let _: ResetOptions = parse(&args)?;
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Ok(0);
    }
    let mut settings = tcgetattr(&stdin).context("cannot read the terminal's settings")?;
    make_sane(&mut settings);
    tcsetattr(&stdin, SetArg::TCSADRAIN, &settings).context("cannot set the terminal")?;
    // Full reset, usual letters, no colours, the cursor shown, all cleared.
    print!("\x1bc\x1b(B\x1b[m\x1b[?25h\x1b[J");
    Ok(0)
}

/// As `stty sane`.
fn make_sane(settings: &mut Termios) {
    use SpecialCharacterIndices as Index;
    settings.input_flags |= InputFlags::BRKINT | InputFlags::ICRNL | InputFlags::IXON;
    settings.input_flags &= !(InputFlags::IGNBRK | InputFlags::INLCR | InputFlags::IGNCR);
    settings.output_flags |= OutputFlags::OPOST | OutputFlags::ONLCR;
    settings.control_flags |= ControlFlags::CREAD;
    settings.local_flags |= LocalFlags::ISIG
        | LocalFlags::ICANON
        | LocalFlags::IEXTEN
        | LocalFlags::ECHO
        | LocalFlags::ECHOE
        | LocalFlags::ECHOK;
    settings.local_flags &= !(LocalFlags::ECHONL | LocalFlags::NOFLSH | LocalFlags::TOSTOP);
    for (index, key) in [
        (Index::VINTR, 3),
        (Index::VQUIT, 28),
        (Index::VERASE, 127),
        (Index::VKILL, 21),
        (Index::VEOF, 4),
        (Index::VSTART, 17),
        (Index::VSTOP, 19),
        (Index::VSUSP, 26),
    ] {
        settings.control_chars[index as usize] = key;
    }
}

/// Prints the terminal's size: columns (`w`) and lines (`h`), both without an argument.
#[derive(clap::Parser)]
#[command(name = "ttysize", disable_version_flag = true, disable_help_flag = true)]
struct SizeOptions {
    /// Show this help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
    /// w or h
    #[arg(value_parser = ["w", "h"])]
    which: Vec<String>,
}

/// The applet: 80 and 24 when there is no terminal.
pub fn ttysize(args: Args) -> Result<u8> {
    let mut options: SizeOptions = parse(&args)?;
    let size = tcgetwinsize(std::io::stdin())
        .or_else(|_| tcgetwinsize(std::io::stdout()))
        .or_else(|_| tcgetwinsize(std::io::stderr()));
    let known = |number: Option<u16>, usual| number.filter(|number| *number > 0).unwrap_or(usual);
    let columns = known(size.as_ref().ok().map(|size| size.ws_col), 80);
    let rows = known(size.as_ref().ok().map(|size| size.ws_row), 24);
    if options.which.is_empty() {
        options.which = vec!["w".into(), "h".into()];
    }
    let numbers = options.which.iter().map(|which| if which == "w" { columns } else { rows });
    println!("{}", numbers.map(|number| number.to_string()).collect::<Vec<_>>().join(" "));
    Ok(0)
}

/// Asks the terminal for its size and tells it to the kernel; prints it as commands for the shell.
#[derive(clap::Parser)]
#[command(name = "resize", disable_version_flag = true)]
struct ResizeOptions {}

/// How long an answer may take, in tenths of a second.
const ANSWER_TENTHS: u8 = 30;

/// The applet.
pub fn resize(args: Args) -> Result<u8> {
    let _: ResizeOptions = parse(&args)?;
    let mut tty = OpenOptions::new().read(true).write(true).open("/dev/tty").context("/dev/tty")?;
    let old = tcgetattr(&tty).context("cannot read the terminal's settings")?;
    let mut raw = old.clone();
    raw.local_flags &= !(LocalFlags::ICANON | LocalFlags::ECHO);
    raw.control_chars[SpecialCharacterIndices::VMIN as usize] = 0;
    raw.control_chars[SpecialCharacterIndices::VTIME as usize] = ANSWER_TENTHS;
    tcsetattr(&tty, SetArg::TCSAFLUSH, &raw).context("cannot set the terminal")?;
    let answer = ask(&mut tty);
    tcsetattr(&tty, SetArg::TCSAFLUSH, &old).context("cannot set the terminal")?;
    let (rows, columns) = answer?;
    let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(tty.as_fd(), size).context("cannot set the size")?;
    println!("COLUMNS={columns};LINES={rows};export COLUMNS LINES;");
    Ok(0)
}

/// Moves the cursor as far as it goes and asks where it is.
fn ask(tty: &mut File) -> Result<(u16, u16)> {
    tty.write_all(b"\x1b7\x1b[r\x1b[999;999H\x1b[6n").context("/dev/tty")?;
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"R") && tty.read(&mut byte).context("/dev/tty")? == 1 {
        answer.push(byte[0]);
    }
    tty.write_all(b"\x1b8").context("/dev/tty")?;
    let text = String::from_utf8_lossy(&answer);
    let numbers = text.rsplit("\x1b[").next().and_then(|text| text.strip_suffix('R'));
    match numbers.and_then(|numbers| numbers.split_once(';')) {
        Some((rows, columns)) => Ok((rows.parse()?, columns.parse()?)),
        None => bail!("the terminal does not say its size"),
    }
}

/// Lets others write to the terminal, or not; says which is so without an argument.
#[derive(clap::Parser)]
#[command(name = "mesg", disable_version_flag = true)]
struct MesgOptions {
    /// y or n
    #[arg(value_parser = ["y", "n"])]
    answer: Option<String>,
}

/// The applet: status 0 when others may, 1 when not, 2 when something went wrong.
pub fn mesg(args: Args) -> Result<u8> {
    const WRITE: u32 = 0o022;
    let options: MesgOptions = ochre_applet::parse_or(&args, 2)?;
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(ochre_applet::Failure::new(2, "not a terminal").into());
    }
    let tty = File::from(stdin.as_fd().try_clone_to_owned()?);
    let mode = tty.metadata()?.permissions().mode();
    let allowed = match options.answer.as_deref() {
        None => {
            let allowed = mode & WRITE != 0;
            println!("is {}", if allowed { "y" } else { "n" });
            allowed
        }
        Some(answer) => {
            let allowed = answer == "y";
            let mode = if allowed { mode | 0o020 } else { mode & !WRITE };
            tty.set_permissions(Permissions::from_mode(mode & 0o7777))
                .context("cannot change the terminal's rights")?;
            allowed
        }
    };
    Ok(u8::from(!allowed))
}
