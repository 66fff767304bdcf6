// SPDX-License-Identifier: MIT OR Apache-2.0
//! What independent readers make of our archives: the `cpio` crate and the system's cpio. Belongs
//! here: anything that needs a whole archive. Single lines of a manifest are tested in the library.

use initramfs_builder::manifest::{self, Definitions};
use initramfs_builder::{Archive, Attributes, Content, Device, Error, Name, Summary};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

/// An entry as the `cpio` crate sees it.
#[derive(Debug, PartialEq)]
struct Seen {
    mode: u32,
    owner: (u32, u32),
    links: u32,
    inode: u32,
    device: (u32, u32),
    data: Vec<u8>,
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn bytes(archive: Archive) -> Vec<u8> {
    let mut out = Vec::new();
    let Summary { bytes, .. } = archive.write(&mut out).unwrap();
    assert_eq!(bytes, out.len() as u64);
    out
}

/// Reads an archive with the `cpio` crate: names in their order, and the entries.
fn read(archive: &[u8]) -> (Vec<String>, BTreeMap<String, Seen>) {
    let (mut order, mut entries) = (Vec::new(), BTreeMap::new());
    let mut rest = archive;
    loop {
        let mut reader = cpio::newc::Reader::new(rest).unwrap();
        if reader.entry().is_trailer() {
            return (order, entries);
        }
        let mut data = Vec::new();
        reader.read_to_end(&mut data).unwrap();
        let entry = reader.entry();
        let name = entry.name().to_owned();
        let seen = Seen {
            mode: entry.mode(),
            owner: (entry.uid(), entry.gid()),
            links: entry.nlink(),
            inode: entry.ino(),
            device: (entry.rdev_major(), entry.rdev_minor()),
            data,
        };
        order.push(name.clone());
        assert!(entries.insert(name, seen).is_none());
        rest = reader.finish().unwrap();
    }
}

fn from_manifest(text: &str, base: &Path) -> Result<Archive, Error> {
    let mut archive = Archive::new();
    manifest::add(&mut archive, text, base, &Definitions::new())?;
    Ok(archive)
}

const EVERYTHING: &str = "\
dir   /etc          0755 0 0
file  /bin/sh shell 4755 1000 100 /bin/bash /a/first
file  /etc/empty empty 0600 0 0
slink /bin/ls sh    0777 0 0
nod   /dev/console  0600 0 5 c 5 1
nod   /dev/vda      0660 0 6 b 254 16
pipe  /run/fifo     0600 0 0
sock  /run/log      0666 0 0
";

fn everything() -> (tempfile::TempDir, Vec<u8>) {
    let host = tempfile::tempdir().unwrap();
    fs::write(host.path().join("shell"), b"five!").unwrap();
    fs::write(host.path().join("empty"), b"").unwrap();
    let archive = bytes(from_manifest(EVERYTHING, host.path()).unwrap());
    (host, archive)
}

#[test]
fn the_cpio_crate_reads_every_kind_of_entry() {
    let (_host, archive) = everything();
    assert_eq!(archive.len() % 512, 0);
    let (order, entries) = read(&archive);
    assert_eq!(
        order,
        [
            "a",
            "a/first",
            "bin",
            "bin/bash",
            "bin/ls",
            "bin/sh",
            "dev",
            "dev/console",
            "dev/vda",
            "etc",
            "etc/empty",
            "run",
            "run/fifo",
            "run/log"
        ]
    );
    let shell = &entries["bin/sh"];
    assert_eq!((shell.mode, shell.owner, shell.links), (0o104_755, (1000, 100), 3));
    assert_eq!(shell.data, b"five!", "the last name carries the data");
    for link in ["bin/bash", "a/first"] {
        assert_eq!(
            entries[link],
            Seen { data: Vec::new(), ..read(&archive).1.remove("bin/sh").unwrap() }
        );
    }
    assert_eq!((entries["bin"].mode, entries["bin"].owner), (0o040_755, (0, 0)));
    assert_eq!((entries["bin/ls"].mode, &entries["bin/ls"].data[..]), (0o120_777, &b"sh"[..]));
    assert_eq!((entries["dev/console"].mode, entries["dev/console"].device), (0o020_600, (5, 1)));
    assert_eq!((entries["dev/vda"].mode, entries["dev/vda"].device), (0o060_660, (254, 16)));
    assert_eq!(entries["run/fifo"].mode, 0o010_600);
    assert_eq!(entries["run/log"].mode, 0o140_666);
    assert_eq!(entries["etc/empty"].data, b"");
}

#[test]
fn the_systems_cpio_unpacks_the_same() {
    if Command::new("cpio").arg("--version").output().is_err() {
        println!("skipped: no cpio command on this machine");
        return;
    }
    let host = tempfile::tempdir().unwrap();
    fs::write(host.path().join("shell"), vec![b'x'; 10_001]).unwrap();
    let text = "file /bin/sh shell 0750 0 0 /bin/bash\nslink /bin/ls sh 0777 0 0\n\
                dir /empty 0700 0 0\npipe /run/fifo 0600 0 0\n";
    let path = host.path().join("archive");
    fs::write(&path, bytes(from_manifest(text, host.path()).unwrap())).unwrap();
    let out = host.path().join("out");
    fs::create_dir(&out).unwrap();
    let result = Command::new("cpio")
        .args(["--extract", "--make-directories", "--no-absolute-filenames"])
        .args(["--no-preserve-owner", "--quiet"])
        .current_dir(&out)
        .stdin(Stdio::from(fs::File::open(&path).unwrap()))
        .output()
        .unwrap();
    assert!(result.status.success(), "{}", String::from_utf8_lossy(&result.stderr));
    let stat = |name: &str| fs::symlink_metadata(out.join(name)).unwrap();
    assert_eq!(fs::read(out.join("bin/bash")).unwrap(), vec![b'x'; 10_001]);
    assert_eq!(stat("bin/sh").ino(), stat("bin/bash").ino());
    assert_eq!(stat("bin/sh").mode(), 0o100_750);
    assert_eq!(fs::read_link(out.join("bin/ls")).unwrap(), Path::new("sh"));
    assert_eq!(stat("empty").mode(), 0o040_700);
    assert_eq!(stat("run/fifo").mode(), 0o010_600);
}

#[test]
fn the_order_of_lines_does_not_matter() {
    let (host, archive) = everything();
    let mut lines: Vec<_> = EVERYTHING.lines().collect();
    lines.reverse();
    assert_eq!(bytes(from_manifest(&lines.join("\n"), host.path()).unwrap()), archive);
}

#[test]
fn a_tree_is_normalised_and_keeps_its_links() {
    let host = tempfile::tempdir().unwrap();
    let tree = host.path().join("tree");
    fs::create_dir_all(tree.join("sub/empty")).unwrap();
    for (file, mode) in [("sub/tool", 0o700), ("note", 0o664)] {
        fs::write(tree.join(file), file).unwrap();
        fs::set_permissions(tree.join(file), fs::Permissions::from_mode(mode)).unwrap();
    }
    fs::hard_link(tree.join("note"), tree.join("sub/other")).unwrap();
    symlink("../note", tree.join("sub/link")).unwrap();
    let (order, entries) = read(&bytes(from_manifest("tree /usr tree 3 4", host.path()).unwrap()));
    assert_eq!(
        order,
        [
            "usr",
            "usr/note",
            "usr/sub",
            "usr/sub/empty",
            "usr/sub/link",
            "usr/sub/other",
            "usr/sub/tool"
        ]
    );
    assert_eq!((entries["usr/sub/tool"].mode, entries["usr/sub/tool"].owner), (0o100_755, (3, 4)));
    assert_eq!(entries["usr/note"].inode, entries["usr/sub/other"].inode);
    assert_eq!((entries["usr/note"].mode, entries["usr/note"].links), (0o100_644, 2));
    assert_eq!(entries["usr/sub/other"].data, b"note");
    assert_eq!(entries["usr/sub/link"].data, b"../note");

    let (order, _) = read(&bytes(from_manifest("tree / tree 0 0", host.path()).unwrap()));
    assert_eq!(order[0], "note", "the root itself is no entry");
}

#[test]
fn every_padding_is_right() {
    for len in 0..9 {
        let mut archive = Archive::new();
        let data = vec![b'd'; len];
        for text in ["n", "nn", "nnn", "nnnn"] {
            let content = Content::Bytes(data.clone());
            archive.add_file(name(text), content, Attributes::root(0o644)).unwrap();
        }
        let (_, entries) = read(&bytes(archive));
        assert_eq!(entries.len(), 4);
        assert!(entries.values().all(|entry| entry.data == data));
    }
}

#[test]
fn a_file_over_4_gib_is_refused_and_the_largest_is_not() {
    let host = tempfile::tempdir().unwrap();
    let path = host.path().join("sparse");
    for (len, fits) in [(u64::from(u32::MAX) + 1, false), (u64::from(u32::MAX), true)] {
        let file = fs::File::create(&path).unwrap();
        if let Err(error) = file.set_len(len) {
            println!("skipped: this file system holds no sparse file of {len} bytes: {error}");
            return;
        }
        let mut archive = Archive::new();
        let content = Content::Path(path.clone());
        archive.add_file(name("big"), content, Attributes::root(0o644)).unwrap();
        // Four gigabytes of zeros are not worth writing; the header is checked before the data.
        let mut room = FullAfter(1 << 20);
        match archive.write(&mut room).unwrap_err() {
            Error::TooLarge { bytes, .. } => assert!(!fits && bytes == len),
            Error::Write(_) => assert!(fits),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn entries_that_do_not_fit_together_are_refused() {
    let host = tempfile::tempdir().unwrap();
    fs::write(host.path().join("f"), b"x").unwrap();
    for (text, expected) in [
        (
            "file /a f 0644 0 0\ndir /a/b 0755 0 0",
            "`/a/b` lies below `/a`, which is not a directory",
        ),
        ("file /a missing 0644 0 0", "cannot read "),
        ("file /a . 0644 0 0", "not a regular file"),
    ] {
        let problem = from_manifest(text, host.path()).unwrap().write(Vec::new()).unwrap_err();
        assert!(problem.to_string().contains(expected), "{text:?}: {problem}");
    }
    let mut archive = Archive::new();
    archive.add_directory(name("dir"), Attributes::root(0o755)).unwrap();
    archive.add_hard_link(name("link"), name("dir")).unwrap();
    let problem = archive.write(Vec::new()).unwrap_err();
    assert!(problem.to_string().contains("is not a regular file of the archive"), "{problem}");
}

#[test]
fn device_limits_are_those_of_linux() {
    let mut archive = Archive::new();
    let mut add = |text, device| archive.add_device(name(text), device, Attributes::root(0o600));
    assert!(add("a", Device::Char(4095, (1 << 20) - 1)).is_ok());
    assert!(add("b", Device::Block(4096, 0)).is_err());
    assert!(add("c", Device::Block(0, 1 << 20)).is_err());
}

#[test]
fn the_command_writes_all_three_forms_and_leaves_nothing_behind_on_failure() {
    let (host, plain) = everything();
    let manifest = host.path().join("manifest");
    fs::write(&manifest, EVERYTHING).unwrap();
    let out = host.path().join("out.cpio");
    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_initramfs-builder"))
            .arg(&manifest)
            .arg("-o")
            .arg(&out)
            .args(arguments)
            .output()
            .unwrap()
    };
    assert!(run(&[]).status.success());
    assert_eq!(fs::read(&out).unwrap(), plain);
    for (option, magic, tool) in
        [("--gzip", &[0x1f, 0x8b][..], "gzip"), ("--zstd", &[0x28, 0xb5, 0x2f, 0xfd][..], "zstd")]
    {
        assert!(run(&[option]).status.success());
        assert!(fs::read(&out).unwrap().starts_with(magic));
        match Command::new(tool).arg("-dc").stdin(fs::File::open(&out).unwrap()).output() {
            Ok(unpacked) => assert_eq!(unpacked.stdout, plain),
            Err(_) => println!("skipped: no {tool} command on this machine"),
        }
    }
    fs::remove_file(&out).unwrap();
    fs::write(&manifest, "file /x missing 0644 0 0\n").unwrap();
    let failed = run(&[]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&failed.stderr).contains("missing"));
    assert_eq!(run(&["--frob"]).status.code(), Some(2));
    let left: Vec<_> = fs::read_dir(host.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

/// A sink that takes so many bytes and no more.
struct FullAfter(usize);

impl std::io::Write for FullAfter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0 == 0 {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        let count = bytes.len().min(self.0);
        self.0 -= count;
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
