// SPDX-License-Identifier: MIT OR Apache-2.0
//! `blkid` and `findfs`: what devices hold, and which device holds something.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use ochre_applet::{Args, Failure, parse, parse_or};

use crate::probe::{self, Found};

/// The block devices that the kernel has, as files of /dev.
fn devices() -> Vec<PathBuf> {
    let text = std::fs::read_to_string("/proc/partitions").unwrap_or_default();
    let name = |line: &str| line.split_whitespace().nth(3).map(|name| Path::new("/dev").join(name));
    text.lines().skip(2).filter_map(name).filter(|path| path.exists()).collect()
}

/// The device that a name such as `LABEL=home` stands for; other names stand for themselves.
pub fn resolve(name: &OsStr) -> Result<PathBuf> {
    let Some((tag, value)) = name.to_str().and_then(|name| name.split_once('=')) else {
        return Ok(name.into());
    };
    if !matches!(tag, "LABEL" | "UUID") {
        return Ok(name.into());
    }
    let value = value.trim_matches('"');
    let holds = |path: &PathBuf| {
        File::open(path).ok().and_then(|mut file| probe::probe(&mut file)).is_some_and(|found| {
            match tag {
                "LABEL" => found.label.as_deref() == Some(value),
                _ => found.uuid.is_some_and(|uuid| uuid.eq_ignore_ascii_case(value)),
            }
        })
    };
    match devices().into_iter().find(holds) {
        Some(path) => Ok(path),
        None => bail!("unable to resolve '{tag}={value}'"),
    }
}

/// Shows which device has a label or a UUID.
#[derive(clap::Parser)]
#[command(name = "findfs", disable_version_flag = true)]
struct FindOptions {
    /// LABEL=name or UUID=number
    name: std::ffi::OsString,
}

/// The applet: status 1 when there is none, 2 for wrong arguments.
pub fn findfs(args: Args) -> Result<u8> {
    let options: FindOptions = parse_or(&args, 2)?;
    println!("{}", resolve(&options.name)?.display());
    Ok(0)
}

/// Shows what is on block devices: label, UUID and kind.
#[derive(clap::Parser)]
#[command(name = "blkid", disable_version_flag = true)]
struct Options {
    /// How: full, value, export or device
    #[arg(short, default_value = "full", value_parser = ["full", "value", "export", "device"])]
    output: String,
    /// Only this: LABEL, UUID or TYPE; may be given more than once
    #[arg(short = 's')]
    tags: Vec<String>,
    /// Look at the device itself: it always does
    #[arg(short)]
    probe: bool,
    /// Devices, or files with the same contents; all without one
    devices: Vec<PathBuf>,
}

/// The applet: status 2 when nothing was found.
pub fn blkid(args: Args) -> Result<u8> {
    let options: Options = parse(&args)?;
    let all = if options.devices.is_empty() { devices() } else { options.devices.clone() };
    let mut any = false;
    for path in all {
        let Some(found) = File::open(&path).ok().and_then(|mut file| probe::probe(&mut file))
        else {
            continue;
        };
        if options.output == "export" && any {
            println!();
        }
        any = true;
        show(&path, &found, &options);
    }
    if !any && !options.devices.is_empty() {
        return Err(Failure::silent(2).into());
    }
    Ok(0)
}

fn show(path: &Path, found: &Found, options: &Options) {
    let tags = [
        ("LABEL", found.label.as_deref()),
        ("UUID", found.uuid.as_deref()),
        ("TYPE", Some(found.fstype)),
    ];
    let wanted = |tag: &str| options.tags.is_empty() || options.tags.iter().any(|name| name == tag);
    let tags = tags.into_iter().filter(|(tag, _)| wanted(tag));
    let tags: Vec<(&str, &str)> = tags.filter_map(|(tag, value)| Some((tag, value?))).collect();
    match &*options.output {
        "device" => println!("{}", path.display()),
        "value" => tags.iter().for_each(|(_, value)| println!("{value}")),
        "export" => {
            println!("DEVNAME={}", path.display());
            tags.iter().for_each(|(tag, value)| println!("{tag}={value}"));
        }
        _ => {
            let tags: Vec<String> =
                tags.iter().map(|(tag, value)| format!("{tag}=\"{value}\"")).collect();
            println!("{}: {}", path.display(), tags.join(" "));
        }
    }
}
