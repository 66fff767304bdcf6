// SPDX-License-Identifier: MIT OR Apache-2.0
//! mount, umount and their family: against util-linux of the host where a script needs no rights, and
//! in the machine against what /proc/mounts shows.

use ochre_tests::machine::Machine;
use ochre_tests::scripts::same_as_on_the_host;
use std::time::Duration;

#[test]
fn as_util_linux() {
    same_as_on_the_host(&[
        (
            // The whole header is compared, so that another machine's kernel would take it.
            "mkswap",
            "PATH=$PATH:/sbin:/usr/sbin; truncate -s 1M f; chmod 600 f
             mkswap -p 4096 -L hi -U 01234567-89ab-cdef-0123-456789abcdef f > out 2>&1; echo $?
             tail -n 1 out; cksum < f",
        ),
        (
            "mkswap of too little",
            "PATH=$PATH:/sbin:/usr/sbin; truncate -s 8K f; mkswap f 2> out; echo $?",
        ),
        (
            "blkid",
            "PATH=$PATH:/sbin:/usr/sbin; truncate -s 1M f; chmod 600 f
             mkswap -p 4096 -L hi f > out 2>&1
             blkid -o value -s LABEL f; blkid -o value -s TYPE f; truncate -s 0 f; blkid f; echo $?",
        ),
        ("fallocate", "fallocate -l 1M f; echo $?; stat -c %s f; fallocate -n -o 1M -l 64K f; stat -c %s f"),
        (
            "fallocate -p",
            "head -c 262144 /dev/zero | tr '\\0' x > f; fallocate -p -o 65536 -l 65536 f; cksum < f",
        ),
        ("fallocate of nothing", "fallocate f 2> out; echo $?; fallocate -l 0 f 2> out; echo $?"),
        ("mountpoint", "mountpoint /proc; echo $?; mountpoint -q /proc; echo $?; mountpoint -q .; echo $?"),
        ("mount of nothing", "mount -t nonsense none /proc/nothing 2> out; test $? != 0; echo $?"),
        ("findfs", "PATH=$PATH:/sbin:/usr/sbin; findfs LABEL=no-such-label 2> out; echo $?"),
    ]);
}

/// What a script puts out in a machine of its own, on both outputs.
fn output(script: &str) -> String {
    let script = format!("exec 2>&1; cd /tmp; mkdir a b; {script}");
    Machine::exec(&["sh", "-c", &script]).limit(Duration::from_secs(30)).run().success().text()
}

/// A function for the scripts: how the folder of /tmp is mounted.
const HOW: &str = "how() { grep \" /tmp/$1 \" /proc/mounts || echo no; }\n";

#[test]
fn file_systems_come_and_go() {
    let text = output(&format!(
        "{HOW}mount -t tmpfs -o ro,nosuid,size=64k,mode=700 mine a; how a; mount -t tmpfs | grep /a
         touch a/f || echo cannot; mount -o remount,rw a; how a; touch a/f; ls a
         (cd a; umount /tmp/a; echo $?); umount a; how a; umount a; echo $?
         mount -t nonsense x a; echo $?",
    ));
    let wanted = [
        "mine /tmp/a tmpfs ro,nosuid,relatime,size=64k,mode=700 0 0",
        "mine on /tmp/a type tmpfs (ro,nosuid,relatime,size=64k,mode=700)",
        "touch: cannot touch 'a/f': Read-only file system",
        "cannot",
        "mine /tmp/a tmpfs rw,nosuid,relatime,size=64k,mode=700 0 0",
        "f",
        "umount: can't unmount /tmp/a: Device or resource busy",
        "1",
        "no",
        "umount: can't unmount /tmp/a: Invalid argument",
        "1",
        "mount: mounting x on a failed: No such device",
        "32",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), wanted);
}

#[test]
fn folders_are_bound_and_moved() {
    let text = output(&format!(
        "{HOW}mkdir c; echo 1 > a/f; mount -o bind,ro a b; cat b/f; how b | cut -d ' ' -f 4
         echo 2 > b/f || echo cannot; echo 2 > a/f; cat b/f; mountpoint b
         mount --make-private /tmp; mount -M b c; how b; cat c/f; umount -l c; how c",
    ));
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains("Read-only")).collect();
    assert_eq!(lines, ["1", "ro,relatime", "cannot", "2", "b is a mountpoint", "no", "2", "no"]);
}

#[test]
fn the_table_says_what_to_mount() {
    let text = output(&format!(
        "{HOW}cat > /etc/fstab <<'END'
# name        folder   kind   options
one           /tmp/a   tmpfs  size=8k
two           /tmp/b   tmpfs  noauto,noexec
no\\040device /tmp/x   ext4   nofail
END
         mount -a; echo $?; mount -a; grep -c /tmp/a /proc/mounts; how b
         mount /tmp/b; how b; umount -a -t tmpfs; grep -c ' /tmp/[ab] ' /proc/mounts; true",
    ));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..4], ["0", "1", "no", "two /tmp/b tmpfs rw,noexec,relatime 0 0"], "{text}");
    assert_eq!(lines.last(), Some(&"0"), "{text}");
}

#[test]
fn only_pid_1_throws_the_root_away() {
    let text = output(
        "mount -t tmpfs new a; switch_root a /x; echo $?; cp /init a/x; switch_root a /x; echo $?
         run-init -n a /x; echo $?; switch_root b /x; ls -d /etc",
    );
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1], "1", "{text}");
    assert!(lines[2].contains("not PID 1") && lines[3] == "1", "{text}");
    assert_eq!((lines[4], lines[6]), ("0", "/etc"), "{text}");
}
