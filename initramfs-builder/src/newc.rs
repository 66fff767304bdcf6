// SPDX-License-Identifier: MIT OR Apache-2.0
//! The newc format (`cpio(5)`, "new ASCII"): a header of hexadecimal numbers, the name, the data, the
//! last two padded to four bytes. Knows nothing of what the entries mean.

use crate::name::TRAILER;
use std::io::{self, Write};

/// Length of the fixed part of a header.
const HEADER_BYTES: u64 = 110;
/// The whole archive is padded to this, as cpio itself does.
const BLOCK_BYTES: u64 = 512;

/// The numbers of one header; the length of the name is added when it is written.
#[derive(Default)]
pub(crate) struct Header {
    pub inode: u32,
    /// Type and permissions, as in `stat`.
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub links: u32,
    pub mtime: u32,
    pub len_bytes: u32,
    pub device: (u32, u32),
}

/// Writes headers and data, counting bytes for the padding.
pub(crate) struct Writer<W> {
    out: W,
    written: u64,
}

impl<W: Write> Writer<W> {
    pub fn new(out: W) -> Self {
        Self { out, written: 0 }
    }

    /// Writes the header of an entry; its `len_bytes` of data must follow, then [`Self::align`].
    pub fn header(&mut self, header: &Header, name: &[u8]) -> io::Result<()> {
        let name_bytes = name.len() as u32 + 1;
        debug_assert_eq!(self.written % 4, 0);
        self.write_all(b"070701")?;
        for field in [
            header.inode,
            header.mode,
            header.uid,
            header.gid,
            header.links,
            header.mtime,
            header.len_bytes,
            0, // the device that the archive was made on: the same for all
            0,
            header.device.0,
            header.device.1,
            name_bytes,
            0, // checksum, unused in this variant
        ] {
            write!(self, "{field:08X}")?;
        }
        debug_assert_eq!(self.written % 4, HEADER_BYTES % 4);
        self.write_all(name)?;
        self.write_all(&[0])?;
        self.align()
    }

    /// Pads to a multiple of four bytes.
    pub fn align(&mut self) -> io::Result<()> {
        self.pad_to(4)
    }

    /// Writes the trailer, pads to a whole block and flushes; returns the length of the archive.
    pub fn finish(mut self) -> io::Result<u64> {
        self.header(&Header { links: 1, ..Header::default() }, TRAILER)?;
        self.pad_to(BLOCK_BYTES)?;
        self.out.flush()?;
        Ok(self.written)
    }

    fn pad_to(&mut self, unit: u64) -> io::Result<()> {
        let missing = self.written.next_multiple_of(unit) - self.written;
        self.write_all(&[0; BLOCK_BYTES as usize][..missing as usize])
    }
}

impl<W: Write> Write for Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.out.write(bytes)?;
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
