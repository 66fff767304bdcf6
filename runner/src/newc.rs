// SPDX-License-Identifier: MIT OR Apache-2.0
//! cpio archives in newc form: the check of one that comes from outside, and a small writer. Knows of
//! nothing else in the runner, so that a fuzzer can have it alone.
#![forbid(unsafe_code)]

use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// Bytes of a newc header.
const HEADER_BYTES: usize = 110;
/// Name of the entry that ends an archive.
const TRAILER: &str = "TRAILER!!!";

/// Checks an archive: the form of a newc one to its end, of a compressed one the first bytes.
///
/// # Errors
/// When it cannot be read. What is wrong with the archive is the inner error.
pub fn check(file: impl Read + Seek) -> io::Result<Result<(), String>> {
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut magic = [0; 6];
    if let Err(error) = reader.read_exact(&mut magic) {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof => Ok(Err("the file is too short".to_owned())),
            _ => Err(error),
        };
    }
    match magic {
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => Ok(Ok(())),
        [b'0', b'7', b'0', b'7', b'0', b'1' | b'2'] => match walk(&mut reader) {
            Ok(()) => Ok(Ok(())),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Ok(Err("the archive is cut off before its end".to_owned()))
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                Ok(Err("the archive is damaged".to_owned()))
            }
            Err(error) => Err(error),
        },
        _ => Ok(Err("neither a cpio archive in newc form nor one in gzip or zstd".to_owned())),
    }
}

/// Walks over the entries to the trailer.
fn walk(reader: &mut BufReader<impl Read + Seek>) -> io::Result<()> {
    let mut position = 0u64;
    let end = reader.seek(SeekFrom::End(0))?;
    reader.rewind()?;
    loop {
        let mut header = [0; HEADER_BYTES];
        reader.read_exact(&mut header)?;
        if !header.starts_with(b"07070") {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let (data_bytes, name_bytes) = (field(&header, 6)?, field(&header, 11)?);
        if name_bytes == 0 || name_bytes > 4096 {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut name = vec![0; name_bytes as usize];
        reader.read_exact(&mut name)?;
        if name.strip_suffix(&[0]) == Some(TRAILER.as_bytes()) {
            return Ok(());
        }
        let name_end = position + HEADER_BYTES as u64 + name_bytes;
        let next = (name_end.next_multiple_of(4) + data_bytes).next_multiple_of(4);
        if next > end {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        reader.seek_relative((next - name_end).cast_signed())?;
        position = next;
    }
}

/// The hexadecimal number in a header's field.
fn field(header: &[u8; HEADER_BYTES], index: usize) -> io::Result<u64> {
    let digits = &header[6 + index * 8..][..8];
    std::str::from_utf8(digits)
        .ok()
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// A newc archive of a folder and files in it, for the guest's init.
pub fn archive(folder: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    entry(&mut bytes, 1, folder, 0o40_755, &[]);
    for (number, (name, content)) in (2..).zip(files) {
        entry(&mut bytes, number, &format!("{folder}/{name}"), 0o100_644, content);
    }
    entry(&mut bytes, 0, TRAILER, 0, &[]);
    bytes
}

fn entry(bytes: &mut Vec<u8>, number: u32, name: &str, mode: u32, content: &[u8]) {
    let links = 1 + u32::from(mode & 0o40_000 != 0);
    let (len, name_len) = (content.len(), name.len() + 1);
    let header = format!(
        "070701{number:08x}{mode:08x}{0:08x}{0:08x}{links:08x}{0:08x}{len:08x}\
         {0:08x}{0:08x}{0:08x}{0:08x}{name_len:08x}{0:08x}",
        0
    );
    bytes.extend(header.as_bytes());
    bytes.extend(name.as_bytes());
    bytes.push(0);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::archive;

    #[test]
    fn an_archive_has_aligned_entries_and_a_trailer() {
        let bytes = archive(".ochre", &[("argv", b"ls\0-l\0"), ("env", b"")]);
        assert_eq!(bytes.len() % 4, 0);
        assert_eq!(&bytes[..6], b"070701");
        assert!(bytes.windows(11).any(|window| window == b".ochre/argv"));
        assert!(bytes.windows(10).any(|window| window == b"TRAILER!!!"));
    }
}
