// SPDX-License-Identifier: MIT OR Apache-2.0
//! The coreutils: each applet against the host's GNU program of the same name.

use ochre_tests::machine::{Machine, part};
use ochre_tests::scripts::same_as_on_the_host;
use std::collections::BTreeSet;
use std::process::{Command, Stdio};

#[test]
fn text() {
    same_as_on_the_host(&[
        ("sort", "seq 1 2000 | sort | sha256sum; seq 1 2000 | sort -rn | head -n 3"),
        (
            "sort by key",
            r#"printf 'b 2\na 10\nc 1\n' | sort -k 2n; printf 'b 2\na 10\n' | sort -k1,1"#,
        ),
        ("sort -u", r#"printf 'b\na\nb\n' | sort -u; printf '1K\n1M\n2\n' | sort -h"#),
        ("sort of much", "seq 1 100000 | tac | sort -n | sha256sum"),
        ("uniq", r#"printf 'a\na\nb\n' | uniq -c; printf 'a\na\nb\n' | uniq -d"#),
        ("cut", "echo a:b:c | cut -d : -f 1,3; echo abcdef | cut -c 2-4"),
        (
            "tr",
            "echo Hello | tr a-z A-Z; echo aabb | tr -s a; echo a1b2 | tr -d 0-9; echo abc | tr abc '\\n'",
        ),
        (
            "head and tail",
            "seq 1 100 | head -n 3; seq 1 100 | tail -n 3; seq 1 10 | head -n -8; seq 1 10 | tail -n +9; seq 1 9 | head -c 5",
        ),
        ("wc", r#"printf 'a b\nc\n' > f; wc f; wc -l < f; wc -c < f; wc -w < f; wc -L < f"#),
        ("nl", r#"printf 'a\n\nb\n' | nl; printf 'a\n\nb\n' | nl -ba"#),
        ("tac", "seq 1 5 | tac"),
        ("paste", "paste -d , <(seq 1 3) <(seq 4 6); seq 1 3 | paste -s"),
        ("join", r#"printf '1 a\n2 b\n' > x; printf '1 c\n2 d\n' > y; join x y"#),
        ("comm", r#"printf 'a\nb\n' > x; printf 'b\nc\n' > y; comm x y; comm -12 x y"#),
        ("fold", "echo abcdefghij | fold -w 4; echo 'one two three' | fold -s -w 8"),
        // Lines are broken at other places than GNU's, which weighs them otherwise.
        ("fmt", "seq 1 40 | tr '\\n' ' ' | fmt -w 30 | tr '\\n' ' '"),
        (
            "expand",
            r#"printf 'a\tb\n' | expand; printf '        x\n' | unexpand; printf 'a\tb\n' | expand -t 4"#,
        ),
        ("cat", r#"printf 'a\tb\n\001\n' | cat -A; printf 'a\nb\n' | cat -n"#),
        ("od", "printf abc | od -c; printf abcdefgh | od -An -tx1; printf abcd | od -An -tu4"),
        ("split", "seq 1 10 > f; split -l 4 f p; cat paa pac; ls p*"),
        ("csplit", "seq 1 10 > f; csplit -s f 4 8; cat xx01"),
        ("tsort", r#"printf 'a b\nb c\n' | tsort"#),
        ("shuf", "shuf -i 1-100 | sort -n | sha256sum; shuf -n 3 -e a b c | sort"),
        ("tee", "echo a | tee x y > /dev/null; cat x y"),
        // GNU fills up with tabs, and not at the end.
        ("pr", "seq 1 6 | pr -3 -t | tr -s '\\t ' ' ' | while read l; do echo $l; done"),
    ]);
}

#[test]
fn sums_and_encodings() {
    let data = "seq 1 300000 > f;";
    let mut cases = Vec::new();
    let scripts: Vec<(String, String)> =
        ["md5sum", "sha1sum", "sha224sum", "sha256sum", "sha384sum", "sha512sum", "b2sum", "cksum"]
            .iter()
            .map(|sum| ((*sum).to_owned(), format!("{data} {sum} f; {sum} < f")))
            .collect();
    cases.extend(scripts.iter().map(|(name, script)| (name.as_str(), script.as_str())));
    cases.extend([
        (
            "check",
            "seq 1 9 > f; sha256sum f > s; sha256sum -c s; echo x >> f; sha256sum -c s; echo $?",
        ),
        ("sum", "seq 1 1000 | sum; seq 1 1000 | sum -s"),
        ("base64", "seq 1 1000 | base64 | sha256sum; seq 1 1000 | base64 | base64 -d | sha256sum"),
        ("base32", "echo hello | base32; echo hello | base32 | base32 -d"),
        ("basenc", "echo hello | basenc --base16; echo hello | basenc --base64url"),
    ]);
    same_as_on_the_host(&cases);
}

#[test]
fn files() {
    same_as_on_the_host(&[
        ("ls", "touch b a .c; mkdir d; ls; ls -a; ls -1 -r; ls -d *; ls -p"),
        (
            "ls -l",
            "echo abc > f; chmod 640 f; ls -l f | cut -c 1-10; ln -s f l; ls -l l | cut -d ' ' -f 9-",
        ),
        (
            "cp",
            "echo a > f; cp f g; mkdir d; cp f g d; ls d; cp -r d e; cat e/f; cp f nodir/x; echo $?",
        ),
        (
            "cp -a",
            "echo a > f; ln -s f l; touch -d @1000 f; mkdir d; cp -a f l d; stat -c '%Y %F' d/f; readlink d/l",
        ),
        (
            "mv",
            "echo a > f; mv f g; cat g; mkdir d; mv g d; ls d; mv d e; ls e; mv none x; echo $?",
        ),
        ("rm", "touch f; rm f; rm f; echo $?; rm -f f; echo $?; mkdir -p d/e; rm -r d; ls"),
        (
            "mkdir",
            "mkdir -p a/b/c; ls -d a/b/c; mkdir a; echo $?; mkdir -m 700 x; stat -c %a x; rmdir a/b/c; ls a/b; rmdir a; echo $?",
        ),
        (
            "ln",
            "echo a > f; ln f g; stat -c %h f; ln -s nowhere l; readlink l; cat l; echo $?; [ f -ef g ] && echo same",
        ),
        ("links", "mkdir d; ln -s d l; cd l; pwd -P | tail -c 3; ln -s x x; cat x; echo $?"),
        (
            "touch",
            "touch -d @86400 f; stat -c %Y f; date -u -r f +%F; touch -r f g; stat -c %Y g; touch -t 200001020304.05 h; stat -c %Y h",
        ),
        ("chmod", "touch f; for m in 755 u-x g+w o= a+r 4711; do chmod $m f; stat -c %a f; done"),
        ("stat", "echo abc > f; stat -c '%s %F %n %h' f; stat -c %F . /dev/null"),
        ("truncate", "truncate -s 10000 f; wc -c < f; truncate -s 5 f; wc -c < f; od -c f"),
        (
            "dd",
            "seq 1 1000 > f; dd if=f of=g bs=100 count=3 skip=2; cat g; dd if=f bs=7 conv=ucase | sha256sum; printf xyz | dd of=g bs=1 seek=2 conv=notrunc; head -c 10 g",
        ),
        (
            "realpath",
            "mkdir -p a/b; ln -s a/b l; cd l; realpath --relative-to=../.. .; basename /a/b.c .c; dirname /a/b/c",
        ),
        (
            "mktemp",
            "f=$(mktemp -p .); [ -f $f ] && stat -c '%a %s' $f; d=$(mktemp -d -p .); stat -c %a $d",
        ),
        ("install", "echo a > f; install -m 751 f g; stat -c %a g; install -d x/y; ls x"),
        (
            "test",
            "touch f; mkdir d; [ -f f ] && [ -d d ] && [ ! -e x ] && [ -r f ] && echo y; test a = b; echo $?; [ 3 -gt 2 ] && echo z",
        ),
        ("holes", "truncate -s 1000000 f; stat -c %b f; du f | cut -f 1"),
        ("long names", "n=$(printf %0255d 1); touch $n; ls | wc -c; touch ${n}x; echo $?"),
        (
            "many files",
            "for i in $(seq 1 500); do echo $i > f$i; done; ls | wc -l; cat f* | sort -n | sha256sum; rm f*; ls | wc -l",
        ),
        (
            "deep folders",
            "for i in $(seq 1 60); do mkdir d; cd d; done; pwd | tr / '\\n' | wc -l | { read n; [ $n -gt 60 ] && echo deep; }",
        ),
        ("fifo", "mkfifo p; bash -c 'echo through > p' & cat p; wait; stat -c %F p"),
        (
            "renames",
            "echo 1 > a; echo 2 > b; mv -f a b; cat b; mv -n b c; echo 3 > d; mv -n d c; cat c",
        ),
        ("link command", "echo a > f; link f g; cat g; unlink f; ls"),
    ]);
}

#[test]
fn numbers_dates_and_the_rest() {
    same_as_on_the_host(&[
        ("seq", "seq 3; seq 1 2 7; seq -w 8 11; seq -s , 1 4; seq 5 -1 3; seq 0 0.5 1.5"),
        (
            "expr",
            "expr 3 + 4; expr 7 / 2; expr abc : 'a\\(.\\)c'; expr length hello; expr 1 = 2; echo $?",
        ),
        ("factor", "factor 97 360 1000000007 18446744073709551557"),
        ("numfmt", "numfmt --to=iec 1048576; numfmt --from=si 1K; echo 5000000 | numfmt --to=si"),
        (
            "printf",
            r#"printf '%5d|%-5s|%05.1f|%x|%o|%c|%%\n' 42 ab 3.14159 255 8 xyz; printf '%s\n' a b c; printf '%b' 'a\tb\n'"#,
        ),
        (
            "date",
            "date -u -d @0 '+%F %T %a %j %s'; date -u -d @1700000000 +%c; date -u -d '2024-02-29 12:00' +%s",
        ),
        (
            "env",
            "env -i A=1 B=2 env | sort; env -u HOME printenv HOME; echo $?; printenv A; echo $?",
        ),
        ("id", "id -u; id -g; id -un; whoami"),
        ("true and false", "true; echo $?; false; echo $?"),
        ("yes", "yes ab | head -n 2"),
        ("sleep", "sleep 0.05 && echo slept"),
        ("nice", "n=$(nice); m=$(nice -n 1 nice); [ $m = 19 ] || echo $((m - n))"),
        ("nohup", "nohup echo a < /dev/null | cat"),
        ("pathchk", "pathchk -p abc; echo $?; pathchk -p 'a b'; echo $?"),
        ("echo", "echo -n a; echo -e 'b\\tc'; echo -E 'd\\te'"),
        ("dircolors", "dircolors -b | head -c 10"),
        (
            "errors",
            "cat nofile; echo $?; ls nofile; echo $?; cut; echo $?; head -n x; echo $?; sort --bad; echo $?",
        ),
        ("timeout", "timeout 0.1 sleep 5; echo $?"),
        ("basename", "basename -a /a/b /c/d; basename -s .c x.c"),
        ("tty", "tty; echo $?"),
    ]);
}

#[test]
fn every_applet_has_its_name_in_the_image_and_runs() {
    let list = Machine::exec(&["coreutils", "--list"]).output();
    let applets: BTreeSet<&str> = list.split_whitespace().collect();
    assert!(applets.len() > 90, "{list}");
    // What the archive holds, as the system's cpio reads it.
    let archive = std::fs::File::open(part("initramfs.cpio")).expect("the archive");
    let names = Command::new("cpio")
        .args(["-t", "--quiet"])
        .stdin(Stdio::from(archive))
        .output()
        .expect("the system's cpio");
    let names = String::from_utf8_lossy(&names.stdout).into_owned();
    let names: BTreeSet<&str> = names
        .lines()
        .filter_map(|name| name.rsplit_once("usr/bin/").map(|(_, name)| name))
        .collect();
    let missing: Vec<_> = applets.difference(&names).collect();
    assert!(missing.is_empty(), "no links for {missing:?}");
    // Each knows its own name: no link leads elsewhere. test and [ take everything for a test.
    let script = "for a in $(coreutils --list); do case $a in '['|test|false|true) continue;; esac; \
                  env $a --version < /dev/null 2> /dev/null | head -n 1 | cut -d ' ' -f 1 | \
                  { read n; [ \"$n\" = $a ] || echo \"$a says $n\"; }; done; echo end";
    let output = Machine::shell(script).run().success();
    assert_eq!(output.text(), "end\n", "{}", output.transcript());
}

#[test]
fn the_root_is_a_normal_file_system() {
    let text = Machine::shell("df -a / | wc -l; du -s /etc | wc -l; sync; echo $?").output();
    assert_eq!(text, "2\n1\n0\n");
}
