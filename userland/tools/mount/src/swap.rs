// SPDX-License-Identifier: MIT OR Apache-2.0
//! `swapon`, `swapoff` and `mkswap`.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use ochre_applet::{Args, complain, parse, reason};

use crate::probe::uuid_text;
use crate::table::{self, FSTAB};
use crate::{blkid, sys};

const SWAPS: &str = "/proc/swaps";
const PREFER: i32 = 0x8000;
const PRIORITY: i32 = 0x7fff;
const DISCARD: i32 = 0x1_0000;

/// Lets the kernel move memory to devices and files.
#[derive(clap::Parser)]
#[command(name = "swapon", disable_version_flag = true)]
struct OnOptions {
    /// All swap of /etc/fstab that has no `noauto`
    #[arg(short, long)]
    all: bool,
    /// Say to the device which blocks are free
    #[arg(short, long)]
    discard: bool,
    /// Leave out what is not there
    #[arg(short = 'e', long)]
    ifexists: bool,
    /// Use those with a higher number first
    #[arg(short, long)]
    priority: Option<i32>,
    /// Show what is in use
    #[arg(short, long)]
    summary: bool,
    /// Devices or files
    names: Vec<OsString>,
}

/// Ends the use of devices and files for memory.
#[derive(clap::Parser)]
#[command(name = "swapoff", disable_version_flag = true)]
struct OffOptions {
    /// All that is in use
    #[arg(short, long)]
    all: bool,
    /// Devices or files
    names: Vec<OsString>,
}

/// Names of /proc/swaps.
fn active() -> Vec<PathBuf> {
    let text = std::fs::read_to_string(SWAPS).unwrap_or_default();
    let name = |line: &str| line.split_whitespace().next().map(PathBuf::from);
    text.lines().skip(1).filter_map(name).collect()
}

/// Does it for each name, and counts the failures as status 1.
fn each(program: &str, names: &[OsString], act: impl Fn(&Path) -> Result<()>) -> u8 {
    let mut status = 0;
    for name in names {
        if let Err(error) = blkid::resolve(name).and_then(|path| act(&path)) {
            complain(program, format_args!("{error:#}"));
            status = 1;
        }
    }
    status
}

/// The applet.
pub fn swapon(args: Args) -> Result<u8> {
    let options: OnOptions = parse(&args)?;
    if options.summary {
        // A kernel without swap has no such file, and no swap in use.
        print!("{}", std::fs::read_to_string(SWAPS).unwrap_or_default());
        return Ok(0);
    }
    let mut status = 0;
    if options.all {
        for entry in table::read(FSTAB).context(FSTAB)? {
            let path = table::canonical(&entry.source);
            if entry.fstype != "swap"
                || entry.has_option("noauto")
                || active().contains(&PathBuf::from(&path))
            {
                continue;
            }
            let priority = entry.options.split(',').find_map(|option| option.strip_prefix("pri="));
            let priority = priority.and_then(|number| number.parse().ok()).or(options.priority);
            let quiet = options.ifexists || entry.has_option("nofail");
            let discard = options.discard || entry.has_option("discard");
            status |= each("swapon", &[entry.source], |path| on(path, priority, discard, quiet));
        }
    } else if options.names.is_empty() {
        bail!("which swap? name devices or files, or -a");
    }
    let on = |path: &Path| on(path, options.priority, options.discard, options.ifexists);
    Ok(status | each("swapon", &options.names, on))
}

fn on(path: &Path, priority: Option<i32>, discard: bool, quiet: bool) -> Result<()> {
    let mut flags = if discard { DISCARD } else { 0 };
    if let Some(priority) = priority {
        flags |= PREFER | priority.min(PRIORITY) & PRIORITY;
    }
    match sys::swap_on(path, flags) {
        Err(error) if !(quiet && error.kind() == std::io::ErrorKind::NotFound) => {
            bail!("{}: {}", path.display(), reason(&error))
        }
        _ => Ok(()),
    }
}

/// The applet.
pub fn swapoff(args: Args) -> Result<u8> {
    let options: OffOptions = parse(&args)?;
    let mut names = options.names;
    if options.all {
        names.extend(active().into_iter().map(OsString::from));
    } else if names.is_empty() {
        bail!("which swap? name devices or files, or -a");
    }
    Ok(each("swapoff", &names, |path| match sys::swap_off(path) {
        Err(error) => bail!("{}: {}", path.display(), reason(&error)),
        Ok(()) => Ok(()),
    }))
}

/// Prepares a device or file for `swapon`.
#[derive(clap::Parser)]
#[command(name = "mkswap", disable_version_flag = true)]
struct MakeOptions {
    /// A name for it
    #[arg(short = 'L', long)]
    label: Option<String>,
    /// Its UUID, or `clear`, `random`
    #[arg(short = 'U', long)]
    uuid: Option<String>,
    /// The size of a page, when it is for another machine
    #[arg(short, long)]
    pagesize: Option<usize>,
    /// Even when it looks like a whole disk: it is never asked
    #[arg(short, long)]
    force: bool,
    /// The device or file
    device: PathBuf,
    /// Use so many KiB of it only
    kib: Option<u64>,
}

/// The applet.
pub fn mkswap(args: Args) -> Result<u8> {
    let options: MakeOptions = parse(&args)?;
    let name = options.device.display().to_string();
    let page = options.pagesize.unwrap_or_else(rustix::param::page_size);
    if !page.is_power_of_two() || page < 4096 {
        bail!("bad page size {page}: it is a power of two from 4096 on");
    }
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&options.device)
        .with_context(|| name.clone())?;
    let found = file.metadata()?;
    let size = if found.file_type().is_block_device() {
        sys::device_size(&file).with_context(|| name.clone())?
    } else {
        found.len()
    };
    let size = options.kib.map_or(size, |kib| size.min(kib * 1024));
    let pages = size / page as u64;
    if pages < 10 {
        bail!("{name}: swap area needs to be at least {} KiB", 10 * page / 1024);
    }
    let uuid = match options.uuid.as_deref() {
        None | Some("random") => random_uuid()?,
        Some("clear") => [0; 16],
        Some(text) => parse_uuid(text).with_context(|| format!("bad UUID {text}"))?,
    };
    let label = options.label.unwrap_or_default();
    if label.len() > 15 {
        bail!("the label is longer than 15 bytes");
    }
    // The header of linux/swap.h starts behind a boot sector; the mark ends the page.
    let mut header = vec![0; page];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut header[..1024]).with_context(|| name.clone())?;
    header[1024..1028].copy_from_slice(&1_u32.to_ne_bytes());
    let last = u32::try_from(pages - 1).unwrap_or(u32::MAX);
    header[1028..1032].copy_from_slice(&last.to_ne_bytes());
    header[1036..1052].copy_from_slice(&uuid);
    header[1052..1052 + label.len()].copy_from_slice(label.as_bytes());
    header[page - 10..].copy_from_slice(b"SWAPSPACE2");
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&header).and_then(|()| file.sync_all()).with_context(|| name.clone())?;
    println!("Setting up swapspace version 1, size = {}", (pages - 1) * page as u64);
    let label = if label.is_empty() { "no label".into() } else { format!("LABEL={label}") };
    println!("{label}, UUID={}", uuid_text(&uuid));
    Ok(0)
}

/// A UUID of version 4.
fn random_uuid() -> Result<[u8; 16]> {
    let mut uuid = [0; 16];
    rustix::rand::getrandom(&mut uuid, rustix::rand::GetRandomFlags::empty())
        .context("cannot get random bytes")?;
    uuid[6] = uuid[6] & 0x0f | 0x40;
    uuid[8] = uuid[8] & 0x3f | 0x80;
    Ok(uuid)
}

fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    (digits.len() == 32).then_some(())?;
    Some(u128::from_str_radix(&digits, 16).ok()?.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_the_same_read_and_written() {
        let text = "01234567-89ab-cdef-0123-456789abcdef";
        assert_eq!(parse_uuid(text).map(|uuid| uuid_text(&uuid)).as_deref(), Some(text));
        assert_eq!(parse_uuid("01234567"), None);
    }
}
