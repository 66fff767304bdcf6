// SPDX-License-Identifier: MIT OR Apache-2.0
//! compress's format, `.Z`: codes of a growing dictionary, 9 to 16 bits each, lowest bit first.
//!
//! Own code: the crates for LZW know GIF's, TIFF's and PDF's, not this one, where codes come in groups
//! of eight: whenever their length changes, the rest of a group is left out.

use std::collections::HashMap;
use std::io::{self, Read, Write};

use crate::Source;

const CLEAR: u16 = 256;
const MIN_BITS: u32 = 9;
const MAX_BITS: u32 = 16;

fn bad(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// Reads compressed data.
pub struct Decoder {
    source: Source,
    max_bits: u32,
    /// Whether code 256 empties the dictionary.
    block: bool,
    bits: u32,
    /// Bytes of the current group, and the bit in it that comes next.
    group: Vec<u8>,
    position: usize,
    /// For each code the one that it continues, and its last byte.
    prefix: Vec<u16>,
    suffix: Vec<u8>,
    previous: Option<u16>,
    first_byte: u8,
    pending: Vec<u8>,
}

impl Decoder {
    /// Reads the header.
    pub fn new(mut source: Source) -> io::Result<Self> {
        let mut header = [0; 3];
        source.read_exact(&mut header).map_err(|_| bad("unexpected end of file"))?;
        if header[..2] != [0x1f, 0x9d] {
            return Err(bad("invalid magic"));
        }
        let max_bits = u32::from(header[2] & 0x1f);
        if !(MIN_BITS..=MAX_BITS).contains(&max_bits) {
            return Err(bad("codes of a length that compress never makes"));
        }
        let mut decoder = Self {
            source,
            max_bits,
            block: header[2] & 0x80 != 0,
            bits: MIN_BITS,
            group: Vec::new(),
            position: 0,
            prefix: Vec::new(),
            suffix: Vec::new(),
            previous: None,
            first_byte: 0,
            pending: Vec::new(),
        };
        decoder.clear();
        Ok(decoder)
    }

    fn clear(&mut self) {
        let known = if self.block { 257 } else { 256 };
        self.prefix.clear();
        self.prefix.resize(known, 0);
        self.suffix = (0..known).map(|code| code as u8).collect();
        self.bits = MIN_BITS;
        self.previous = None;
        self.group.clear();
        self.position = 0;
    }

    fn code(&mut self) -> io::Result<Option<u16>> {
        let bits = self.bits as usize;
        if self.position + bits > self.group.len() * 8 {
            self.group.clear();
            self.position = 0;
            (&mut self.source).take(u64::from(self.bits)).read_to_end(&mut self.group)?;
            if self.group.len() * 8 < bits {
                return Ok(None);
            }
        }
        let at = self.position / 8;
        let bytes = [0, 1, 2].map(|more| self.group.get(at + more).copied().unwrap_or(0));
        let word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]) >> (self.position % 8);
        self.position += bits;
        Ok(Some((word & ((1 << self.bits) - 1)) as u16))
    }

    /// Puts the bytes of the next code into `pending`; `false` at the end.
    fn step(&mut self) -> io::Result<bool> {
        // The dictionary outgrew the codes: the next group has longer ones.
        if self.prefix.len() > (1 << self.bits) - usize::from(self.previous.is_some())
            && self.bits < self.max_bits
        {
            self.bits += 1;
            self.group.clear();
            self.position = 0;
        }
        let Some(code) = self.code()? else { return Ok(false) };
        if code == CLEAR && self.block {
            self.clear();
            return Ok(true);
        }
        let Some(previous) = self.previous else {
            if code > 255 {
                return Err(bad("corrupt data: the first code is no byte"));
            }
            self.previous = Some(code);
            self.first_byte = code as u8;
            self.pending.push(code as u8);
            return Ok(true);
        };
        let known = self.prefix.len();
        let mut bytes = Vec::new();
        let mut at = code;
        if usize::from(code) >= known {
            if usize::from(code) > known {
                return Err(bad("corrupt data: a code that was never made"));
            }
            bytes.push(self.first_byte);
            at = previous;
        }
        while at > 255 {
            bytes.push(self.suffix[usize::from(at)]);
            at = self.prefix[usize::from(at)];
        }
        bytes.push(at as u8);
        self.first_byte = at as u8;
        if known < 1 << self.max_bits {
            self.prefix.push(previous);
            self.suffix.push(self.first_byte);
        }
        self.previous = Some(code);
        self.pending.extend(bytes.iter().rev());
        Ok(true)
    }
}

impl Read for Decoder {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.pending.len() < out.len() {
            if !self.step()? {
                break;
            }
        }
        let count = self.pending.len().min(out.len());
        out[..count].copy_from_slice(&self.pending[..count]);
        self.pending.drain(..count);
        Ok(count)
    }
}

/// Writes compressed data; a full dictionary is kept to the end.
pub struct Encoder<W> {
    inner: W,
    bits: u32,
    codes: HashMap<(u16, u8), u16>,
    next: u32,
    prefix: Option<u16>,
    group: Vec<u8>,
    used: usize,
}

impl<W: Write> Encoder<W> {
    /// Writes the header.
    pub fn new(mut inner: W) -> io::Result<Self> {
        inner.write_all(&[0x1f, 0x9d, 0x80 | MAX_BITS as u8])?;
        let group = Vec::new();
        Ok(Self {
            inner,
            bits: MIN_BITS,
            codes: HashMap::new(),
            next: 257,
            prefix: None,
            group,
            used: 0,
        })
    }

    fn put(&mut self, code: u16) -> io::Result<()> {
        let bits = self.bits as usize;
        self.group.resize((self.used + bits).div_ceil(8), 0);
        let at = self.used / 8;
        let word = u32::from(code) << (self.used % 8);
        for (byte, more) in self.group[at..].iter_mut().zip(word.to_le_bytes()) {
            *byte |= more;
        }
        self.used += bits;
        if self.used == bits * 8 {
            self.write_group()?;
        }
        Ok(())
    }

    fn write_group(&mut self) -> io::Result<()> {
        self.inner.write_all(&self.group)?;
        self.group.clear();
        self.used = 0;
        Ok(())
    }

    fn byte(&mut self, byte: u8) -> io::Result<()> {
        let Some(prefix) = self.prefix else {
            self.prefix = Some(byte.into());
            return Ok(());
        };
        if let Some(code) = self.codes.get(&(prefix, byte)) {
            self.prefix = Some(*code);
            return Ok(());
        }
        self.put(prefix)?;
        self.prefix = Some(byte.into());
        if self.next < 1 << MAX_BITS {
            self.codes.insert((prefix, byte), self.next as u16);
            self.next += 1;
        }
        // The reader learns a code one step later than it is made here.
        if self.next > 1 << self.bits && self.bits < MAX_BITS {
            if self.used > 0 {
                self.group.resize(self.bits as usize, 0);
                self.write_group()?;
            }
            self.bits += 1;
        }
        Ok(())
    }

    /// Writes what is left and gives the stream back.
    pub fn end(mut self) -> io::Result<W> {
        if let Some(code) = self.prefix.take() {
            self.put(code)?;
        }
        self.write_group()?;
        Ok(self.inner)
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        for byte in data {
            self.byte(*byte)?;
        }
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
