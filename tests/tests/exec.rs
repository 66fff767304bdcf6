// SPDX-License-Identifier: MIT OR Apache-2.0
//! `ochre exec`: standard files, arguments and statuses pass through a machine as through `env`.

use ochre_tests::host;
use ochre_tests::machine::{Machine, part};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;
use std::time::{Duration, Instant};

/// Bytes that follow no pattern (xorshift64), all values among them.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut bytes = Vec::with_capacity(count + 8);
    while bytes.len() < count {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(count);
    bytes
}

#[test]
fn the_system_is_linux_on_wasm32() {
    Machine::exec(&["uname", "-sm"]).run().success().prints("Linux wasm32\n").without_errors();
}

#[test]
fn a_pipeline_sorts_and_the_scripts_status_comes_back() {
    let script = "for i in 3 1 2; do echo $i; done | sort | tail -n 1; exit 42";
    Machine::shell(script).run().ends_with(42).prints("3\n").without_errors();
}

#[test]
fn ten_million_bytes_through_two_pipes_hash_as_on_the_host() {
    let script = "yes | head -c 10000000 | sha256sum";
    let wanted = host::shell(script, b"").success().text();
    Machine::shell(script).run().success().prints(&wanted);
}

#[test]
fn fifty_megabytes_of_noise_come_back_as_they_were() {
    let bytes = noise(50_000_000);
    let output = Machine::exec(&["cat"])
        .stdin(bytes.clone())
        .limit(Duration::from_secs(120))
        .run()
        .success()
        .without_errors();
    assert_eq!(output.stdout.len(), bytes.len());
    assert!(output.stdout == bytes, "the bytes differ");
}

#[test]
fn noise_arrives_in_the_guest_as_the_host_has_it() {
    let bytes = noise(3_000_001);
    let wanted = host::run("sha256sum", &["-"], &bytes).success().text();
    Machine::exec(&["sha256sum", "-"]).stdin(bytes).run().success().prints(&wanted);
}

#[test]
fn output_and_errors_stay_apart() {
    let script = "for i in $(seq 1 500); do echo out $i; echo err $i >&2; done";
    let wanted = host::shell(script, b"");
    let output = Machine::shell(script).run().success().prints(&wanted.text());
    assert!(output.stderr == wanted.stderr, "{}", output.transcript());
}

#[test]
fn every_kind_of_status_comes_back() {
    for status in [0, 1, 2, 42, 121, 126, 127, 128, 255] {
        Machine::probe("exit", &[&status.to_string()]).run().ends_with(status);
    }
    // 9, 11 and 15 as `man 7 signal` numbers them.
    for signal in [9, 11, 15] {
        Machine::probe("exit", &["signal", &signal.to_string()]).run().ends_with(128 + signal);
    }
}

#[test]
fn a_command_that_is_not_there_has_the_shells_status() {
    Machine::exec(&["no-such-command"]).run().ends_with(127).complains("no-such-command");
    Machine::exec(&["/etc/passwd"]).run().ends_with(126).complains("/etc/passwd");
}

#[test]
fn arguments_arrive_as_they_were_given() {
    let arguments =
        ["%s|", "", "a b", "c\td", "e\nf", "'\"\\$HOME`*?", "äöü€😀", "-n", "--", "%d", " "];
    let wanted = host::run("/usr/bin/printf", &arguments, b"").success().text();
    let mut command = vec!["printf"];
    command.extend(arguments);
    Machine::exec(&command).run().success().prints(&wanted);
}

#[test]
fn many_long_arguments_arrive() {
    let arguments: Vec<String> = (0..300).map(|number| format!("{number:0100}")).collect();
    let mut command = vec!["echo".to_owned()];
    command.extend(arguments.iter().cloned());
    Machine::exec(&command).run().success().prints(&format!("{}\n", arguments.join(" ")));
}

#[test]
fn an_empty_input_ends_at_once() {
    Machine::exec(&["cat"]).run().success().prints("");
    Machine::exec(&["wc", "-c"]).run().success().prints("0\n");
}

#[test]
fn input_that_nobody_reads_keeps_nobody_waiting() {
    let output = Machine::exec(&["true"]).stdin(noise(20_000_000)).run().success();
    assert!(output.elapsed < Duration::from_secs(20), "{}", output.transcript());
}

#[test]
fn input_that_stays_open_keeps_nobody_waiting() {
    let start = Instant::now();
    let mut child = Command::new(part("ochre"))
        .args(["exec", "--", "true"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .expect("the runner");
    let keep = child.stdin.take();
    let status = loop {
        if let Some(status) = child.try_wait().expect("our own child") {
            break status;
        }
        if start.elapsed() > Duration::from_secs(20) {
            child.kill().expect("our own child");
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    drop(keep);
    assert!(status.success());
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_reader_that_leaves_ends_the_writer() {
    let script =
        format!("{} exec -- yes | head -c 20; echo ${{PIPESTATUS[0]}}", part("ochre").display());
    let output = host::shell(&script, b"");
    let wanted = "y\n".repeat(10);
    let status = output.text().strip_prefix(&wanted).map(|rest| rest.trim().to_owned());
    // `yes` dies of SIGPIPE, or finds out by EPIPE and says so: 128 + 13, or 1.
    assert!(matches!(status.as_deref(), Some("141" | "1")), "{}", output.transcript());
}

#[test]
fn standard_files_are_no_terminals() {
    Machine::exec(&["tty"]).run().ends_with(1).prints("not a tty\n");
}

#[test]
fn a_script_runs_its_interpreter() {
    let script = "printf '#!/bin/sh -e\\necho \"$0 $# $1\"\\nfalse\\necho no\\n' > /tmp/s; \
                  chmod +x /tmp/s; /tmp/s 'a b' c; echo $?; \
                  printf '#!/usr/bin/env sh\\necho env $1\\n' > /tmp/t; chmod +x /tmp/t; /tmp/t x";
    Machine::shell(script).run().success().prints("/tmp/s 2 a b\n1\nenv x\n");
}

#[test]
fn a_program_that_is_written_anew_runs_its_new_content() {
    let script = "cd /tmp; cp /usr/bin/coreutils true; ./true; echo $?; \
                  cp /usr/lib/ochre/probes/exit true; ./true 9; echo $?; \
                  cp /usr/bin/coreutils true; ./true; echo $?";
    Machine::shell(script).run().success().prints("0\n9\n0\n");
}

#[test]
fn files_and_folders_of_the_host_are_added() {
    let folder = tempfile::tempdir().expect("folder");
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("tree/deep")).expect("folder");
    fs::write(path("tree/deep/file"), "deep\n").expect("file");
    symlink("deep/file", path("tree/link")).expect("link");
    fs::write(path("tool"), "#!/bin/sh\necho tool $1\n").expect("file");
    fs::set_permissions(path("tool"), Permissions::from_mode(0o700)).expect("mode");
    let to = |name: &str, place: &str| format!("{}{place}", path(name).display());
    // In the place of a program with two names, of which the other stays what it is.
    let script = "tool 1; cat /root/tree/link /new/deep/file; stat -c %A /usr/local/bin/tool; \
                  bash 2; stat -c %A /bin /root";
    Machine::exec(&["sh", "-c", script])
        .option("--add", path("tool"))
        .option("--add", path("tree"))
        .option("--add", to("tree", ":/new"))
        .option("--add", to("tool", ":/bin/bash"))
        .run()
        .success()
        .prints("tool 1\ndeep\ndeep\n-rwxr-xr-x\ntool 2\nlrwxrwxrwx\ndrwx------\n");
}

#[test]
fn what_cannot_be_added_is_named() {
    for (add, part) in [
        ("/no/such/file", "cannot add /no/such/file: No such file"),
        ("/etc/passwd:/etc/hosts/x", "/etc/hosts is no folder in the guest"),
        ("/dev/null", "is neither a file nor a folder"),
    ] {
        let output = Machine::exec(&["true"]).option("--add", add).run().ends_with(125);
        let errors = output.errors();
        assert!(errors.contains(part), "{add}: {errors}");
    }
}
