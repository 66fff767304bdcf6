// SPDX-License-Identifier: MIT OR Apache-2.0
//! Reading compressed data: a [`Source`] that can be looked into ahead, and the decoders over it.
//!
//! Invariant: a decoder takes from the source no byte behind its member, so that the next one can
//! begin there.

use std::io::{self, BufRead, Read};

use crate::{Format, MARK_LEN, sniff};

/// Bytes of a file that can be looked at before they are taken.
pub struct Source {
    inner: Box<dyn Read>,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Source {
    /// A source over a stream.
    pub fn new(inner: Box<dyn Read>) -> Self {
        Self { inner, buffer: vec![0; 64 << 10].into(), start: 0, end: 0 }
    }

    /// At least `wanted` bytes that come next, fewer only at the end of the file.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn peek(&mut self, wanted: usize) -> io::Result<&[u8]> {
        if self.end - self.start < wanted {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            while self.end < wanted {
                match self.inner.read(&mut self.buffer[self.end..]) {
                    Ok(0) => break,
                    Ok(count) => self.end += count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(&self.buffer[self.start..self.end])
    }
}

impl Read for Source {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(out.len());
        out[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Source {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.peek(1)
    }

    fn consume(&mut self, count: usize) {
        self.start += count;
    }
}

/// What follows the last member is none: the data before it is good.
#[derive(Debug, Clone, Copy)]
pub struct TrailingGarbage;

impl std::fmt::Display for TrailingGarbage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("decompression OK, trailing garbage ignored")
    }
}

impl std::error::Error for TrailingGarbage {}

/// One member's decoder, which gives the source back at its end.
trait Member: Read {
    fn source(self: Box<Self>) -> Source;
}

impl Member for flate2::bufread::GzDecoder<Source> {
    fn source(self: Box<Self>) -> Source {
        (*self).into_inner()
    }
}

impl Member for bzip2::bufread::BzDecoder<Source> {
    fn source(self: Box<Self>) -> Source {
        (*self).into_inner()
    }
}

/// A zstd frame; its check sum is compared when it ends.
struct ZstdFrame(ruzstd::decoding::StreamingDecoder<Source, ruzstd::decoding::FrameDecoder>);

impl Read for ZstdFrame {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.0.read(out)?;
        if count == 0 && !out.is_empty() {
            let stored = self.0.decoder.get_checksum_from_data();
            if stored.is_some() && stored != self.0.decoder.get_calculated_checksum() {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "check sum does not match"));
            }
        }
        Ok(count)
    }
}

impl Member for ZstdFrame {
    fn source(self: Box<Self>) -> Source {
        self.0.into_inner()
    }
}

enum State {
    Between(Source),
    Within(Box<dyn Member>),
    Ended,
}

/// The members of a file, one after another.
struct Members {
    format: Format,
    state: State,
    first: bool,
}

impl Members {
    fn begin(&mut self, mut source: Source) -> io::Result<State> {
        let start = source.peek(MARK_LEN)?;
        if start.is_empty() && !self.first {
            return Ok(State::Ended);
        }
        if sniff(start) != Some(self.format) {
            if self.first {
                let error =
                    if start.is_empty() { "unexpected end of file" } else { "invalid magic" };
                return Err(io::Error::new(io::ErrorKind::InvalidData, error));
            }
            // Zeros fill up a tape's block.
            while !source.fill_buf()?.is_empty() {
                let zeros = source.fill_buf()?.iter().take_while(|byte| **byte == 0).count();
                if zeros < source.fill_buf()?.len() {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, TrailingGarbage));
                }
                source.consume(zeros);
            }
            return Ok(State::Ended);
        }
        self.first = false;
        Ok(State::Within(match self.format {
            Format::Gzip => Box::new(flate2::bufread::GzDecoder::new(source)),
            Format::Bzip2 => Box::new(bzip2::bufread::BzDecoder::new(source)),
            _ => {
                let frame =
                    ruzstd::decoding::StreamingDecoder::new(source).map_err(io::Error::other)?;
                Box::new(ZstdFrame(frame))
            }
        }))
    }
}

impl Read for Members {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return Ok(0),
                State::Between(source) => self.state = self.begin(source)?,
                State::Within(mut member) => match member.read(out)? {
                    0 => self.state = State::Between(member.source()),
                    count => {
                        self.state = State::Within(member);
                        return Ok(count);
                    }
                },
            }
        }
    }
}

/// The data that a compressed stream holds.
///
/// # Errors
/// When the stream does not begin as the format does. Reading gives [`TrailingGarbage`] inside an
/// [`io::Error`] when something else follows the data.
pub fn reader(format: Format, mut source: Source) -> io::Result<Box<dyn Read>> {
    Ok(match format {
        Format::Gzip | Format::Bzip2 | Format::Zstd => {
            Box::new(Members { format, state: State::Between(source), first: true })
        }
        Format::Xz => {
            if sniff(source.peek(MARK_LEN)?) != Some(Format::Xz) {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "file format not recognized",
                ));
            }
            Box::new(lzma_rust2::XzReader::new(source, true))
        }
        Format::Lzma => {
            // More memory than a 32-bit machine has is refused, whatever the header asks for.
            let reader = lzma_rust2::LzmaReader::new_mem_limit(source, 1 << 20, None);
            Box::new(reader?)
        }
        Format::Lzw => Box::new(crate::lzw::Decoder::new(source)?),
    })
}

/// The data of a stream that may be compressed, as its first bytes say.
///
/// # Errors
/// Those of the stream, and of [`reader`].
pub fn open(inner: Box<dyn Read>) -> io::Result<Box<dyn Read>> {
    let mut source = Source::new(inner);
    match sniff(source.peek(MARK_LEN)?) {
        Some(format) => reader(format, source),
        None => Ok(Box::new(source)),
    }
}
