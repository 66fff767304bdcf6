// SPDX-License-Identifier: MIT OR Apache-2.0
//! The formats of cpio: "newc" in hexadecimal, filled up to four bytes, and "odc" in octal.

use std::collections::HashMap;
use std::io::{self, Read, Write};

use anyhow::{Context, bail};
use nix::sys::stat::SFlag;

use crate::member::{Kind, Member, path};

/// The name behind the last member.
const TRAILER: &[u8] = b"TRAILER!!!";
/// No name and no link is longer.
const MAX_NAME: u64 = 1 << 16;

/// A member, and the one before it that is the same file.
pub struct Entry {
    pub member: Member,
    pub same_as: Option<Vec<u8>>,
}

/// An archive that is being read. As [`Read`] it gives the data of the current member.
pub struct Reader<R> {
    inner: R,
    position: u64,
    left: u64,
    padding: u64,
    linked: HashMap<(u64, u64), Vec<u8>>,
}

impl<R: Read> Reader<R> {
    pub fn new(inner: R) -> Self {
        Self { inner, position: 0, left: 0, padding: 0, linked: HashMap::new() }
    }

    /// Bytes read so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    fn take(&mut self, count: u64) -> anyhow::Result<Vec<u8>> {
        let mut data = Vec::new();
        (&mut self.inner).take(count).read_to_end(&mut data)?;
        self.position += data.len() as u64;
        if (data.len() as u64) < count {
            bail!("short read");
        }
        Ok(data)
    }

    /// The next member; its data is what reading gives then.
    pub fn next(&mut self) -> anyhow::Result<Option<Entry>> {
        let rest = self.left + self.padding;
        let skipped = io::copy(&mut (&mut self.inner).take(rest), &mut io::sink())?;
        self.position += skipped;
        if skipped < rest {
            bail!("short read");
        }
        let magic = self.take(6)?;
        // The lengths of the fields, and in which of them what stands.
        let hexadecimal = match magic.as_slice() {
            b"070701" | b"070702" => true,
            b"070707" => false,
            _ => bail!("unsupported cpio format, use newc or crc"),
        };
        let mut fields = [0; 13];
        if hexadecimal {
            for field in &mut fields {
                *field = number(&self.take(8)?, 16)?;
            }
        } else {
            for (at, length) in [6, 6, 6, 6, 6, 6, 6, 11, 6, 11].into_iter().enumerate() {
                fields[at] = number(&self.take(length)?, 8)?;
            }
            let [device, inode, mode, uid, gid, links, rdev, mtime, name, size, ..] = fields;
            let (major, minor) = (rdev >> 8, rdev & 0xff);
            fields = [inode, mode, uid, gid, links, mtime, size, 0, device, major, minor, name, 0];
        }
        let [inode, mode, uid, gid, links, mtime, size, major, minor, rmajor, rminor, length, _] =
            fields;
        if length == 0 || length > MAX_NAME {
            bail!("a name of {length} bytes: the archive is damaged");
        }
        let mut name = self.take(length)?;
        name.truncate(name.iter().position(|byte| *byte == 0).unwrap_or(name.len()));
        let fill = |count: u64| if hexadecimal { count.wrapping_neg() % 4 } else { 0 };
        self.take(fill(110 + length))?;
        (self.left, self.padding) = (size, fill(size));
        if name == TRAILER {
            // Fill up the block, so that whoever writes it gets no broken pipe.
            io::copy(&mut self.inner, &mut io::sink())?;
            return Ok(None);
        }
        let mode = mode as u32;
        let kind = match SFlag::from_bits_truncate(mode & SFlag::S_IFMT.bits()) {
            SFlag::S_IFDIR => Kind::Folder,
            SFlag::S_IFLNK => {
                if size > MAX_NAME {
                    bail!("a link of {size} bytes: the archive is damaged");
                }
                let target = self.take(size)?;
                self.left = 0;
                Kind::Symlink(path(&target))
            }
            SFlag::S_IFIFO => Kind::Fifo,
            SFlag::S_IFBLK => Kind::Device(true, nix::sys::stat::makedev(rmajor, rminor)),
            SFlag::S_IFCHR => Kind::Device(false, nix::sys::stat::makedev(rmajor, rminor)),
            SFlag::S_IFREG => Kind::File,
            _ => bail!("{}: a kind of file that is not known", String::from_utf8_lossy(&name)),
        };
        let mut same_as = None;
        if links > 1 && kind != Kind::Folder {
            match self.linked.get(&(major << 32 | minor, inode)) {
                Some(first) => same_as = Some(first.clone()),
                None => {
                    self.linked.insert((major << 32 | minor, inode), name.clone());
                }
            }
        }
        let member = Member {
            name,
            kind,
            mode: mode & 0o7777,
            uid: uid as u32,
            gid: gid as u32,
            user: String::new(),
            group: String::new(),
            mtime: (mtime as i64, 0),
            size,
        };
        Ok(Some(Entry { member, same_as }))
    }
}

impl<R: Read> Read for Reader<R> {
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

fn number(digits: &[u8], base: u32) -> anyhow::Result<u64> {
    let text = std::str::from_utf8(digits).context("a field of the header is no number")?;
    u64::from_str_radix(text, base)
        .with_context(|| format!("a field of the header is no number: {text}"))
}

/// An archive that is being written.
pub struct Writer<W> {
    inner: W,
    written: u64,
}

impl<W: Write> Writer<W> {
    pub fn new(inner: W) -> Self {
        Self { inner, written: 0 }
    }

    fn put(&mut self, data: &[u8]) -> io::Result<()> {
        self.written += data.len() as u64;
        self.inner.write_all(data)
    }

    fn fill(&mut self, to: u64) -> io::Result<()> {
        let count = self.written.wrapping_neg() % to;
        self.put(&vec![0; count as usize])
    }

    /// Writes a member that is one of `links` names for the file numbered `inode`.
    ///
    /// # Errors
    /// Those of the stream, and when the data is shorter than the member's size.
    pub fn member(
        &mut self,
        member: &Member,
        inode: u64,
        links: u64,
        data: &mut dyn Read,
    ) -> anyhow::Result<()> {
        use std::os::unix::ffi::OsStrExt;
        let link = match &member.kind {
            Kind::Symlink(target) => target.as_os_str().as_bytes(),
            _ => b"",
        };
        let size = if link.is_empty() { member.size } else { link.len() as u64 };
        let device = if let Kind::Device(_, number) = member.kind { number } else { 0 };
        let mode = member.type_bits() | member.mode;
        let fields = [
            inode,
            mode.into(),
            member.uid.into(),
            member.gid.into(),
            links,
            member.mtime.0.max(0) as u64,
            size,
            0,
            0,
            nix::sys::stat::major(device),
            nix::sys::stat::minor(device),
            member.name.len() as u64 + 1,
            0,
        ];
        let mut header = b"070701".to_vec();
        for field in fields {
            if field > u32::MAX.into() {
                bail!("{}: too large for this format", String::from_utf8_lossy(&member.name));
            }
            write!(header, "{field:08X}")?;
        }
        header.extend_from_slice(&member.name);
        header.push(0);
        self.put(&header)?;
        self.fill(4)?;
        self.put(link)?;
        if member.size > 0 {
            let copied = io::copy(&mut data.take(member.size), &mut self.inner)?;
            self.written += copied;
            if copied < member.size {
                bail!("{}: file shrank while it was read", String::from_utf8_lossy(&member.name));
            }
        }
        Ok(self.fill(4)?)
    }

    /// Writes the end mark, fills up the last block and gives the number of blocks.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn end(mut self) -> anyhow::Result<u64> {
        let mut header = b"070701".to_vec();
        for field in [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, TRAILER.len() + 1, 0] {
            write!(header, "{field:08X}")?;
        }
        header.extend_from_slice(TRAILER);
        header.push(0);
        self.put(&header)?;
        self.fill(512)?;
        self.inner.flush()?;
        Ok(self.written / 512)
    }
}
