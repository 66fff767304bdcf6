// SPDX-License-Identifier: MIT OR Apache-2.0
//! `dmesg` and `sysctl`: what the kernel says, and its settings.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use ochre_applet::{Args, clock, complain, parse, reason};

use crate::sys;

const READ_ALL: i32 = 3;
const READ_CLEAR: i32 = 4;
const CLEAR: i32 = 5;
const CONSOLE_LEVEL: i32 = 8;
const SIZE: i32 = 10;

const LEVELS: [&str; 8] = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"];
const FACILITIES: [&str; 12] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp",
];

/// Shows the kernel's messages.
#[derive(clap::Parser)]
#[command(name = "dmesg", disable_version_flag = true)]
struct LogOptions {
    /// Throw them away after that
    #[arg(short = 'c', long)]
    read_clear: bool,
    /// Only throw them away
    #[arg(short = 'C', long)]
    clear: bool,
    /// Show which messages are more important than this on the console: 1 to 8
    #[arg(short = 'n', long)]
    console_level: Option<i32>,
    /// Look at so many bytes
    #[arg(short = 's', long)]
    buffer_size: Option<usize>,
    /// With the number of level and facility, as the kernel has them
    #[arg(short, long)]
    raw: bool,
    /// With the names of level and facility
    #[arg(short = 'x', long)]
    decode: bool,
    /// Only these levels, such as err,warn
    #[arg(short, long)]
    level: Option<String>,
    /// With the time of day
    #[arg(short = 'T', long)]
    ctime: bool,
    /// Without the time
    #[arg(short = 't', long)]
    notime: bool,
    /// Go on with new messages
    #[arg(short = 'w', long)]
    follow: bool,
}

/// The applet.
pub fn dmesg(args: Args) -> Result<u8> {
    let options: LogOptions = parse(&args)?;
    let denied = "cannot use the kernel's log";
    if let Some(level) = options.console_level {
        sys::kernel_log_number(CONSOLE_LEVEL, level).context(denied)?;
        return Ok(0);
    }
    if options.clear {
        sys::kernel_log_number(CLEAR, 0).context(denied)?;
        return Ok(0);
    }
    if options.follow {
        return follow(&options);
    }
    let size = match options.buffer_size {
        Some(size) => size,
        None => sys::kernel_log_number(SIZE, 0).context(denied)?,
    };
    let mut buffer = vec![0; size];
    let action = if options.read_clear { READ_CLEAR } else { READ_ALL };
    let length = sys::kernel_log(action, &mut buffer).context(denied)?;
    let mut out = std::io::stdout().lock();
    // A line without a level goes on with the message before it.
    let mut shown = true;
    for line in String::from_utf8_lossy(&buffer[..length]).lines() {
        match line.strip_prefix('<').and_then(|line| line.split_once('>')) {
            Some((level, text)) => shown = show(&mut out, level, text, &options)?,
            None if shown => writeln!(out, "{line}")?,
            None => {}
        }
    }
    Ok(0)
}

/// Prints one message, if it is one that is wanted.
fn show(out: &mut impl Write, priority: &str, text: &str, options: &LogOptions) -> Result<bool> {
    let number: usize = priority.parse().unwrap_or(0);
    let (facility, level) = (number >> 3, LEVELS[number & 7]);
    let wanted = |list: &String| list.split(',').any(|name| name == level);
    if !options.level.as_ref().is_none_or(wanted) {
        return Ok(false);
    }
    if options.raw {
        writeln!(out, "<{priority}>{text}")?;
        return Ok(true);
    }
    if options.decode {
        let facility = FACILITIES.get(facility).copied().unwrap_or("local");
        write!(out, "{facility:<6}:{level:<6}: ")?;
    }
    let time = text.strip_prefix('[').and_then(|text| text.split_once("] "));
    match time {
        Some((_, message)) if options.notime => writeln!(out, "{message}")?,
        Some((time, message)) if options.ctime => {
            let seconds: f64 = time.trim().parse().unwrap_or(0.0);
            let day = clock::local(started() + seconds as i64).ctime();
            writeln!(out, "[{day}] {message}")?;
        }
        _ => writeln!(out, "{text}")?,
    }
    Ok(true)
}

/// When the machine started.
fn started() -> i64 {
    let text = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
    let uptime: f64 = text.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0.0);
    clock::now() - uptime as i64
}

/// Reads /dev/kmsg, which has a record for each read and waits for more.
fn follow(options: &LogOptions) -> Result<u8> {
    let mut records = BufReader::new(std::fs::File::open("/dev/kmsg").context("/dev/kmsg")?);
    let mut line = String::new();
    loop {
        line.clear();
        match records.read_line(&mut line) {
            Ok(0) => return Ok(0),
            Ok(_) => {}
            // Messages were lost before they were read: the next read goes on behind them.
            Err(error) if error.raw_os_error() == Some(libc::EPIPE) => continue,
            Err(error) => return Err(error).context("/dev/kmsg"),
        }
        // `priority,number,microseconds,flags;text`; lines with a blank before them are details.
        let Some((head, text)) = line.trim_end().split_once(';').filter(|_| !line.starts_with(' '))
        else {
            continue;
        };
        let mut fields = head.split(',');
        let priority = fields.next().unwrap_or_default();
        let micros: u64 = fields.nth(1).and_then(|field| field.parse().ok()).unwrap_or(0);
        let text = format!("[{:5}.{:06}] {text}", micros / 1_000_000, micros % 1_000_000);
        let mut out = std::io::stdout().lock();
        show(&mut out, priority, &text, options)?;
        out.flush()?;
    }
}

const SETTINGS: &str = "/proc/sys";

/// Shows and changes the kernel's settings, which are the files of /proc/sys.
#[derive(clap::Parser)]
#[command(name = "sysctl", disable_version_flag = true)]
struct SysctlOptions {
    /// Show all
    #[arg(short, long, visible_short_alias = 'A')]
    all: bool,
    /// Values without names
    #[arg(short = 'n', long)]
    values: bool,
    /// Names without values
    #[arg(short = 'N', long)]
    names: bool,
    /// Leave unknown names out
    #[arg(short = 'e', long)]
    ignore: bool,
    /// Do not show what is set
    #[arg(short, long)]
    quiet: bool,
    /// All arguments are NAME=VALUE
    #[arg(short, long)]
    write: bool,
    /// Read settings from the files named, or from /etc/sysctl.conf
    #[arg(short = 'p', long)]
    load: bool,
    /// NAME or NAME=VALUE; files with -p
    words: Vec<String>,
}

/// The applet: status 1 when one of the settings could not be shown or changed.
pub fn sysctl(args: Args) -> Result<u8> {
    let options: SysctlOptions = parse(&args)?;
    let mut status = 0;
    let mut check = |result: Result<()>| {
        if let Err(error) = result {
            complain("sysctl", format_args!("{error:#}"));
            status = 1;
        }
    };
    if options.load {
        let usual = || vec!["/etc/sysctl.conf".to_owned()];
        let files = if options.words.is_empty() { usual() } else { options.words.clone() };
        for file in files {
            let text = std::fs::read_to_string(&file).with_context(|| file.clone())?;
            let lines = text.lines().map(str::trim);
            for line in lines.filter(|line| !line.is_empty() && !line.starts_with(['#', ';'])) {
                match line.split_once('=') {
                    Some((name, value)) => check(set(name.trim(), value.trim(), &options)),
                    None => check(Err(anyhow::anyhow!("{file}: {line}: no NAME=VALUE"))),
                }
            }
        }
        return Ok(status);
    }
    if options.all {
        show_below(Path::new(SETTINGS), &options);
        return Ok(0);
    }
    for word in &options.words {
        match word.split_once('=') {
            Some((name, value)) => check(set(name.trim(), value.trim(), &options)),
            None if options.write => check(Err(anyhow::anyhow!("\"{word}\" must be NAME=VALUE"))),
            None => check(show_setting(word, &options)),
        }
    }
    Ok(status)
}

/// The file of a setting. Names are parted by dots or slashes, whichever comes first; the other sign
/// stands for itself then, as in `net.ipv4.conf.eth0/1.mtu`.
fn file_of(name: &str) -> PathBuf {
    let path = if name.find('/').unwrap_or(usize::MAX) < name.find('.').unwrap_or(usize::MAX) {
        name.to_owned()
    } else {
        swapped(name)
    };
    Path::new(SETTINGS).join(path.trim_start_matches('/'))
}

/// Dots for slashes, and slashes for dots.
fn swapped(name: &str) -> String {
    let swap = |c| match c {
        '.' => '/',
        '/' => '.',
        c => c,
    };
    name.chars().map(swap).collect()
}

fn name_of(file: &Path) -> String {
    let path = file.strip_prefix(SETTINGS).unwrap_or(file).to_string_lossy();
    swapped(&path)
}

fn set(name: &str, value: &str, options: &SysctlOptions) -> Result<()> {
    let file = file_of(name);
    match std::fs::OpenOptions::new().write(true).open(&file) {
        Ok(mut opened) => {
            opened.write_all(value.as_bytes()).with_context(|| format!("setting key \"{name}\""))?
        }
        Err(_) if !file.exists() && options.ignore => return Ok(()),
        Err(error) => bail!("error setting key '{name}': {}", reason(&error)),
    }
    if !options.quiet {
        print(&name_of(&file), value, options);
    }
    Ok(())
}

fn print(name: &str, value: &str, options: &SysctlOptions) {
    for line in value.trim_end().split('\n') {
        match (options.values, options.names) {
            (true, _) => println!("{line}"),
            (_, true) => println!("{name}"),
            _ => println!("{name} = {line}"),
        }
    }
}

fn show_setting(name: &str, options: &SysctlOptions) -> Result<()> {
    let file = file_of(name);
    if file.is_dir() {
        show_below(&file, options);
        return Ok(());
    }
    match std::fs::read_to_string(&file) {
        Ok(value) => print(&name_of(&file), &value, options),
        Err(_) if !file.exists() && options.ignore => {}
        Err(error) => bail!("error: '{name}': {}", reason(&error)),
    }
    Ok(())
}

/// Shows all settings of a folder; those that cannot be read are left out.
fn show_below(folder: &Path, options: &SysctlOptions) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            show_below(&path, options);
        } else if let Ok(value) = std::fs::read_to_string(&path) {
            print(&name_of(&path), &value, options);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_and_slashes_change_places() {
        let file = Path::new("/proc/sys/net/ipv4/conf/eth0.1/mtu");
        assert_eq!(file_of("net.ipv4.conf.eth0/1.mtu"), file);
        assert_eq!(file_of("net/ipv4/conf/eth0.1/mtu"), file);
        assert_eq!(name_of(file), "net.ipv4.conf.eth0/1.mtu");
    }
}
