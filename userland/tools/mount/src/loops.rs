// SPDX-License-Identifier: MIT OR Apache-2.0
//! `losetup`, and the loop devices of `mount`: files that are used as block devices.

use std::fs::{File, OpenOptions};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use ochre_applet::{Args, complain, parse, reason};

use crate::sys;

/// The device lets go of its file when it is not used any more.
pub const AUTOCLEAR: u32 = 4;
const READ_ONLY: u32 = 1;
const SCAN_PARTITIONS: u32 = 8;
/// How often another program may take the free device before us.
const TRIES: u32 = 8;

/// What a device is to show.
pub struct Wanted<'a> {
    /// The file.
    pub file: &'a Path,
    /// Where in it the device starts.
    pub offset: u64,
    /// How long it is; 0: to the end.
    pub size_limit: u64,
    /// It must not be written.
    pub read_only: bool,
    /// `LO_FLAGS_…`.
    pub flags: u32,
}

/// Finds a free device, or takes `device`, and gives it the file.
pub fn attach(wanted: &Wanted<'_>, device: Option<&Path>) -> Result<PathBuf> {
    let mut read_only = wanted.read_only;
    let open = |read_only: bool| OpenOptions::new().read(true).write(!read_only).open(wanted.file);
    let file = open(read_only).or_else(|error| {
        // A file that we must not write can still be read.
        read_only = true;
        open(true).map_err(|_| error)
    });
    let file = file.with_context(|| wanted.file.display().to_string())?;
    let mut info = sys::LoopInfo::new();
    info.offset = wanted.offset;
    info.size_limit = wanted.size_limit;
    info.flags = wanted.flags | if read_only { READ_ONLY } else { 0 };
    let name = std::fs::canonicalize(wanted.file).unwrap_or_else(|_| wanted.file.to_owned());
    // The last byte stays zero.
    for (to, from) in info.file_name[..63].iter_mut().zip(name.as_os_str().as_bytes()) {
        *to = *from;
    }
    for _ in 0..TRIES {
        let path = device.map_or_else(free, |device| Ok(device.to_owned()))?;
        let loop_device = OpenOptions::new()
            .read(true)
            .write(!read_only)
            .open(&path)
            .with_context(|| path.display().to_string())?;
        match sys::loop_attach(&loop_device, &file, info) {
            Ok(()) => return Ok(path),
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) && device.is_none() => {}
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        }
    }
    bail!("no loop device stays free; try again")
}

/// The path of a free device.
pub fn free() -> Result<PathBuf> {
    let control = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/loop-control")
        .context("/dev/loop-control: does the kernel have loop devices?")?;
    let number = sys::loop_free(&control).context("cannot find a free loop device")?;
    Ok(PathBuf::from(format!("/dev/loop{number}")))
}

/// Takes the file away from a device.
pub fn detach(device: &Path) -> std::io::Result<()> {
    sys::loop_detach(&File::open(device)?)
}

/// Devices in use, with what they show.
fn used() -> Vec<(PathBuf, sys::LoopInfo)> {
    let mut numbers: Vec<u32> = std::fs::read_dir("/dev")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.strip_prefix("loop")?.parse().ok())
        .collect();
    numbers.sort_unstable();
    let info = |number| {
        let path = PathBuf::from(format!("/dev/loop{number}"));
        let info = sys::loop_info(&File::open(&path).ok()?).ok()?;
        Some((path, info))
    };
    numbers.into_iter().filter_map(info).collect()
}

/// Uses files as block devices; shows the loop devices in use without arguments.
#[derive(clap::Parser)]
#[command(name = "losetup")]
struct Options {
    /// Show all devices in use
    #[arg(short, long)]
    all: bool,
    /// Take the files away from the devices named
    #[arg(short, long)]
    detach: bool,
    /// Take the files away from all devices
    #[arg(short = 'D', long)]
    detach_all: bool,
    /// Use the first free device; show it, without a file
    #[arg(short, long)]
    find: bool,
    /// Show which devices use this file
    #[arg(short = 'j', long)]
    associated: Option<PathBuf>,
    /// Look at the size of the device's file again
    #[arg(short = 'c', long)]
    set_capacity: bool,
    /// Where in the file the device starts, in bytes
    #[arg(short, long, default_value_t = 0)]
    offset: u64,
    /// How long it is; 0 is to the end
    #[arg(long, default_value_t = 0)]
    sizelimit: u64,
    /// Look for partitions
    #[arg(short = 'P', long)]
    partscan: bool,
    /// Nothing is to be written
    #[arg(short, long)]
    read_only: bool,
    /// Show the device that is used
    #[arg(long)]
    show: bool,
    /// Device and file; a file alone with -f; devices with -d
    names: Vec<PathBuf>,
}

/// The applet.
pub fn losetup(args: Args) -> Result<u8> {
    let options: Options = parse(&args)?;
    if options.detach || options.detach_all {
        return Ok(detach_all(&options));
    }
    let (device, file) = match &options.names[..] {
        [] if options.find => {
            println!("{}", free()?.display());
            return Ok(0);
        }
        [] => {
            let wanted = options.associated.as_ref().map(std::fs::canonicalize).transpose()?;
            used().iter().filter(|(_, info)| shows(info, wanted.as_deref())).for_each(print);
            return Ok(0);
        }
        [file] if options.find => (None, file),
        [device] if options.set_capacity => {
            let opened = File::open(device).with_context(|| device.display().to_string())?;
            sys::loop_resize(&opened).with_context(|| device.display().to_string())?;
            return Ok(0);
        }
        [device] => {
            let info = File::open(device).and_then(|opened| sys::loop_info(&opened));
            print(&(device.clone(), info.with_context(|| device.display().to_string())?));
            return Ok(0);
        }
        [device, file] => (Some(device.as_path()), file),
        _ => bail!("too many names; see --help"),
    };
    let wanted = Wanted {
        file,
        offset: options.offset,
        size_limit: options.sizelimit,
        read_only: options.read_only,
        flags: if options.partscan { SCAN_PARTITIONS } else { 0 },
    };
    let device = attach(&wanted, device)?;
    if options.show {
        println!("{}", device.display());
    }
    Ok(0)
}

fn detach_all(options: &Options) -> u8 {
    let all = if options.detach_all { used() } else { Vec::new() };
    let mut status = 0;
    for device in options.names.iter().chain(all.iter().map(|(device, _)| device)) {
        if let Err(error) = detach(device) {
            complain("losetup", format_args!("{}: {}", device.display(), reason(&error)));
            status = 1;
        }
    }
    status
}

fn name(info: &sys::LoopInfo) -> &[u8] {
    info.file_name.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn shows(info: &sys::LoopInfo, file: Option<&Path>) -> bool {
    file.is_none_or(|file| file.as_os_str().as_bytes() == name(info))
}

fn print((device, info): &(PathBuf, sys::LoopInfo)) {
    println!("{}: {} {}", device.display(), info.offset, String::from_utf8_lossy(name(info)));
}
