// SPDX-License-Identifier: MIT OR Apache-2.0
//! Writing compressed data.
//!
//! zstd's encoder reads its data itself; so frames of a few mebibytes are made, which every decoder
//! takes for one stream.

use std::io::{self, Write};

use lzma_rust2::{LzmaOptions, LzmaWriter, XzOptions, XzWriter};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use crate::Format;

/// Bytes of the largest dictionary; the tree that searches it takes ten times as much.
const MOST_DICTIONARY: u32 = 16 << 20;
/// Data that makes up one zstd frame.
const FRAME_BYTES: usize = 4 << 20;

/// A writer with something to write at its end.
pub trait Finish: Write {
    /// Writes all that is left.
    ///
    /// # Errors
    /// Those of the stream.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

impl<W: Write> Finish for flate2::write::GzEncoder<W> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        (*self).finish()?.flush()
    }
}

impl<W: Write> Finish for bzip2::write::BzEncoder<W> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        (*self).finish()?.flush()
    }
}

impl<W: Write> Finish for XzWriter<W> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        (*self).finish()?.flush()
    }
}

impl<W: Write> Finish for LzmaWriter<W> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        (*self).finish()?.flush()
    }
}

struct ZstdWriter<W> {
    inner: W,
    pending: Vec<u8>,
    level: CompressionLevel,
    empty: bool,
}

impl<W: Write> ZstdWriter<W> {
    fn frame(&mut self) -> io::Result<()> {
        let frame = compress_to_vec(self.pending.as_slice(), self.level);
        self.pending.clear();
        self.empty = false;
        self.inner.write_all(&frame)
    }
}

impl<W: Write> Write for ZstdWriter<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let count = data.len().min(FRAME_BYTES - self.pending.len());
        self.pending.extend_from_slice(&data[..count]);
        if self.pending.len() == FRAME_BYTES {
            self.frame()?;
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<W: Write> Finish for ZstdWriter<W> {
    fn finish(mut self: Box<Self>) -> io::Result<()> {
        if self.empty || !self.pending.is_empty() {
            self.frame()?;
        }
        self.inner.flush()
    }
}

impl<W: Write> Finish for crate::lzw::Encoder<W> {
    fn finish(self: Box<Self>) -> io::Result<()> {
        (*self).end()?.flush()
    }
}

/// What a level of xz asks for, in the memory of a machine of 512 MiB: level 9 wants 700 MiB.
fn lzma_options(level: u32) -> LzmaOptions {
    let mut options = LzmaOptions::with_preset(level.min(9));
    options.dict_size = options.dict_size.min(MOST_DICTIONARY);
    options
}

/// A writer that compresses; `level` is the digit of the format's program.
///
/// # Errors
/// Those of the stream, to which a header may be written at once.
pub fn writer<W: Write + 'static>(
    format: Format,
    level: u32,
    inner: W,
) -> io::Result<Box<dyn Finish>> {
    Ok(match format {
        Format::Gzip => {
            let header = flate2::GzBuilder::new().operating_system(3);
            Box::new(header.write(inner, flate2::Compression::new(level.min(9))))
        }
        Format::Bzip2 => Box::new(bzip2::write::BzEncoder::new(
            inner,
            bzip2::Compression::new(level.clamp(1, 9)),
        )),
        Format::Xz => {
            let mut options = XzOptions::with_preset(level.min(9));
            options.lzma_options = lzma_options(level);
            Box::new(XzWriter::new(inner, options)?)
        }
        Format::Lzma => {
            let options = lzma_options(level);
            Box::new(LzmaWriter::new_use_header(inner, &options, None)?)
        }
        Format::Zstd => {
            let level =
                if level == 0 { CompressionLevel::Uncompressed } else { CompressionLevel::Fastest };
            Box::new(ZstdWriter { inner, pending: Vec::new(), level, empty: true })
        }
        Format::Lzw => Box::new(crate::lzw::Encoder::new(inner)?),
    })
}
