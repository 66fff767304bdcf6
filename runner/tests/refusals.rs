// SPDX-License-Identifier: MIT OR Apache-2.0
//! Bad inputs: each has a clear message and its status. Belongs here: everything that the runner must
//! refuse, and damage that it must survive.

mod support;

use ochre_runner::newc;
use support::{Bench, kernel, program, program_with};

/// A machine that would power off at once.
fn good(name: &str) -> Bench {
    Bench::new(name, &kernel(&[], b""))
}

#[test]
fn kernels_that_are_none() {
    let image = kernel(&[], b"");
    let bench = good("bad-kernels");
    bench.run().expect(0, "");
    let foreign = wat::parse_str("(module (func (export \"main\")))").expect("module");
    let mut version = image.clone();
    let section = version.windows(9).position(|window| window == b"ochre.abi").expect("section");
    version[section + 9] = 99;
    let mut garbage = image.clone();
    let middle = garbage.len() / 2;
    garbage.truncate(middle);
    for (name, bytes, part) in [
        ("empty", vec![], "the file is empty"),
        ("text", b"hello, world".to_vec(), "not a wasm module"),
        ("truncated", garbage, "the file is damaged"),
        ("foreign", foreign, "some other program"),
        ("version", version, "speaks version 99"),
    ] {
        bench.write("vmlinux.wasm", &bytes);
        let ended = bench.run();
        ended.expect_error(125, part);
        assert_eq!(ended.stderr().lines().count(), 1, "{name}: {}", ended.stderr());
    }
    std::fs::remove_file(bench.path("vmlinux.wasm")).expect("file");
    bench.run().expect_error(125, "cannot read the kernel");
}

#[test]
fn kernels_with_other_imports_or_exports() {
    let bench = good("kernel-links");
    let abi = r#"(@custom "ochre.abi" "\04\00\00\00")"#;
    for (text, part) in [
        (
            r#"(import "host" "host_bake_bread" (func)) (memory 1 1 shared)"#,
            "host_bake_bread, which this runner lacks",
        ),
        (r#"(import "host" "host_vcpu_idle" (func (param i32)))"#, "another signature"),
        (r#"(import "wasi" "fd_write" (func))"#, "wasi.fd_write, which no runner supplies"),
        (r#"(import "env" "memory" (memory 1 65536 shared))"#, "does not export kernel_boot"),
    ] {
        let module = wat::parse_str(format!("(module {abi} {text})")).expect("module");
        bench.write("vmlinux.wasm", &module);
        bench.run().expect_error(125, part);
    }
}

#[test]
fn initramfs_that_is_none() {
    let bench = good("bad-initramfs");
    let archive = newc::archive("folder", &[("file", &[7; 5000])]);
    // The size of the file, which is the archive's second entry.
    let second = archive.windows(6).rposition(|window| window == b"070701").expect("a header");
    let second = archive[..second].windows(6).rposition(|window| window == b"070701");
    let mut damaged = archive.clone();
    damaged[second.expect("a header") + 6 + 6 * 8] = b'z';
    for (bytes, part) in [
        (vec![], "too short"),
        (vec![0xaa; 4096], "neither a cpio archive"),
        (damaged, "the archive is damaged"),
        (archive[..2000].to_vec(), "cut off before its end"),
        (archive[..archive.len() - 64].to_vec(), "cut off before its end"),
    ] {
        bench.write("initramfs.cpio", &bytes);
        bench.run().expect_error(125, part);
    }
    bench.write("initramfs.cpio", &archive);
    bench.run().expect(0, "");
    std::fs::remove_file(bench.path("initramfs.cpio")).expect("file");
    bench.run().expect_error(125, "cannot read the initramfs");
}

#[test]
fn sizes_that_make_no_machine() {
    let with = |name: &str, arguments: &[&str]| good(name).args(arguments).run();
    with("small", &["--memory", "512K"]).expect_error(125, "at least 16 MiB");
    with("large", &["--memory", "5G"]).expect_error(125, "at most 4 GiB");
    with("no-number", &["--memory", "much"]).expect_error(2, "expected a number");
    with("no-cpus", &["--cpus", "0"]).expect_error(2, "--cpus");
    with("most", &["--memory", "4G"]).expect(0, "");
    let long = "x".repeat(3000);
    with("long-line", &["--append", &long]).expect_error(125, "the kernel takes 2047");
}

#[test]
fn an_initramfs_that_does_not_fit() {
    let bench = good("initramfs-large").args(&["--memory", "16M"]);
    bench.write("initramfs.cpio", &newc::archive("folder", &[("file", &[7; 15 << 20])]));
    bench.run().expect_error(125, "the memory is too small");
}

#[test]
fn programs_that_are_none() {
    let more = |text: &str| program_with("", text);
    let bare = |text: &str| wat::parse_str(format!("(module {text})")).expect("module");
    let syscall7 = "(param i32 i32 i32 i32 i32 i32 i32) (result i32)";
    let cases = [
        ("empty", vec![], "the file is empty"),
        ("script", b"#!/bin/sh\necho\n".to_vec(), "not a wasm module"),
        ("component", b"\0asm\x0d\0\x01\0".to_vec(), "version 1"),
        ("cut", program("")[..100].to_vec(), "not valid"),
        ("import", bare(r#"(import "env" "puts" (func))"#), "imports env.puts"),
        (
            "signature",
            bare(r#"(import "linux" "syscall" (func (param i32) (result i32)))"#),
            "another signature",
        ),
        (
            "no-memory",
            bare(&format!(r#"(import "linux" "syscall" (func {syscall7}))"#)),
            "has no memory",
        ),
        ("unshared", bare("(memory 1)"), "not shared"),
        ("no-start", bare("(memory 2 2 shared)"), "has no _start"),
        (
            "no-stack",
            bare(r#"(memory 2 2 shared) (func (export "_start") (param i32))"#),
            "__stack_pointer",
        ),
        ("active-data", more(r#"(data (i32.const 0) "x")"#), "--shared-memory"),
        ("two-memories", more("(memory 1 1 shared)"), "more than one memory"),
        (
            "handler",
            more(r#"(func (export "__linux_signal"))"#),
            "__linux_signal with another signature",
        ),
    ];
    for (name, program, part) in cases {
        let kernel = kernel(&[("BOOT", "(drop (call $load_program))")], &program);
        let ended = Bench::new(&format!("refuse-{name}"), &kernel).run();
        let text = ended.stdout();
        assert!(text.contains(part), "{name}: no {part:?} in {text:?} {}", ended.stderr());
        assert_eq!(ended.status(), 0, "{name}");
    }
}

#[test]
fn damaged_cache_entries_are_compiled_anew() {
    let program = program("(call $number (i32.const 7))");
    let bench = Bench::new("cache", &kernel(&[("BOOT", "(call $start_process)")], &program));
    bench.run().expect(0, "00000007\n");
    let folder = bench.path("ochre/code");
    let entries = || {
        let mut entries: Vec<_> = std::fs::read_dir(&folder)
            .expect("a cache")
            .map(|entry| entry.expect("entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "cwasm"))
            .collect();
        entries.sort();
        entries
    };
    assert_eq!(entries().len(), 2, "kernel and program");
    // Old enough to be stamped as whole, which must not hide the damage that follows.
    std::thread::sleep(std::time::Duration::from_secs(3));
    bench.run().expect(0, "00000007\n");
    let stamps = std::fs::read_dir(&folder).expect("a cache").count() - entries().len();
    assert_eq!(stamps, 2, "kernel and program");
    for path in entries() {
        let whole = std::fs::read(&path).expect("entry");
        let mut changed = whole.clone();
        changed[whole.len() / 2] ^= 1;
        for damaged in [changed, whole[..whole.len() / 2].to_vec(), vec![]] {
            std::fs::write(&path, &damaged).expect("entry");
            bench.run().expect(0, "00000007\n");
            assert!(std::fs::read(&path).expect("entry") == whole, "not replaced");
        }
    }
    // An entry under another's name is as good as a damaged one.
    let [first, second] = &entries()[..] else { panic!("two entries") };
    std::fs::copy(first, second).expect("entry");
    bench.run().expect(0, "00000007\n");
}

#[test]
fn a_shared_cache_folder_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let bench = good("cache-shared");
    let folder = bench.path("ochre/code");
    std::fs::create_dir_all(&folder).expect("folder");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).expect("mode");
    bench.run().expect(0, "");
    assert_eq!(std::fs::read_dir(&folder).expect("folder").count(), 0);
}
