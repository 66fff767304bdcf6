// SPDX-License-Identifier: MIT OR Apache-2.0
//! `dpkg-deb` and `rpm2cpio`: what is in packages of other systems.
//!
//! A Debian package is an `ar` archive of a tar archive with its description and one with its files; an
//! RPM is three headers and a compressed cpio archive.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use ochre_applet::{Args, parse_or};

use crate::tar::{What, unpack_stream};

/// What rpm's headers begin with.
const RPM_LEAD: [u8; 4] = [0xed, 0xab, 0xee, 0xdb];
const RPM_HEADER: [u8; 4] = [0x8e, 0xad, 0xe8, 0x01];
const RPM_LEAD_LEN: usize = 96;
/// What dpkg-deb says of wrong arguments and of all else that goes wrong.
const WRONG: u8 = 2;

/// Look into a Debian package, or unpack it.
#[derive(clap::Parser)]
#[command(name = "dpkg-deb", args_override_self = true)]
struct Options {
    /// List the files
    #[arg(short = 'c', long)]
    contents: bool,
    /// Unpack the files into a folder
    #[arg(short = 'x', long)]
    extract: bool,
    /// Unpack the files and name them
    #[arg(short = 'X', long)]
    vextract: bool,
    /// Unpack the description into a folder, DEBIAN where none is named
    #[arg(short = 'e', long)]
    control: bool,
    /// Unpack files and description
    #[arg(short = 'R', long)]
    raw_extract: bool,
    /// Print fields of the description, all where none is named
    #[arg(short = 'f', long)]
    field: bool,
    /// Print the description
    #[arg(short = 'I', long)]
    info: bool,
    /// The files as a tar archive to standard output
    #[arg(long)]
    fsys_tarfile: bool,
    /// The package
    package: PathBuf,
    /// Folder, or fields
    rest: Vec<String>,
}

/// The member of a package whose name begins so, unpacked.
fn part(package: &Path, start: &[u8]) -> anyhow::Result<Box<dyn Read>> {
    let file =
        File::open(package).with_context(|| format!("can't open '{}'", package.display()))?;
    let mut archive = ar::Archive::new(BufReader::new(file));
    while let Some(entry) = archive.next_entry() {
        let mut entry = entry.with_context(|| format!("{} is no package", package.display()))?;
        if entry.header().identifier().starts_with(start) {
            let mut data = Vec::new();
            entry.read_to_end(&mut data)?;
            return Ok(ochre_compress::open(Box::new(Cursor::new(data)))?);
        }
    }
    bail!(
        "{} is no Debian package: it has no {}",
        package.display(),
        String::from_utf8_lossy(start)
    )
}

/// The text that describes a package.
fn description(package: &Path) -> anyhow::Result<String> {
    let mut text = Vec::new();
    unpack_stream(part(package, b"control.tar")?, What::Print("control", &mut text))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The applet.
pub fn dpkg_deb(args: Args) -> anyhow::Result<u8> {
    let options: Options = parse_or(&args, WRONG)?;
    let package = options.package.as_path();
    let folder = || options.rest.first().map(PathBuf::from);
    if options.contents {
        unpack_stream(part(package, b"data.tar")?, What::List)?;
    } else if options.fsys_tarfile {
        io::copy(&mut part(package, b"data.tar")?, &mut io::stdout())?;
    } else if options.extract || options.vextract || options.raw_extract {
        let folder = folder().context("a folder to unpack into is needed")?;
        std::fs::create_dir_all(&folder)?;
        unpack_stream(part(package, b"data.tar")?, What::Extract(&folder, options.vextract))?;
        if options.raw_extract {
            let inner = folder.join("DEBIAN");
            std::fs::create_dir_all(&inner)?;
            unpack_stream(part(package, b"control.tar")?, What::Extract(&inner, false))?;
        }
    } else if options.control {
        let folder = folder().unwrap_or_else(|| "DEBIAN".into());
        std::fs::create_dir_all(&folder)?;
        unpack_stream(part(package, b"control.tar")?, What::Extract(&folder, false))?;
    } else if options.field || options.info {
        let text = description(package)?;
        let wanted = if options.info { &[] } else { options.rest.as_slice() };
        print!("{}", fields(&text, wanted));
    } else {
        bail!("one of -c, -x, -X, -e, -R, -f and -I is needed; see dpkg-deb --help");
    }
    Ok(0)
}

/// Fields of a description, all where none is named; one alone is its value only.
fn fields(text: &str, wanted: &[String]) -> String {
    let mut result = String::new();
    let mut take = false;
    for line in text.lines().filter(|line| !line.is_empty()) {
        if !line.starts_with([' ', '\t']) {
            let name = line.split(':').next().unwrap_or(line);
            take = wanted.is_empty() || wanted.iter().any(|field| field.eq_ignore_ascii_case(name));
            if take && wanted.len() == 1 {
                let value = line.split_once(':').map_or("", |(_, value)| value.trim_start());
                result += &format!("{value}\n");
                continue;
            }
        }
        if take {
            result += line;
            result.push('\n');
        }
    }
    result
}

/// Write the files of an RPM as a cpio archive to standard output.
#[derive(clap::Parser)]
#[command(name = "rpm2cpio")]
struct RpmOptions {
    /// The package; standard input where none is named
    package: Option<PathBuf>,
}

/// The applet.
pub fn rpm2cpio(args: Args) -> anyhow::Result<u8> {
    let options: RpmOptions = ochre_applet::parse(&args)?;
    let mut input: Box<dyn Read> = match options.package.filter(|package| package != Path::new("-"))
    {
        Some(package) => Box::new(BufReader::new(
            File::open(&package).with_context(|| format!("can't open '{}'", package.display()))?,
        )),
        None => Box::new(io::stdin()),
    };
    let mut lead = [0; RPM_LEAD_LEN];
    input.read_exact(&mut lead).context("argument is not an RPM package")?;
    if lead[..4] != RPM_LEAD {
        bail!("argument is not an RPM package");
    }
    let signature = skip_header(&mut input)?;
    // The first header is filled up to eight bytes.
    skip(&mut input, signature.wrapping_neg() % 8)?;
    skip_header(&mut input)?;
    let mut out = io::stdout().lock();
    io::copy(&mut ochre_compress::open(input)?, &mut out)?;
    out.flush()?;
    Ok(0)
}

/// Skips a header; gives its length.
fn skip_header(input: &mut dyn Read) -> anyhow::Result<u64> {
    let mut start = [0; 16];
    input.read_exact(&mut start).context("unexpected end of the package")?;
    if start[..4] != RPM_HEADER {
        bail!("a header of the package is damaged");
    }
    let number = |at: usize| {
        u64::from(u32::from_be_bytes([start[at], start[at + 1], start[at + 2], start[at + 3]]))
    };
    let length = number(8) * 16 + number(12);
    skip(input, length)?;
    Ok(16 + length)
}

fn skip(input: &mut dyn Read, count: u64) -> anyhow::Result<()> {
    let skipped = io::copy(&mut input.take(count), &mut io::sink())?;
    if skipped < count {
        bail!("unexpected end of the package");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::fields;

    #[test]
    fn fields_are_found_in_any_case() {
        let text = "Package: a\nVersion: 1\nDescription: b\n more\n";
        assert_eq!(fields(text, &["version".into()]), "1\n");
        assert_eq!(
            fields(text, &["Package".into(), "Description".into()]),
            "Package: a\nDescription: b\n more\n"
        );
        assert_eq!(fields(text, &[]), text);
    }
}
