// SPDX-License-Identifier: MIT OR Apache-2.0
//! `crc32` and `sha3sum`.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::Result;
use ochre_applet::{Args, Failure, complain, parse};
use sha3::{Digest, Sha3_224, Sha3_256, Sha3_384, Sha3_512};

use crate::each_file;

/// Prints the CRC-32 of files, as zip and gzip have it.
#[derive(clap::Parser)]
#[command(name = "crc32", disable_version_flag = true)]
struct CrcOptions {
    /// The files
    files: Vec<PathBuf>,
}

/// Gives each piece of a file to a function.
fn pieces(file: &mut dyn Read, mut take: impl FnMut(&[u8])) -> std::io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(()),
            count => take(&buffer[..count]),
        }
    }
}

/// The applet.
pub fn crc32(args: Args) -> Result<u8> {
    let options: CrcOptions = parse(&args)?;
    Ok(each_file("crc32", &options.files, |path, file| {
        let mut sum = crc32fast::Hasher::new();
        pieces(file, |piece| sum.update(piece))?;
        let name =
            if path == Path::new("-") { String::new() } else { format!(" {}", path.display()) };
        println!("{:08x}{name}", sum.finalize());
        Ok(())
    }))
}

/// Prints SHA-3 checksums, or checks them.
#[derive(clap::Parser)]
#[command(name = "sha3sum", disable_version_flag = true)]
struct ShaOptions {
    /// So many bits
    #[arg(short = 'a', long, default_value_t = 224)]
    algorithm: u16,
    /// Read checksums and names from the files, and check them
    #[arg(short = 'c', long)]
    check: bool,
    /// Print nothing; the status tells
    #[arg(short = 's', long)]
    status: bool,
    /// Tell of lines that are no checksums
    #[arg(short = 'w', long)]
    warn: bool,
    /// Mark names with * (as others do for binary files)
    #[arg(short = 'b', long)]
    binary: bool,
    /// The files
    files: Vec<PathBuf>,
}

fn digest<Hash: Digest>(file: &mut dyn Read) -> std::io::Result<String> {
    let mut hash = Hash::new();
    pieces(file, |piece| hash.update(piece))?;
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn sum(bits: u16, file: &mut dyn Read) -> std::io::Result<String> {
    match bits {
        224 => digest::<Sha3_224>(file),
        256 => digest::<Sha3_256>(file),
        384 => digest::<Sha3_384>(file),
        _ => digest::<Sha3_512>(file),
    }
}

/// The applet.
pub fn sha3sum(args: Args) -> Result<u8> {
    let options: ShaOptions = parse(&args)?;
    if ![224, 256, 384, 512].contains(&options.algorithm) {
        return Err(Failure::new(1, "-a wants 224, 256, 384 or 512").into());
    }
    let mut bad = 0;
    let status = each_file("sha3sum", &options.files, |path, file| {
        if options.check {
            bad += check(path, file, &options)?;
        } else {
            let mark = if options.binary { '*' } else { ' ' };
            println!("{} {mark}{}", sum(options.algorithm, file)?, path.display());
        }
        Ok(())
    });
    Ok(status.max(u8::from(bad > 0)))
}

/// Checks a list; gives how many files are not as it says.
fn check(path: &Path, list: &mut dyn Read, options: &ShaOptions) -> std::io::Result<usize> {
    let (mut bad, mut good) = (0, 0);
    for (number, line) in BufReader::new(list).lines().enumerate() {
        let line = line?;
        let parts = line.split_once(' ').and_then(|(sum, name)| {
            let name = name.strip_prefix([' ', '*'])?;
            sum.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some((sum, name))
        });
        let Some((wanted, name)) = parts else {
            if options.warn {
                complain(
                    "sha3sum",
                    format_args!("{}: {}: not a checksum", path.display(), number + 1),
                );
            }
            continue;
        };
        let found =
            std::fs::File::open(name).and_then(|mut file| sum(options.algorithm, &mut file));
        let fits = found.as_ref().is_ok_and(|found| found.eq_ignore_ascii_case(wanted));
        *(if fits { &mut good } else { &mut bad }) += 1;
        if !options.status {
            println!("{name}: {}", if fits { "OK" } else { "FAILED" });
        }
    }
    if good + bad == 0 {
        return Err(std::io::Error::other("no checksum lines found; write them with sha3sum"));
    }
    if bad > 0 && !options.status {
        let all = good + bad;
        complain(
            "sha3sum",
            format_args!("WARNING: {bad} of {all} computed checksums did NOT match"),
        );
    }
    Ok(bad)
}
