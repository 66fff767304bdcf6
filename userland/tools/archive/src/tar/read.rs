// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reads an archive: members one by one, each with its data.
//!
//! Fields are read by the crate `tar`; the sequence of blocks is our own, because archives are met that
//! the crate refuses: links with a size, and archives without an end mark.

use std::io::{self, Read};

use anyhow::{Context, bail};
use tar::{Header, PaxExtensions};

use crate::member::{Kind, Member, path};

const BLOCK: u64 = 512;
/// No name and no list of attributes is longer: what asks for more is broken.
const MAX_EXTRA: u64 = 1 << 20;

/// An archive that is being read. As [`Read`] it gives the data of the current member.
pub struct Reader {
    inner: Box<dyn Read>,
    /// Bytes read of the archive so far.
    position: u64,
    /// Bytes left of the current member, and of its padding.
    left: u64,
    padding: u64,
    /// Where the last member ends.
    end: u64,
    started: bool,
    /// Attributes that hold for all members.
    global: Vec<(String, Vec<u8>)>,
}

impl Reader {
    /// An archive that begins where the stream stands.
    pub fn new(inner: Box<dyn Read>) -> Self {
        Self { inner, position: 0, left: 0, padding: 0, end: 0, started: false, global: Vec::new() }
    }

    /// Where the end mark begins; known when all members were read.
    pub fn end(&self) -> u64 {
        self.end
    }

    fn skip(&mut self, count: u64) -> anyhow::Result<()> {
        let skipped = io::copy(&mut (&mut self.inner).take(count), &mut io::sink())?;
        self.position += skipped;
        if skipped < count {
            bail!("short read");
        }
        Ok(())
    }

    /// The next block, `None` at the end of the stream.
    fn block(&mut self) -> anyhow::Result<Option<Header>> {
        let mut header = Header::new_old();
        let block = header.as_mut_bytes();
        let mut got = 0;
        while got < block.len() {
            match self.inner.read(&mut block[got..]) {
                Ok(0) => break,
                Ok(count) => got += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // What follows the compressed data is not the archive's.
                Err(error) if is_garbage(&error) => break,
                Err(error) => return Err(error.into()),
            }
        }
        self.position += got as u64;
        match got {
            0 => Ok(None),
            512 => Ok(Some(header)),
            _ => bail!("short read"),
        }
    }

    /// The next member; its data is what reading gives then.
    pub fn next(&mut self) -> anyhow::Result<Option<Member>> {
        let mut long_name = None;
        let mut long_link = None;
        let mut attributes = Vec::new();
        loop {
            self.skip(self.left + self.padding)?;
            (self.left, self.padding) = (0, 0);
            if long_name.is_none() && long_link.is_none() && attributes.is_empty() {
                self.end = self.position;
            }
            let Some(header) = self.block()? else {
                if !self.started {
                    bail!("short read");
                }
                return Ok(None);
            };
            if header.as_bytes().iter().all(|byte| *byte == 0) {
                self.started = true;
                // The rest is read, so that whoever writes it gets no broken pipe.
                io::copy(&mut self.inner, &mut io::sink()).or_else(ignore_garbage)?;
                return Ok(None);
            }
            if !is_intact(&header) {
                bail!("invalid tar magic");
            }
            self.started = true;
            let size = header.entry_size().context("the size of a member cannot be read")?;
            let kind = header.entry_type().as_byte();
            self.left = size;
            self.padding = size.wrapping_neg() % BLOCK;
            if b"LKxgX".contains(&kind) {
                if size > MAX_EXTRA {
                    bail!("a name or its attributes are longer than {MAX_EXTRA} bytes");
                }
                let mut data = Vec::new();
                self.read_to_end(&mut data)?;
                match kind {
                    b'L' => long_name = Some(until_nul(data)),
                    b'K' => long_link = Some(until_nul(data)),
                    b'g' => self.global = pax(&data)?,
                    _ => attributes = pax(&data)?,
                }
                continue;
            }
            let mut all = self.global.clone();
            all.append(&mut attributes);
            return self.member(&header, long_name, long_link, &all).map(Some);
        }
    }

    fn member(
        &mut self,
        header: &Header,
        long_name: Option<Vec<u8>>,
        long_link: Option<Vec<u8>>,
        attributes: &[(String, Vec<u8>)],
    ) -> anyhow::Result<Member> {
        // The last one of a name holds.
        let get = |key: &str| {
            attributes.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_slice())
        };
        let number = |key: &str| std::str::from_utf8(get(key)?).ok()?.parse::<u64>().ok();
        if let Some(size) = number("size") {
            self.left = size;
            self.padding = size.wrapping_neg() % BLOCK;
        }
        let name = get("path").map(<[u8]>::to_vec).or(long_name);
        let name = name.unwrap_or_else(|| header.path_bytes().into_owned());
        let link = get("linkpath").map(<[u8]>::to_vec).or(long_link);
        let link = link
            .or_else(|| header.link_name_bytes().map(|link| link.into_owned()))
            .unwrap_or_default();
        let device = || -> io::Result<u64> {
            let major = header.device_major()?.unwrap_or(0);
            let minor = header.device_minor()?.unwrap_or(0);
            Ok(nix::sys::stat::makedev(major.into(), minor.into()) as u64)
        };
        let kind = match header.entry_type().as_byte() {
            b'1' => Kind::Hardlink(path(&link)),
            b'2' => Kind::Symlink(path(&link)),
            b'3' => Kind::Device(false, device()?),
            b'4' => Kind::Device(true, device()?),
            b'5' | b'D' => Kind::Folder,
            b'6' => Kind::Fifo,
            b'S' => bail!("sparse members cannot be read: pack without --sparse"),
            _ if name.ends_with(b"/") => Kind::Folder,
            _ => Kind::File,
        };
        if kind != Kind::File {
            // Some archives have a size here, and no data.
            (self.left, self.padding) = (0, 0);
        }
        let text = |key, field: Option<&[u8]>| {
            String::from_utf8_lossy(get(key).or(field).unwrap_or_default()).into_owned()
        };
        let mtime = get("mtime").and_then(seconds);
        Ok(Member {
            size: self.left,
            mode: header.mode()? & 0o7777,
            uid: number("uid").map_or_else(|| header.uid(), Ok)? as u32,
            gid: number("gid").map_or_else(|| header.gid(), Ok)? as u32,
            user: text("uname", header.username_bytes()),
            group: text("gname", header.groupname_bytes()),
            mtime: mtime.map_or_else(|| header.mtime().map(|time| (time as i64, 0)), Ok)?,
            name,
            kind,
        })
    }
}

impl Read for Reader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let wanted = self.left.min(out.len() as u64) as usize;
        if wanted == 0 {
            return Ok(0);
        }
        let count = self.inner.read(&mut out[..wanted])?;
        if count == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "short read"));
        }
        self.left -= count as u64;
        self.position += count as u64;
        Ok(count)
    }
}

fn is_garbage(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<ochre_compress::TrailingGarbage>())
}

fn ignore_garbage(error: io::Error) -> io::Result<u64> {
    if is_garbage(&error) { Ok(0) } else { Err(error) }
}

/// Whether the check sum is right; old programs summed up signed bytes.
fn is_intact(header: &Header) -> bool {
    let Ok(stored) = header.cksum() else { return false };
    let bytes = header.as_bytes();
    let fields = bytes[..148].iter().chain(&bytes[156..]);
    let unsigned: u32 = fields.clone().map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
    let signed: i32 = fields.map(|byte| i32::from(*byte as i8)).sum::<i32>() + 8 * 32;
    stored == unsigned || stored as i32 == signed
}

fn until_nul(mut data: Vec<u8>) -> Vec<u8> {
    data.truncate(data.iter().position(|byte| *byte == 0).unwrap_or(data.len()));
    data
}

fn pax(data: &[u8]) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut result = Vec::new();
    for extension in PaxExtensions::new(data) {
        let extension = extension.context("attributes of a member cannot be read")?;
        let key = String::from_utf8_lossy(extension.key_bytes()).into_owned();
        result.push((key, extension.value_bytes().to_vec()));
    }
    Ok(result)
}

/// `1234.5` in seconds and nanoseconds.
fn seconds(text: &[u8]) -> Option<(i64, u32)> {
    let text = std::str::from_utf8(text).ok()?;
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = part.chars().chain("000000000".chars()).take(9).collect();
    Some((whole.parse().ok()?, digits.parse().ok()?))
}
