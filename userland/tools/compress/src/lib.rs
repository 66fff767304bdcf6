// SPDX-License-Identifier: MIT OR Apache-2.0
//! Compressed streams, for the programs of each format and for the archivers.
//!
//! [`reader`] and [`writer`] wrap a stream; [`sniff`] knows a format by its first bytes. A file may
//! hold several compressed members one after another, as every one of these formats allows.
//!
//! The applets stand in [`program`]. Talks to nobody; `../tar` and `../archive` use it.

#![forbid(unsafe_code)]

mod lzw;
mod program;
mod stream;
mod write;

pub use program::*;
pub use stream::{Source, TrailingGarbage, open, reader};
pub use write::{Finish, writer};

/// A format of compressed data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// gzip's: deflate with a check sum.
    Gzip,
    /// bzip2's.
    Bzip2,
    /// xz's.
    Xz,
    /// The older one of the same algorithm.
    Lzma,
    /// zstd's.
    Zstd,
    /// compress's: `.Z`.
    Lzw,
}

/// What the longest of the marks needs.
pub const MARK_LEN: usize = 6;

/// The format that data begins as; lzma's is told only by its usual parameters.
pub fn sniff(start: &[u8]) -> Option<Format> {
    match start {
        [0x1f, 0x8b, ..] => Some(Format::Gzip),
        [0x1f, 0x9d, ..] => Some(Format::Lzw),
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Format::Bzip2),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Format::Xz),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Format::Zstd),
        [0x5d, 0, 0, _, _, ..] => Some(Format::Lzma),
        _ => None,
    }
}

/// The format that a file's name asks for, as `tar -a` looks at it.
pub fn by_name(name: &str) -> Option<Format> {
    let ending = name.rsplit('.').next()?;
    match ending {
        "gz" | "tgz" | "taz" => Some(Format::Gzip),
        "bz2" | "tbz" | "tbz2" | "tz2" | "bz" => Some(Format::Bzip2),
        "xz" | "txz" => Some(Format::Xz),
        "lzma" | "tlz" => Some(Format::Lzma),
        "zst" | "tzst" => Some(Format::Zstd),
        "Z" | "taZ" => Some(Format::Lzw),
        _ => None,
    }
}

/// An error and its causes, without the number that std adds to the system's messages.
pub fn plainly(error: &anyhow::Error) -> String {
    let mut text = format!("{error:#}");
    while let Some(start) = text.find(" (os error ") {
        let Some(length) = text[start..].find(')') else { break };
        text.replace_range(start..=start + length, "");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};

    const ALL: [Format; 6] =
        [Format::Gzip, Format::Bzip2, Format::Xz, Format::Lzma, Format::Zstd, Format::Lzw];

    fn pack(format: Format, data: &[u8]) -> Vec<u8> {
        let here = (std::process::id(), std::thread::current().id());
        let file = std::env::temp_dir().join(format!("ochre-{here:?}-{format:?}"));
        let mut out = writer(format, 6, std::fs::File::create(&file).unwrap()).unwrap();
        out.write_all(data).unwrap();
        out.finish().unwrap();
        let packed = std::fs::read(&file).unwrap();
        std::fs::remove_file(file).unwrap();
        packed
    }

    fn unpack(format: Format, packed: Vec<u8>) -> std::io::Result<Vec<u8>> {
        let mut data = Vec::new();
        reader(format, Source::new(Box::new(std::io::Cursor::new(packed))))?
            .read_to_end(&mut data)?;
        Ok(data)
    }

    #[test]
    fn every_format_gives_back_what_it_got() {
        let mut data = Vec::new();
        for number in 0..60_000u32 {
            data.extend_from_slice(number.wrapping_mul(number).to_string().as_bytes());
        }
        for format in ALL {
            for size in [0, 1, 5000, data.len()] {
                let packed = pack(format, &data[..size]);
                if format != Format::Lzma {
                    assert_eq!(sniff(&packed), Some(format));
                }
                assert!(unpack(format, packed).unwrap() == data[..size], "{format:?} {size}");
            }
        }
    }

    #[test]
    fn cut_and_damaged_data_is_told() {
        for format in ALL {
            let mut packed = pack(format, b"hello hello hello hello, this is some text");
            packed.truncate(packed.len() - 9);
            if format != Format::Lzw {
                assert!(unpack(format, packed).is_err(), "{format:?}");
            }
        }
    }

    #[test]
    fn members_follow_one_another() {
        for format in [Format::Gzip, Format::Bzip2, Format::Xz, Format::Zstd] {
            let mut packed = pack(format, b"one ");
            packed.extend(pack(format, b"two"));
            assert_eq!(unpack(format, packed).unwrap(), b"one two", "{format:?}");
        }
    }
}
