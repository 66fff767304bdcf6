// SPDX-License-Identifier: MIT OR Apache-2.0
//! The initramfs: checked, put at the top of KernelMemory, with a second archive behind it for
//! `ochre exec`.
#![forbid(unsafe_code)]

use crate::error::Error;
use crate::memory::{KernelAddr, KernelMemory, PAGE_BYTES};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// Bytes of a newc header.
const HEADER_BYTES: usize = 110;
/// Name of the entry that ends an archive.
const TRAILER: &str = "TRAILER!!!";

/// Where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its address, or 0.
    pub addr: u32,
    /// Its length.
    pub len_bytes: u32,
}

/// Puts the archive at `path` and then `second` at the end of `memory`, above `floor`.
///
/// # Errors
/// When the file is no archive, or the memory is too small.
pub fn place(
    memory: &KernelMemory,
    floor: u64,
    path: &Path,
    second: &[u8],
) -> Result<Placed, Error> {
    let read = |source| Error::ReadInitramfs { path: path.to_owned(), source };
    let bad = |reason| Error::BadInitramfs { path: path.to_owned(), reason };
    let file = File::open(path).map_err(read)?;
    let file_bytes = file.metadata().map_err(read)?.len();
    check(&file).map_err(read)?.map_err(bad)?;
    // The kernel looks for a further archive at a multiple of four.
    let second_at = file_bytes.next_multiple_of(4);
    let len_bytes = second_at + second.len() as u64;
    let room = len_bytes.next_multiple_of(u64::from(PAGE_BYTES));
    let Some(addr) = memory.len_bytes().checked_sub(room).filter(|addr| *addr >= floor) else {
        return Err(Error::BadMemorySize(format!(
            "the memory is too small for the kernel and an initramfs of {} MiB; use a larger --memory",
            len_bytes.div_ceil(1 << 20)
        )));
    };
    let (addr, len_bytes) = (addr as u32, len_bytes as u32);
    memory.map_file(KernelAddr(addr), &file, file_bytes as u32).map_err(read)?;
    if let Some(bytes) = memory.bytes(KernelAddr(addr + second_at as u32), second.len() as u32) {
        bytes.write(second);
    }
    Ok(Placed { addr, len_bytes })
}

/// Checks an archive: the form of a newc one to its end, of a compressed one the first bytes.
fn check(file: &File) -> io::Result<Result<(), String>> {
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
        [b'0', b'7', b'0', b'7', b'0', b'1' | b'2'] => {
            io::Seek::rewind(&mut reader)?;
            match walk(&mut reader) {
                Ok(()) => Ok(Ok(())),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    Ok(Err("the archive is cut off before its end".to_owned()))
                }
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    Ok(Err("the archive is damaged".to_owned()))
                }
                Err(error) => Err(error),
            }
        }
        _ => Ok(Err("neither a cpio archive in newc form nor one in gzip or zstd".to_owned())),
    }
}

/// Walks over the entries to the trailer.
fn walk(reader: &mut BufReader<&File>) -> io::Result<()> {
    let mut position = 0u64;
    let end = reader.get_ref().metadata()?.len();
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
