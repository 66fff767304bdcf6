// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a device holds: the marks that file systems and swap leave at known places.
//!
//! Places and layouts are those of the kernel's headers.

use std::io::{Read, Seek, SeekFrom};

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The name for `mount -t`.
    pub fstype: &'static str,
    /// The name that somebody gave it.
    pub label: Option<String>,
    /// Its unique number, as text.
    pub uuid: Option<String>,
}

/// How much of a device is looked at: btrfs has its mark in the 17th block of 4 KiB.
const HEAD: u64 = 0x1_1000;

struct Mark {
    fstype: &'static str,
    offset: usize,
    magic: &'static [u8],
    /// Offset and length of the label.
    label: Option<(usize, usize)>,
    /// Offset of the 16 bytes of a UUID.
    uuid: Option<usize>,
}

const MARKS: &[Mark] = &[
    Mark { fstype: "xfs", offset: 0, magic: b"XFSB", label: Some((108, 12)), uuid: Some(32) },
    Mark { fstype: "squashfs", offset: 0, magic: b"hsqs", label: None, uuid: None },
    Mark {
        fstype: "cramfs",
        offset: 0,
        magic: &[0x45, 0x3d, 0xcd, 0x28],
        label: Some((48, 16)),
        uuid: None,
    },
    Mark { fstype: "romfs", offset: 0, magic: b"-rom1fs-", label: Some((16, 16)), uuid: None },
    Mark {
        fstype: "erofs",
        offset: 1024,
        magic: &[0xe2, 0xe1, 0xf5, 0xe0],
        label: Some((1088, 16)),
        uuid: Some(1072),
    },
    Mark {
        fstype: "f2fs",
        offset: 1024,
        magic: &[0x10, 0x20, 0xf5, 0xf2],
        label: None,
        uuid: Some(1132),
    },
    Mark {
        fstype: "btrfs",
        offset: 0x1_0040,
        magic: b"_BHRfS_M",
        label: Some((0x1_012b, 256)),
        uuid: Some(0x1_0020),
    },
    Mark {
        fstype: "iso9660",
        offset: 0x8001,
        magic: b"CD001",
        label: Some((0x8028, 32)),
        uuid: None,
    },
    Mark { fstype: "crypto_LUKS", offset: 0, magic: b"LUKS\xba\xbe", label: None, uuid: None },
];

/// Looks at the start of a device or file.
pub fn probe(file: &mut (impl Read + Seek)) -> Option<Found> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.take(HEAD).read_to_end(&mut head).ok()?;
    ext(&head).or_else(|| swap(&head)).or_else(|| dos(&head)).or_else(|| {
        let mark = MARKS.iter().find(|mark| is_at(&head, mark.offset, mark.magic))?;
        let label = mark.label.and_then(|(offset, length)| text(&head, offset, length));
        let uuid = mark.uuid.and_then(|offset| uuid(&head, offset));
        Some(Found { fstype: mark.fstype, label, uuid })
    })
}

fn is_at(head: &[u8], offset: usize, magic: &[u8]) -> bool {
    head.get(offset..offset + magic.len()) == Some(magic)
}

/// Text that zeroes or blanks end.
fn text(head: &[u8], offset: usize, length: usize) -> Option<String> {
    let bytes = head.get(offset..offset + length)?.split(|byte| *byte == 0).next()?;
    let text = String::from_utf8_lossy(bytes).trim_end().to_owned();
    (!text.is_empty()).then_some(text)
}

fn uuid(head: &[u8], offset: usize) -> Option<String> {
    let bytes: &[u8; 16] = head.get(offset..offset + 16)?.try_into().ok()?;
    (*bytes != [0; 16]).then(|| uuid_text(bytes))
}

/// 16 bytes in the usual groups.
pub fn uuid_text(bytes: &[u8; 16]) -> String {
    let mut text = String::new();
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

fn word(head: &[u8], offset: usize) -> u32 {
    head.get(offset..offset + 4)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u32::from_le_bytes)
}

/// ext2, ext3 and ext4 differ in the features that they use.
fn ext(head: &[u8]) -> Option<Found> {
    const JOURNAL: u32 = 4;
    /// Filetype, recover, meta_bg: what ext3 knows of the features that it must know.
    const EXT3: u32 = 2 | 4 | 0x10;
    /// Sparse superblocks, large files, B-trees: the same of those that only writing needs.
    const EXT3_WRITE: u32 = 1 | 2 | 4;
    if !is_at(head, 1080, &[0x53, 0xef]) {
        return None;
    }
    let (compatible, needed, to_write) =
        (word(head, 1024 + 92), word(head, 1024 + 96), word(head, 1024 + 100));
    let fstype = if needed & !EXT3 != 0 || to_write & !EXT3_WRITE != 0 {
        "ext4"
    } else if compatible & JOURNAL != 0 {
        "ext3"
    } else {
        "ext2"
    };
    Some(Found { fstype, label: text(head, 1024 + 120, 16), uuid: uuid(head, 1024 + 104) })
}

/// The mark of swap is at the end of the first page, of whatever size that is.
fn swap(head: &[u8]) -> Option<Found> {
    let sizes = [4096, 8192, 16384, 32768, 65536];
    sizes.into_iter().find(|size| is_at(head, size - 10, b"SWAPSPACE2"))?;
    Some(Found { fstype: "swap", label: text(head, 1052, 16), uuid: uuid(head, 1036) })
}

fn dos(head: &[u8]) -> Option<Found> {
    if is_at(head, 3, b"NTFS    ") {
        let serial = head.get(72..80)?.iter().rev().map(|byte| format!("{byte:02X}")).collect();
        return Some(Found { fstype: "ntfs", label: None, uuid: Some(serial) });
    }
    if is_at(head, 3, b"EXFAT   ") {
        return Some(Found { fstype: "exfat", label: None, uuid: Some(serial(word(head, 100))) });
    }
    let (number, name) = if is_at(head, 82, b"FAT32") {
        (67, 71)
    } else if is_at(head, 54, b"FAT1") {
        (39, 43)
    } else {
        return None;
    };
    let label = text(head, name, 11).filter(|label| label != "NO NAME");
    Some(Found { fstype: "vfat", label, uuid: Some(serial(word(head, number))) })
}

/// The number of a DOS file system as it is shown.
fn serial(number: u32) -> String {
    format!("{:04X}-{:04X}", number >> 16, number & 0xffff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn marks_are_known_where_they_are() {
        let mut disk = vec![0; 8192];
        assert_eq!(probe(&mut Cursor::new(&disk)), None);
        disk[4086..4096].copy_from_slice(b"SWAPSPACE2");
        disk[1036] = 0xab;
        let found = probe(&mut Cursor::new(&disk)).expect("swap");
        assert_eq!(found.fstype, "swap");
        assert_eq!(found.uuid.as_deref(), Some("ab000000-0000-0000-0000-000000000000"));
    }

    #[test]
    fn a_short_file_is_nothing() {
        assert_eq!(probe(&mut Cursor::new(b"-rom")), None);
        assert_eq!(probe(&mut Cursor::new(b"")), None);
    }
}
