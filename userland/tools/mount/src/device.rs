// SPDX-License-Identifier: MIT OR Apache-2.0
//! Block devices and the space of files: `blockdev`, `blkdiscard`, `fallocate`, `fsfreeze`, `fstrim`,
//! `freeramdisk`.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use nix::fcntl::{FallocateFlags, fallocate as allocate};
use ochre_applet::{Args, parse, parse_or};

use crate::sys;

/// A size such as `10M`, in bytes: `K` and `KiB` are 1024, `KB` is 1000.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let (power, base) = match unit {
        "" => (0, 1024),
        _ => {
            let power = "kmgtpe".find(unit[..1].to_ascii_lowercase().as_str());
            let base = match &unit[1..] {
                "" | "iB" | "i" => Some(1024_u64),
                "B" => Some(1000),
                _ => None,
            };
            let (Some(power), Some(base)) = (power, base) else {
                return Err(format!("unknown unit {unit}: use K, M, G, T, P or E"));
            };
            (power as u32 + 1, base)
        }
    };
    number
        .parse()
        .ok()
        .and_then(|number: u64| number.checked_mul(base.checked_pow(power)?))
        .ok_or_else(|| format!("no size: {text}"))
}

fn open(path: &Path, write: bool) -> Result<File> {
    OpenOptions::new()
        .read(true)
        .write(write)
        .open(path)
        .with_context(|| path.display().to_string())
}

/// What a command of blockdev does.
enum Kind {
    Long,
    Int,
    Size(u64),
    Flag(i32),
    SetLong,
    SetInt,
    Act,
}

const COMMANDS: &[(&str, u32, Kind)] = &[
    ("--flushbufs", sys::BLKFLSBUF, Kind::Act),
    ("--getalignoff", sys::BLKALIGNOFF, Kind::Int),
    ("--getbsz", sys::BLKBSZGET, Kind::Int),
    ("--getiomin", sys::BLKIOMIN, Kind::Int),
    ("--getioopt", sys::BLKIOOPT, Kind::Int),
    ("--getpbsz", sys::BLKPBSZGET, Kind::Int),
    ("--getra", sys::BLKRAGET, Kind::Long),
    ("--getro", sys::BLKROGET, Kind::Int),
    ("--getsize", sys::BLKGETSIZE, Kind::Long),
    ("--getsize64", sys::BLKGETSIZE64, Kind::Size(1)),
    ("--getss", sys::BLKSSZGET, Kind::Int),
    ("--getsz", sys::BLKGETSIZE64, Kind::Size(512)),
    ("--rereadpt", sys::BLKRRPART, Kind::Act),
    ("--setbsz", sys::BLKBSZSET, Kind::SetInt),
    ("--setra", sys::BLKRASET, Kind::SetLong),
    ("--setro", sys::BLKROSET, Kind::Flag(1)),
    ("--setrw", sys::BLKROSET, Kind::Flag(0)),
];

/// Asks and tells block devices. The command is one of: --getro --setro --setrw --getss --getbsz
/// --setbsz BYTES --getsize --getsize64 --getsz --getra --setra SECTORS --getpbsz --getiomin --getioopt
/// --getalignoff --flushbufs --rereadpt.
#[derive(clap::Parser)]
#[command(name = "blockdev", disable_version_flag = true)]
struct BlockdevOptions {
    /// Command, its number if it takes one, devices
    #[arg(required = true, allow_hyphen_values = true, trailing_var_arg = true)]
    words: Vec<String>,
}

/// The applet.
pub fn blockdev(args: Args) -> Result<u8> {
    let options: BlockdevOptions = parse(&args)?;
    let mut words = options.words.iter();
    let name = words.next().map_or("", String::as_str);
    let Some((_, number, kind)) = COMMANDS.iter().find(|(command, ..)| *command == name) else {
        bail!("unknown command {name}; see --help");
    };
    let value: u32 = match kind {
        Kind::SetLong | Kind::SetInt => words
            .next()
            .and_then(|word| word.parse().ok())
            .with_context(|| format!("{name}: no number"))?,
        _ => 0,
    };
    if words.len() == 0 {
        bail!("{name}: no device named");
    }
    for path in words {
        let device = open(Path::new(path), false)?;
        let done = match kind {
            Kind::Long => sys::get_long(&device, *number).map(|value| println!("{value}")),
            Kind::Int => sys::get_int(&device, *number).map(|value| println!("{value}")),
            Kind::Size(unit) => sys::device_size(&device).map(|bytes| println!("{}", bytes / unit)),
            Kind::Flag(flag) => sys::set_int(&device, *number, *flag),
            Kind::SetInt => sys::set_int(&device, *number, value as i32),
            Kind::SetLong => sys::request(&device, *number, value.into()).map(drop),
            Kind::Act => sys::request(&device, *number, 0).map(drop),
        };
        done.with_context(|| format!("{path}: {name}"))?;
    }
    Ok(0)
}

/// Throws the contents of a block device away.
#[derive(clap::Parser)]
#[command(name = "blkdiscard", disable_version_flag = true)]
struct DiscardOptions {
    /// Where to start, in bytes
    #[arg(short, long, value_parser = size, default_value = "0")]
    offset: u64,
    /// How many bytes; all without it
    #[arg(short, long, value_parser = size)]
    length: Option<u64>,
    /// So that nobody can find them again
    #[arg(short, long)]
    secure: bool,
    /// Write zeroes
    #[arg(short, long)]
    zeroout: bool,
    /// Even when the device is in use
    #[arg(short, long)]
    force: bool,
    /// The device
    device: PathBuf,
}

/// The applet.
pub fn blkdiscard(args: Args) -> Result<u8> {
    let options: DiscardOptions = parse(&args)?;
    let device = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(if options.force { 0 } else { libc::O_EXCL })
        .open(&options.device)
        .with_context(|| options.device.display().to_string())?;
    let end = sys::device_size(&device).with_context(|| options.device.display().to_string())?;
    if options.offset > end {
        bail!("{}: offset is behind its end", options.device.display());
    }
    let rest = end - options.offset;
    let length = options.length.map_or(rest, |length| length.min(rest));
    let number = match (options.secure, options.zeroout) {
        (true, _) => sys::BLKSECDISCARD,
        (_, true) => sys::BLKZEROOUT,
        _ => sys::BLKDISCARD,
    };
    sys::range(&device, number, options.offset, length)
        .with_context(|| options.device.display().to_string())?;
    Ok(0)
}

/// Gives a file space on its device, or takes it away.
#[derive(clap::Parser)]
#[command(name = "fallocate", disable_version_flag = true)]
struct AllocateOptions {
    /// How much
    #[arg(short, long, value_parser = size)]
    length: u64,
    /// Where
    #[arg(short, long, value_parser = size, default_value = "0")]
    offset: u64,
    /// Leave the file's size as it is
    #[arg(short = 'n', long)]
    keep_size: bool,
    /// Take the space away: it reads as zeroes then
    #[arg(short, long)]
    punch_hole: bool,
    /// Make it zeroes
    #[arg(short, long)]
    zero_range: bool,
    /// Remove a range, so that the rest moves up
    #[arg(short, long)]
    collapse_range: bool,
    /// Insert a range, so that the rest moves down
    #[arg(short, long)]
    insert_range: bool,
    /// The file
    file: PathBuf,
}

/// The applet.
pub fn fallocate(args: Args) -> Result<u8> {
    let options: AllocateOptions = parse(&args)?;
    let mut mode = FallocateFlags::empty();
    mode.set(FallocateFlags::FALLOC_FL_KEEP_SIZE, options.keep_size || options.punch_hole);
    mode.set(FallocateFlags::FALLOC_FL_PUNCH_HOLE, options.punch_hole);
    mode.set(FallocateFlags::FALLOC_FL_ZERO_RANGE, options.zero_range);
    mode.set(FallocateFlags::FALLOC_FL_COLLAPSE_RANGE, options.collapse_range);
    mode.set(FallocateFlags::FALLOC_FL_INSERT_RANGE, options.insert_range);
    if options.length == 0 {
        bail!("the length must be more than 0");
    }
    let name = options.file.display();
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(mode.is_empty() || options.keep_size)
        .truncate(false)
        .open(&options.file)
        .with_context(|| name.to_string())?;
    allocate(&file, mode, options.offset as _, options.length as _)
        .map_err(|errno| anyhow::anyhow!("{name}: fallocate failed: {}", errno.desc()))?;
    Ok(0)
}

/// Holds back the writes to a file system, or lets them go on.
#[derive(clap::Parser)]
#[command(name = "fsfreeze", disable_version_flag = true)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["freeze", "unfreeze"])))]
struct FreezeOptions {
    /// Hold them back
    #[arg(short, long)]
    freeze: bool,
    /// Let them go on
    #[arg(short, long)]
    unfreeze: bool,
    /// Where it is mounted
    folder: PathBuf,
}

/// The applet.
pub fn fsfreeze(args: Args) -> Result<u8> {
    let options: FreezeOptions = parse(&args)?;
    let folder = open(&options.folder, false)?;
    sys::freeze(&folder, options.freeze).with_context(|| options.folder.display().to_string())?;
    Ok(0)
}

/// Tells a device which blocks its file system does not use.
#[derive(clap::Parser)]
#[command(name = "fstrim", disable_version_flag = true)]
struct TrimOptions {
    /// Where to start
    #[arg(short, long, value_parser = size, default_value = "0")]
    offset: u64,
    /// How far; to the end without it
    #[arg(short, long, value_parser = size)]
    length: Option<u64>,
    /// Only free space of at least so many bytes
    #[arg(short, long, value_parser = size, default_value = "0")]
    minimum: u64,
    /// Say how many bytes there were
    #[arg(short, long)]
    verbose: bool,
    /// Where it is mounted
    folder: PathBuf,
}

/// The applet.
pub fn fstrim(args: Args) -> Result<u8> {
    let options: TrimOptions = parse(&args)?;
    let folder = open(&options.folder, false)?;
    let length = options.length.unwrap_or(u64::MAX);
    let bytes = sys::trim(&folder, options.offset, length, options.minimum)
        .with_context(|| options.folder.display().to_string())?;
    if options.verbose {
        println!("{}: {bytes} bytes trimmed", options.folder.display());
    }
    Ok(0)
}

/// Gives the memory of a RAM disk back.
#[derive(clap::Parser)]
#[command(name = "freeramdisk", disable_version_flag = true)]
struct RamOptions {
    /// The device
    device: PathBuf,
}

/// The applet.
pub fn freeramdisk(args: Args) -> Result<u8> {
    let options: RamOptions = parse_or(&args, 1)?;
    let device = open(&options.device, true)?;
    sys::request(&device, sys::BLKFLSBUF, 0)
        .with_context(|| options.device.display().to_string())?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("10"), Ok(10));
        assert_eq!(size("2K"), Ok(2048));
        assert_eq!(size("2kB"), Ok(2000));
        assert_eq!(size("1MiB"), Ok(1 << 20));
        assert!(size("1X").is_err() && size("K").is_err() && size("99999999E").is_err());
    }
}
