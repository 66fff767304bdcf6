// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files in memory: sizes, holes, nameless files, attributes, sealed memory files. With a folder as
//! argument, that folder is the place; with `mount FOLDER`, a small tmpfs is mounted there first and
//! filled to its limits (`Documentation/filesystems/tmpfs.rst`).

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};

use ochre_probes::{errno_name, outcome, say, success};

fn c(text: &str) -> CString {
    CString::new(text).unwrap_or_default()
}

fn why(result: std::io::Result<impl std::fmt::Display>) -> String {
    match result {
        Ok(value) => value.to_string(),
        Err(error) => errno_name(error.raw_os_error().unwrap_or_default()),
    }
}

fn blocks(file: &File) -> String {
    why(file.metadata().map(|data| data.blocks()))
}

fn holes(folder: &str) -> std::io::Result<()> {
    let path = format!("{folder}/probe-holes");
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
    file.set_len(1 << 20)?;
    say(format_args!("empty megabyte: {} blocks", blocks(&file)));
    file.write_all_at(b"x", 512 << 10)?;
    say(format_args!("one byte: {} blocks", blocks(&file)));
    // SAFETY: the calls touch no memory of ours.
    unsafe {
        let fd = file.as_raw_fd();
        outcome("SEEK_DATA", libc::lseek(fd, 0, libc::SEEK_DATA));
        outcome("SEEK_HOLE", libc::lseek(fd, 512 << 10, libc::SEEK_HOLE));
        outcome("fallocate", libc::fallocate(fd, 0, 0, 64 << 10).into());
        say(format_args!("64 KiB more: {} blocks", blocks(&file)));
        let punch = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
        outcome("punch", libc::fallocate(fd, punch, 0, 1 << 20).into());
    }
    say(format_args!("punched: {} blocks", blocks(&file)));
    fs::remove_file(path)
}

fn nameless(folder: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.read(true).write(true).custom_flags(libc::O_TMPFILE).open(folder)?;
    file.write_all(b"nameless")?;
    file.seek(SeekFrom::Start(0))?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    say(format_args!("O_TMPFILE: {text}, {} links", file.metadata()?.nlink()));
    Ok(())
}

fn attributes(folder: &str) -> std::io::Result<()> {
    let path = format!("{folder}/probe-attributes");
    File::create_new(&path)?;
    let (name, value) = (c("user.colour"), b"ochre");
    let mut buffer = [0u8; 16];
    // SAFETY: names and buffers live until each call returns; lengths are theirs.
    unsafe {
        let file = c(&path);
        let set = libc::setxattr(file.as_ptr(), name.as_ptr(), value.as_ptr().cast(), 5, 0);
        outcome("setxattr", set.into());
        let got =
            libc::getxattr(file.as_ptr(), name.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len());
        outcome("getxattr", got as i64);
    }
    say(String::from_utf8_lossy(&buffer).trim_end_matches('\0'));
    fs::remove_file(path)
}

fn memory_file() {
    // SAFETY: the name lives until the call returns; the descriptor is new and owned by `file`.
    unsafe {
        let fd = libc::memfd_create(c"probe".as_ptr(), libc::MFD_ALLOW_SEALING);
        success("memfd_create", fd.into());
        let mut file = File::from_raw_fd(fd);
        say(format_args!("write: {}", why(file.write(b"sealed"))));
        let seals = libc::F_SEAL_GROW | libc::F_SEAL_SHRINK | libc::F_SEAL_WRITE;
        outcome("F_ADD_SEALS", libc::fcntl(fd, libc::F_ADD_SEALS, seals).into());
        outcome("F_GET_SEALS", libc::fcntl(fd, libc::F_GET_SEALS).into());
        say(format_args!("write again: {}", why(file.write(b"more"))));
        outcome("ftruncate", libc::ftruncate(fd, 0).into());
        let map = libc::mmap(std::ptr::null_mut(), 6, libc::PROT_READ, libc::MAP_PRIVATE, fd, 0);
        if map == libc::MAP_FAILED {
            success("mmap", -1);
        } else {
            let bytes = std::slice::from_raw_parts(map.cast::<u8>(), 6);
            say(format_args!("mapped: {}", String::from_utf8_lossy(bytes)));
        }
    }
}

fn small_mount(folder: &str) -> std::io::Result<()> {
    let (kind, at, options) = (c("tmpfs"), c(folder), c("size=1m,nr_inodes=4,mode=700"));
    // SAFETY: the strings live until the call returns.
    let mounted = unsafe {
        libc::mount(kind.as_ptr(), at.as_ptr(), kind.as_ptr(), 0, options.as_ptr().cast())
    };
    outcome("mount", mounted.into());
    let mut file = File::create(format!("{folder}/a"))?;
    let chunk = vec![b'x'; 64 << 10];
    let mut written = 0;
    let end = loop {
        match file.write(&chunk) {
            Ok(count) => written += count,
            Err(error) => break why(Err::<u8, _>(error)),
        }
    };
    say(format_args!("{written} bytes, then {end}"));
    for name in ["b", "c", "d"] {
        say(format_args!(
            "{name}: {}",
            why(File::create(format!("{folder}/{name}")).map(|_| "ok"))
        ));
    }
    drop(file);
    fs::remove_file(format!("{folder}/a"))?;
    let again = File::create(format!("{folder}/e")).and_then(|mut file| file.write(&chunk));
    say(format_args!("after removal: {}", why(again)));
    Ok(())
}

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    match (args.next(), args.next()) {
        (Some(verb), Some(folder)) if verb == "mount" => small_mount(&folder),
        (Some(folder), None) => {
            holes(&folder)?;
            nameless(&folder)?;
            attributes(&folder)?;
            memory_file();
            Ok(())
        }
        _ => {
            say("usage: tmpfs [mount] FOLDER");
            Ok(())
        }
    }
}
