// SPDX-License-Identifier: MIT OR Apache-2.0
//! The root file system, as the kernel has unpacked it, against the archive as the system's cpio
//! reads it; and archives in compressed form.

use ochre_tests::host;
use ochre_tests::machine::{IMAGE, Machine, part};
use ochre_tests::skip;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// Folders that init mounts something over.
const COVERED: &[&str] = &["dev", "proc", "sys", "tmp", "run"];

/// `mode links? uid gid size target` of each name.
type Listing = BTreeMap<String, String>;

/// Parses `cpio -tvn`: `-rwxr-xr-x 2 0 0 234153 Jan 1 1970 name [-> target]`.
fn archive_listing() -> Listing {
    let archive = fs::read(part(IMAGE)).expect("the archive");
    let text = host::run("cpio", &["-itvn", "--quiet"], &archive).success().text();
    let mut listing = Listing::new();
    for line in text.lines() {
        let fields: Vec<_> = line.split_whitespace().collect();
        let is_device = matches!(line.as_bytes()[0], b'c' | b'b');
        // A device's size is two numbers, `5, 1`.
        let name_at = if is_device { 9 } else { 8 };
        let name = fields[name_at].trim_start_matches('/').to_owned();
        let is_covered =
            COVERED.iter().any(|folder| name == *folder || name.starts_with(&format!("{folder}/")));
        if is_covered || name == "." {
            continue;
        }
        let [mode, links, uid, gid] = [0, 1, 2, 3].map(|at| fields[at]);
        let is_file = mode.starts_with('-');
        // Only files have sizes and link counts that the archive decides.
        let (size, links) = if is_file { (size_of(fields[4], links), links) } else { ("-", "-") };
        let target = fields.get(name_at + 2).copied().unwrap_or("-");
        listing.insert(name, format!("{mode} {links} {uid} {gid} {size} {target}"));
    }
    listing
}

/// Only one of several hard links has the content with it in an archive.
fn size_of<'a>(size: &'a str, links: &str) -> &'a str {
    if links == "1" { size } else { "-" }
}

#[test]
fn every_file_of_the_archive_is_there_as_the_systems_cpio_sees_it() {
    if !host::has("cpio") {
        skip!("no cpio on this host");
    }
    let wanted = archive_listing();
    assert!(wanted.len() > 100, "{wanted:#?}");
    let names: String = wanted.keys().map(|name| format!("/{name}\n")).collect();
    let script = "while read -r f; do t=-; [ -L $f ] && t=$(readlink $f); \
                  stat -c \"%A %h %u %g %s $t|%n\" $f; done";
    // init makes some of these mounts' folders its own: compared as they are.
    let output = Machine::shell(script).stdin(names).run().success();
    let mut found = Listing::new();
    for line in output.text().lines() {
        let (facts, name) = line.split_once("|/").expect("a name");
        let fields: Vec<_> = facts.split(' ').collect();
        let is_file = fields[0].starts_with('-');
        let (size, links) =
            if is_file { (size_of(fields[4], fields[1]), fields[1]) } else { ("-", "-") };
        let facts =
            format!("{} {links} {} {} {size} {}", fields[0], fields[2], fields[3], fields[5]);
        found.insert(name.to_owned(), facts);
    }
    let differences: Vec<_> = wanted
        .iter()
        .filter(|(name, facts)| found.get(*name) != Some(facts))
        .map(|(name, facts)| format!("{name}: {facts} | {:?}", found.get(name)))
        .collect();
    assert!(differences.is_empty(), "{differences:#?}\n{}", output.transcript());
}

#[test]
fn the_contents_are_those_of_the_archive() {
    if !host::has("cpio") {
        skip!("no cpio on this host");
    }
    let archive = fs::read(part(IMAGE)).expect("the archive");
    let folder = tempfile::tempdir().expect("a temporary folder");
    // Devices cannot be made by everybody; links into the root must not lead out of the folder.
    let script = format!(
        "cd {} && cpio -id --quiet --no-absolute-filenames --nonmatching '*dev/*'",
        folder.path().display()
    );
    host::shell(&script, &archive).success();
    let names = ["usr/bin/coreutils", "usr/bin/brush", "init", "etc/passwd", "etc/profile"];
    let mut wanted = String::new();
    for name in names {
        let sum = host::run("sha256sum", &[folder.path().join(name)], b"").success().text();
        wanted += &format!("{}  /{name}\n", sum.split(' ').next().unwrap_or_default());
    }
    let mut command = vec!["sha256sum".to_owned()];
    command.extend(names.iter().map(|name| format!("/{name}")));
    Machine::exec(&command).run().success().prints(&wanted);
}

/// Boots the archive after `program` has compressed it.
fn boots_compressed(program: &str, args: &[&str]) {
    let archive = fs::read(part(IMAGE)).expect("the archive");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path: PathBuf = folder.path().join("initramfs");
    fs::write(&path, host::run(program, args, &archive).success().stdout).expect("a file");
    Machine::exec(&["uname"]).option("--initramfs", &path).run().success().prints("Linux\n");
}

#[test]
fn a_gzip_archive_boots() {
    boots_compressed("gzip", &["-1c"]);
}

#[test]
fn a_zstd_archive_boots() {
    if !host::has("zstd") {
        skip!("no zstd on this host");
    }
    boots_compressed("zstd", &["-3", "-c", "-q"]);
}

#[test]
fn an_archive_of_the_systems_cpio_boots_behind_ours() {
    if !host::has("cpio") {
        skip!("no cpio on this host");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(folder.path().join("srv")).expect("a folder");
    fs::write(folder.path().join("srv/hello"), "from cpio\n").expect("a file");
    let script = format!("cd {} && find srv | cpio -o -H newc --quiet", folder.path().display());
    let second = host::shell(&script, b"").success().stdout;
    let mut both = fs::read(part(IMAGE)).expect("the archive");
    both.resize(both.len().next_multiple_of(4), 0);
    both.extend(second);
    let path = folder.path().join("both");
    fs::write(&path, both).expect("a file");
    Machine::exec(&["cat", "/srv/hello"])
        .option("--initramfs", &path)
        .run()
        .success()
        .prints("from cpio\n");
}
