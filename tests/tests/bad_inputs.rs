// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is wrong with a machine's parts and options: one clear line, and a status by kind of mistake.

use ochre_tests::host;
use ochre_tests::machine::{Machine, Output, part};
use ochre_tests::skip;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Statuses of `ochre` itself.
const BAD_ARGUMENTS: i32 = 2;
const PANIC: i32 = 123;
const NO_MACHINE: i32 = 125;

/// A temporary folder with one file.
fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("part");
    fs::write(&path, bytes).expect("a file");
    (folder, path)
}

fn with(option: &str, path: &Path) -> Output {
    Machine::exec(&["true"]).without_kernel_log().option(option, path).run()
}

/// One line that names the file and tells why.
#[track_caller]
fn refused(output: Output, path: &Path, why: &str) {
    let output = output.ends_with(NO_MACHINE).prints("");
    let errors = output.errors();
    assert_eq!(errors.lines().count(), 1, "{}", output.transcript());
    assert!(errors.contains(&path.display().to_string()), "{}", output.transcript());
    assert!(errors.to_lowercase().contains(why), "{why:?} wanted\n{}", output.transcript());
}

#[test]
fn kernels_that_are_none_are_refused() {
    let kernel = fs::read(part("vmlinux.wasm")).expect("the kernel");
    let foreign = ochre_tests::program::assemble("(module (func (export \"main\")))");
    let damaged = [&kernel[..1000], &[0xff; 64], &kernel[1064..]].concat();
    let cases: [(&str, &[u8], &str); 6] = [
        ("empty", b"", "empty"),
        ("truncated", &kernel[..kernel.len() / 2], ""),
        ("foreign", &foreign, ""),
        ("an ELF file", b"\x7fELF\x02\x01\x01\0\0\0\0\0", "not a wasm module"),
        ("text", b"#!/bin/sh\n", "not a wasm module"),
        ("damaged", &damaged, ""),
    ];
    for (name, bytes, why) in cases {
        let (_folder, path) = file(bytes);
        eprintln!("{name}");
        refused(with("--kernel", &path), &path, why);
    }
    let path = Path::new("/no/such/kernel");
    refused(with("--kernel", path), path, "no such file");
    refused(with("--kernel", Path::new("/tmp")), Path::new("/tmp"), "");
}

#[test]
fn a_kernel_of_another_version_is_refused_with_both_versions() {
    let mut kernel = fs::read(part("vmlinux.wasm")).expect("the kernel");
    let name = ochre_abi::ABI_SECTION.as_bytes();
    let places: Vec<_> =
        kernel.windows(name.len()).enumerate().filter(|(_, window)| *window == name).collect();
    // The section's data follows its name; symbol names may hold the text too, behind it.
    let version_at = places
        .iter()
        .map(|(at, _)| at + name.len())
        .find(|at| kernel.get(*at..at + 4) == Some(&ochre_abi::ABI_VERSION.to_le_bytes()));
    let version_at = version_at.expect("a version in the kernel");
    kernel[version_at..version_at + 4].copy_from_slice(&77u32.to_le_bytes());
    let (_folder, path) = file(&kernel);
    let output = with("--kernel", &path);
    assert!(output.errors().contains("77"), "{}", output.transcript());
    refused(output, &path, &format!("version {}", ochre_abi::ABI_VERSION));
}

#[test]
fn archives_that_are_none_are_refused() {
    let archive = fs::read(part("initramfs.cpio")).expect("the archive");
    let garbage: Vec<u8> =
        (0..100_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let cases: [(&str, &[u8]); 5] = [
        ("empty", b""),
        ("truncated", &archive[..archive.len() / 2]),
        ("its first header only", &archive[..110]),
        ("garbage", &garbage),
        ("zeroes", &[0; 10_000]),
    ];
    for (name, bytes) in cases {
        let (_folder, path) = file(bytes);
        eprintln!("{name}");
        refused(with("--initramfs", &path), &path, "");
    }
    let path = Path::new("/no/such/initramfs");
    refused(with("--initramfs", path), path, "no such file");
}

#[test]
fn a_damaged_compressed_archive_is_no_silent_success() {
    let archive = fs::read(part("initramfs.cpio")).expect("the archive");
    let packed = host::run("gzip", &["-1c"], &archive).success().stdout;
    let (_folder, path) = file(&packed[..packed.len() / 2]);
    let output = with("--initramfs", &path);
    // Found by the runner, or by the kernel, which has no init then.
    assert!([NO_MACHINE, PANIC].contains(&output.code()), "{}", output.transcript());
    assert!(!output.errors().is_empty(), "{}", output.transcript());
}

#[test]
fn an_archive_without_init_is_a_panic_that_says_so() {
    if !host::has("cpio") {
        skip!("no cpio on this host");
    }
    let archive = host::shell(
        "d=$(mktemp -d); cd $d; mkdir etc; echo etc | cpio -o -H newc --quiet; rm -r $d",
        b"",
    );
    let (_folder, path) = file(&archive.success().stdout);
    let machine = Machine::exec(&["true"]).option("--initramfs", &path);
    machine.without_kernel_log().may_complain().run().ends_with(PANIC).complains("panic");
}

#[test]
fn bad_arguments_are_told_before_anything_starts() {
    let cases: [&[&str]; 9] = [
        &["--memory", "lots"],
        &["--memory", "-1"],
        &["--memory", ""],
        &["--memory", "99999999999999999999"],
        &["--cpus", "0"],
        &["--cpus", "many"],
        &["--timeout", "soon"],
        &["--no-such-option"],
        &["--kernel"],
    ];
    for options in cases {
        let mut machine = Machine::exec(&["true"]).without_kernel_log();
        for option in options {
            machine = machine.flag(option);
        }
        let output = machine.run().ends_with(BAD_ARGUMENTS).prints("");
        assert!(!output.errors().is_empty(), "{options:?}");
    }
    Machine::exec(&[""; 0]).without_kernel_log().run().ends_with(BAD_ARGUMENTS);
}

#[test]
fn memory_that_no_machine_can_have_is_refused() {
    for memory in ["512K", "0", "5G", "1000G", "2M"] {
        let machine = Machine::exec(&["true"]).without_kernel_log().option("--memory", memory);
        let output = machine.run().prints("");
        assert!([BAD_ARGUMENTS, NO_MACHINE].contains(&output.code()), "{}", output.transcript());
        assert!(output.errors().contains("memory"), "{}", output.transcript());
    }
    // Enough for a kernel, but not for its files.
    let output = Machine::exec(&["true"]).without_kernel_log().option("--memory", "17M").run();
    assert!([NO_MACHINE, PANIC].contains(&output.code()), "{}", output.transcript());
}

#[test]
fn a_command_line_that_is_too_long_is_refused() {
    let long = "x".repeat(5000);
    let machine = Machine::exec(&["true"]).without_kernel_log().append(&long);
    machine.run().ends_with(NO_MACHINE).complains("command line");
}

/// Starts a file as a program; the guest's init starts nothing else in its place.
fn start(bytes: &[u8]) -> Output {
    Machine::program(bytes).run()
}

#[test]
fn files_that_are_no_programs_are_enoexec_with_the_reason_in_the_log() {
    let memory = "(import \"env\" \"memory\" (memory 2 65536 shared))";
    let pointer = "(global (export \"__stack_pointer\") (mut i32) (i32.const 65536))";
    let entry = "(func (export \"_start\") (param i32))";
    let module = |fields: &[&str]| {
        ochre_tests::program::assemble(&format!("(module {})", fields.join("\n")))
    };
    let whole = module(&[memory, pointer, entry]);
    let sound = start(&whole);
    assert_ne!(sound.code(), 126, "{}", sound.transcript());
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", vec![], ""),
        ("truncated", whole[..whole.len() - 5].to_vec(), "not valid"),
        ("garbage", b"\0asm\x01\0\0\0\xff\xff\xff\xff".to_vec(), "not valid"),
        ("a component", b"\0asm\x0d\0\x01\0".to_vec(), ""),
        (
            "an unknown import",
            module(&["(import \"env\" \"secret_door\" (func))", memory, pointer, entry]),
            "secret_door",
        ),
        (
            "a host call of the kernel",
            module(&[
                "(import \"host\" \"host_machine_stop\" (func (param i32 i32)))",
                memory,
                pointer,
                entry,
            ]),
            "host_machine_stop",
        ),
        (
            "another signature",
            module(&["(import \"linux\" \"syscall\" (func (param i64)))", memory, pointer, entry]),
            "syscall",
        ),
        (
            "an instruction of another proposal",
            module(&[
                memory,
                pointer,
                "(func (export \"_start\") (param i32) (drop (ref.i31 (i32.const 1))))",
            ]),
            "not valid",
        ),
        ("no memory", module(&[pointer, entry]), "memory"),
        ("a memory that is not shared", module(&["(memory 2)", pointer, entry]), "shared"),
        ("no entry", module(&[memory, pointer]), "_start"),
        ("no stack pointer", module(&[memory, entry]), "__stack_pointer"),
        (
            "a stack beyond its memory",
            module(&[
                memory,
                "(global (export \"__stack_pointer\") (mut i32) (i32.const 0x7fffffff))",
                entry,
            ]),
            "stack",
        ),
    ];
    let mut failures = String::new();
    for (name, bytes, why) in &cases {
        let output = start(bytes);
        // 126: found, but it cannot be invoked, as env(1) and shells have it.
        let right = output.code() == 126
            && output.errors().to_lowercase().contains("exec format error")
            && output.kernel_log.contains(why);
        if !right {
            failures += &format!("{name}: 126 and {why:?} wanted\n{}\n", output.transcript());
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn instructions_that_would_block_or_grow_are_tamed() {
    use ochre_tests::program::program;
    // A wait without end must not take the processor: the program traps, or waits and can be killed.
    let wait =
        program("", "(drop (memory.atomic.wait32 (i32.const 65536) (i32.const 0) (i64.const -1)))");
    let output = Machine::program(wait).option("--timeout", "10").run();
    // A signal's number, not the runner's limit of time.
    assert!((129..160).contains(&output.code()), "{}", output.transcript());
    let grow = program("", "(call $exit (i32.eq (memory.grow (i32.const 1)) (i32.const -1)))");
    Machine::program(grow).run().ends_with(1);
}

#[test]
fn a_script_without_its_interpreter_is_enoent() {
    let script = "printf '#!/no/such/program\\necho no\\n' > /tmp/s; chmod +x /tmp/s; env /tmp/s; \
                  echo $?; printf '#!\\n' > /tmp/t; chmod +x /tmp/t; env /tmp/t; echo $?; \
                  printf '#!/tmp/s\\n' > /tmp/u; chmod +x /tmp/u; env /tmp/u; echo $?; \
                  printf '#!/tmp/loop\\n' > /tmp/loop; chmod +x /tmp/loop; env /tmp/loop; echo $?";
    // env(1): 127 when it is not found, 126 else. The loop is ELOOP, `man 2 execve`.
    Machine::shell(script).run().success().prints("127\n126\n127\n126\n");
}

#[test]
fn files_that_may_not_be_run_are_refused() {
    let script = "echo x > /tmp/f; env /tmp/f; echo $?; env /tmp; echo $?; env /no/such; echo $?";
    Machine::shell(script).run().success().prints("126\n126\n127\n");
}

/// The entries of a cache.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else if path.extension().is_some_and(|extension| extension == "cwasm") {
            files.push(path);
        }
    }
    files
}

#[test]
fn damaged_cache_entries_are_compiled_anew() {
    let cache = tempfile::tempdir().expect("a temporary folder");
    let program = ochre_tests::program::program("", "(call $exit (i32.const 33))");
    let run = || {
        Machine::program(program.clone())
            .env("XDG_CACHE_HOME", cache.path())
            .run()
            .ends_with(33)
            .without_errors();
    };
    run();
    let entries = files_below(cache.path());
    // The kernel, unless it came precompiled, and the program.
    assert!(!entries.is_empty());
    let damages: [fn(&mut Vec<u8>); 5] = [
        |bytes| bytes.clear(),
        |bytes| bytes.truncate(bytes.len() / 2),
        |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
        },
        |bytes| {
            let end = bytes.len() - 60;
            bytes[end] ^= 0x40;
        },
        |bytes| *bytes = b"\x7fELF and no more".repeat(100),
    ];
    for (number, damage) in damages.iter().enumerate() {
        for entry in &entries {
            let mut bytes = fs::read(entry).expect("an entry");
            let before = bytes.clone();
            damage(&mut bytes);
            assert!(bytes != before);
            fs::write(entry, &bytes).expect("a damaged entry");
        }
        eprintln!("damage {number}");
        run();
        for entry in &entries {
            let bytes = fs::read(entry).expect("an entry");
            assert!(bytes.len() > 2000, "damage {number}: {} was not replaced", entry.display());
        }
    }
}

#[test]
fn a_cache_that_cannot_be_used_does_no_harm() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = |home: &Path| {
        Machine::exec(&["true"]).env("XDG_CACHE_HOME", home).run().success().without_errors();
    };
    // A file in its place, no place at all, and one that others may write to.
    let blocked = folder.path().join("file");
    fs::write(&blocked, "x").expect("a file");
    run(&blocked);
    run(Path::new("/proc/no/such"));
    let open = folder.path().join("open");
    let code = open.join("ochre/code");
    fs::create_dir_all(&code).expect("a folder");
    fs::set_permissions(&code, fs::Permissions::from_mode(0o777)).expect("a mode");
    run(&open);
    let left = files_below(&code);
    assert!(left.is_empty(), "a folder that others can write to was used: {left:?}");
}
