// SPDX-License-Identifier: MIT OR Apache-2.0
//! What xtask says when the machine does not play along: no apt, missing packages, no network, a wrong
//! hash, a full disk. Each test has a checkout and a PATH of its own, with programs that misbehave as
//! the test wants; the real package tools are never called.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

struct Fixture {
    folder: tempfile::TempDir,
}

impl Fixture {
    /// A checkout with a kernel part, and tools that work.
    fn new() -> Self {
        let fixture = Self { folder: tempfile::tempdir().unwrap() };
        let sha256 = fixture.sha256_of_good();
        fixture.write(
            "checkout/sources.toml",
            &format!(
                "[[install]]\npackage = \"clang-22\"\nversion = \"22.1\"\nminimum = \"22\"\nfile = \"f\"\n\
                 sha256 = \"{sha256}\"\nlicence = \"x\"\nparts = [\"kernel\"]\n\
                 [[install]]\npackage = \"lld-22\"\nversion = \"22.1\"\nfile = \"f\"\n\
                 sha256 = \"{sha256}\"\nlicence = \"x\"\nparts = [\"kernel\"]\n\
                 [[install]]\npackage = \"llvm-22\"\nversion = \"22.1\"\nfile = \"f\"\n\
                 sha256 = \"{sha256}\"\nlicence = \"x\"\nparts = [\"kernel\"]\n\
                 [[download]]\npackage = \"linux-source-6.12\"\nversion = \"6.12.1-1\"\n\
                 file = \"pool/linux.deb\"\nsha256 = \"{sha256}\"\nlicence = \"x\"\nparts = [\"kernel\"]\n"
            ),
        );
        fixture.write("checkout/kernel/configs/base.config", "CONFIG_A=y\n");
        for name in ["bash", "cat", "cp", "date", "env", "sh", "tar", "xz", "printf", "sha256sum"] {
            let path = ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(name));
            if let Some(path) = path.iter().find(|path| path.exists()) {
                fs::create_dir_all(fixture.path("bin")).unwrap();
                symlink(path, fixture.path("bin").join(name)).unwrap();
            }
        }
        fixture.tool("id", "echo 0");
        fixture.tool("df", "echo Avail; echo 100000");
        fixture.tool("dpkg", "exit 0");
        fixture.tool(
            "dpkg-query",
            "for p in clang-22 lld-22 llvm-22; do echo $p 22.1 installed; done",
        );
        fixture.tool("dpkg-deb", "echo unpacking is another test >&2; exit 7");
        fixture.tool("apt-get", "case \"$*\" in *download*) echo good >linux.deb;; esac");
        fixture
    }

    fn sha256_of_good(&self) -> String {
        let path = self.path("good");
        fs::write(&path, "good\n").unwrap();
        let output = Command::new("sha256sum").arg(&path).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.split(' ').next().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    /// Puts a shell script into the PATH.
    fn tool(&self, name: &str, script: &str) {
        let name = format!("bin/{name}");
        self.write(&name, &format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(self.path(&name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn xtask(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(arguments).env_clear();
        command.env("PATH", self.path("bin")).env("HOME", self.path("home"));
        command.env("CARGO_MANIFEST_DIR", self.path("checkout/xtask"));
        command
    }

    /// Runs a verb that must fail with one error that holds all of `parts`.
    fn fails(&self, arguments: &[&str], parts: &[&str]) {
        let output = self.xtask(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert_eq!(error.matches("xtask: ").count(), 1, "{error}");
        for part in parts {
            assert!(error.contains(part), "no `{part}` in: {error}");
        }
    }

    fn downloads(&self) -> usize {
        let folder = self.path("home/.cache/ochre/downloads");
        fs::read_dir(folder).map_or(0, |entries| {
            entries.filter(|entry| entry.as_ref().unwrap().file_name() != "partial").count()
        })
    }
}

#[test]
fn without_apt_the_system_is_named() {
    let fixture = Fixture::new();
    fs::remove_file(fixture.path("bin/apt-get")).unwrap();
    fixture.fails(&["build", "kernel"], &["this system has no apt", "clang 22", "debian:12"]);
}

#[test]
fn missing_packages_are_installed_only_by_root() {
    let fixture = Fixture::new();
    fixture
        .tool("dpkg-query", "echo lld-22 22.1 installed; echo clang-22 22.1 config-files; exit 1");
    fixture.tool("id", "echo 1000");
    fixture.fails(
        &["build", "kernel"],
        &["sudo apt-get update", "apt-get install --no-install-recommends clang-22 llvm-22"],
    );
    assert_eq!(fixture.downloads(), 0, "nothing is half done");

    fixture.tool("id", "echo 0");
    let sha256 = fixture.sha256_of_good();
    let stanza = |package: &str| {
        format!("echo 'Package: {package}\nVersion: 22.1\nSHA256: {sha256}\n'; echo; ")
    };
    fixture.tool("apt-cache", &(stanza("clang-22") + &stanza("llvm-22")));
    fixture
        .tool("apt-get", "case \"$*\" in *install*) touch_me=1; echo \"$*\" >&2; exit 100;; esac");
    fixture.fails(&["build", "kernel"], &["install", "clang-22 llvm-22", "packages.log"]);
}

#[test]
fn an_unknown_or_changed_package_is_not_installed() {
    let fixture = Fixture::new();
    fixture.tool("dpkg-query", "echo lld-22 22.1 installed; echo llvm-22 22.1 installed");
    fixture.tool("apt-cache", "exit 0");
    fixture.fails(&["build", "kernel"], &["no package source of this machine has clang-22"]);
    fixture.tool("apt-cache", "echo 'Package: clang-22\nVersion: 22.1\nSHA256: beef\n'");
    fixture.fails(&["build", "kernel"], &["announces the sha256 beef", "nothing was installed"]);
}

#[test]
fn a_wrong_hash_is_refused_and_a_rerun_continues() {
    let fixture = Fixture::new();
    fixture.tool("apt-get", "case \"$*\" in *download*) echo evil >linux.deb;; esac");
    fixture.fails(&["build", "kernel"], &["linux.deb", "sources.toml expects", "was refused"]);
    assert_eq!(fixture.downloads(), 0);

    fixture.tool("apt-get", "case \"$*\" in *download*) echo good >linux.deb;; esac");
    let parts = ["unpacking is another test", "kernel.log"];
    fixture.fails(&["build", "kernel"], &parts);
    assert_eq!(fixture.downloads(), 1);

    fixture.tool("apt-get", "echo must not be called; exit 9");
    fixture.fails(&["build", "kernel"], &parts);
}

#[test]
fn a_damaged_download_is_fetched_again() {
    let fixture = Fixture::new();
    fixture.fails(&["build", "kernel"], &["unpacking is another test"]);
    let folder = fixture.path("home/.cache/ochre/downloads").join(fixture.sha256_of_good());
    fs::write(folder.join("linux.deb"), "cut").unwrap();
    fixture.fails(&["build", "kernel"], &["unpacking is another test"]);
    assert_eq!(fs::read(folder.join("linux.deb")).unwrap(), b"good\n");
}

#[test]
fn without_a_network_the_next_step_is_named() {
    let fixture = Fixture::new();
    fixture.tool("apt-get", "echo 'E: Could not resolve deb.debian.org'; exit 100");
    fixture.fails(
        &["build", "kernel"],
        &["cannot reach the Debian mirror", "run the same command again", "Could not resolve"],
    );
}

#[test]
fn a_full_disk_is_noticed_before_it_is_full() {
    let fixture = Fixture::new();
    fixture.tool("df", "echo Avail; echo 12");
    fixture.fails(&["build", "kernel"], &["has 12 MiB free", "free some space"]);
    assert_eq!(fixture.downloads(), 0);
}

#[test]
fn what_a_killed_build_has_started_is_waited_for() {
    let fixture = Fixture::new();
    let started = fixture.path("started");
    let wait = "i=0; while [ $i -lt 20 ]; do read -t 0.1 x <> <(:); i=$((i + 1)); done";
    fixture.tool("dpkg-deb", "");
    fixture
        .write("bin/dpkg-deb", &format!("#!/bin/bash\n: >{}\n{wait}\nexit 7\n", started.display()));
    let mut first = fixture.command(&["build", "kernel"]).stderr(Stdio::null()).spawn().unwrap();
    while !started.exists() {
        assert!(first.try_wait().unwrap().is_none(), "the first build ended by itself");
        std::thread::sleep(Duration::from_millis(10));
    }
    first.kill().unwrap();
    first.wait().unwrap();
    fixture.fails(&["build", "kernel"], &["waiting for another build"]);
}

#[test]
fn wrong_words_are_named() {
    let fixture = Fixture::new();
    fixture.fails(&["build", "kernle"], &["no part `kernle`: there are kernel "]);
    assert_eq!(fixture.xtask(&["frob"]).status.code(), Some(2));
    assert_eq!(fixture.xtask(&[]).status.code(), Some(2));
    let help = fixture.xtask(&["help"]);
    assert!(help.status.success() && String::from_utf8_lossy(&help.stdout).contains("exec"));
}
