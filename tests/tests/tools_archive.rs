// SPDX-License-Identifier: MIT OR Apache-2.0
//! Archives and compressed files: against the host's tar, cpio, gzip, xz and their like, on files
//! that both sides make for themselves; and what one side packs, the other unpacks.
//!
//! Long listings have BusyBox's seconds where GNU's end with minutes, which is cut off here.
//! Compressed bytes are never compared, as no two programs choose the same: only what comes out.

use ochre_tests::host;
use ochre_tests::machine::Machine;
use ochre_tests::scripts::same_as_on_the_host;
use std::time::Duration;

/// A folder with a file, one within, a link and a program; nothing in it has the time of today.
const TREE: &str = "umask 022; mkdir -p t/sub; seq 2000 > t/numbers; echo hello > t/sub/deep; \
                    ln -s sub/deep t/link; printf '#!/bin/sh\\n' > t/prog; chmod 755 t/prog; \
                    touch -h -d '2020-02-03 04:05:06' t/* t/sub/* t; \
                    list() { printf '%s\n' t t/link t/numbers t/prog t/sub t/sub/deep; };";

/// Runs scripts that all start from [`TREE`].
fn with_tree(name: &str, scripts: &[&str]) {
    let scripts: Vec<_> = scripts.iter().map(|script| format!("{TREE} {script}")).collect();
    let cases: Vec<_> = scripts.iter().map(|script| (name, script.as_str())).collect();
    same_as_on_the_host(&cases);
}

#[test]
fn tar() {
    with_tree(
        "tar",
        &[
            "tar cf a.tar t; tar tf a.tar | sort; echo $?",
            "tar -cf a.tar t/sub/deep t/prog t/link; tar -tvf a.tar | tr -s ' ' | sed 's/:06 / /'",
            "tar cf - t | (mkdir o; cd o; tar xf -; cat t/link; wc -l < t/numbers; test -x t/prog; echo $?)",
            "tar czf a.tgz t; gzip -t a.tgz; echo $?; tar xzf a.tgz -O t/sub/deep; tar tf a.tgz | sort",
            "tar cJf a.txz t; tar xOf a.txz t/sub/deep; tar cjf a.tbz t; tar xOf a.tbz t/sub/deep",
            "tar cf a.tar --exclude 'sub' t; tar tf a.tar | sort",
            "tar cf a.tar -C t sub prog; tar tf a.tar; mkdir o; tar xf a.tar -C o prog; ls o",
            "tar cf a.tar t; mkdir o; tar xf a.tar -C o --strip-components=1; ls o; ls o/sub",
            "tar cf a.tar t; rm -r t; tar xf a.tar; stat -c '%Y %a %F' t/numbers t/prog t/sub t",
            "tar cvf a.tar t/sub; tar xvf a.tar",
            "tar cf a.tar t; tar tf a.tar t/none; test $? -ne 0; echo $?; tar tf none.tar; test $? -ne 0; echo $?",
            "ln t/prog t/same; tar cf a.tar t/prog t/same; mkdir o; tar xf a.tar -C o; stat -c %h o/t/same",
            "n=$(printf 'x%.0s' $(seq 180)); echo long > t/$n; tar cf a.tar t/$n; tar tf a.tar; tar xOf a.tar",
            "printf 't/prog\\nt/link\\n' > list; tar cf a.tar -T list; tar tf a.tar",
            "head -c 700 t/numbers > a.tar; tar tf a.tar; test $? -ne 0; echo $?",
        ],
    );
}

#[test]
fn compressed_files() {
    for program in ["gzip", "bzip2", "xz", "zstd -q"] {
        with_tree(
            program,
            &[
                &format!("{program} -c t/numbers | {program} -dc | cksum; ls t"),
                &format!("cp t/numbers f; {program} f; ls; {program} -t f.*; echo $?"),
                &format!("{program} -9 -c t/numbers > f; {program} -dc < f | tail -n 1"),
                &format!("{program} -k t/prog; ls t; {program} -kdf t/prog.*; cat t/prog"),
                &format!("printf '' | {program} -c | {program} -dc | wc -c"),
                &format!("({program} -c t/prog; {program} -c t/sub/deep) | {program} -dc"),
                &format!("{program} none; test $? -ne 0; echo $?"),
                &format!(
                    "{program} -c t/numbers | head -c 900 | {program} -dc > f; test $? -ne 0; echo $?"
                ),
                &format!("echo nonsense | {program} -dc; test $? -ne 0; echo $?"),
            ],
        );
    }
    with_tree(
        "by their other names",
        &[
            "gzip t/numbers; zcat t/numbers.gz | cksum; gunzip t/numbers.gz; cksum < t/numbers",
            "bzip2 t/numbers; bzcat t/numbers.bz2 | cksum; bunzip2 t/numbers.bz2; ls t",
            "xz t/numbers; xzcat t/numbers.xz | cksum; unxz t/numbers.xz; ls t",
            "lzma t/numbers; ls t; lzcat t/numbers.lzma | cksum; unlzma t/numbers.lzma; ls t",
            "zstd -q --rm t/numbers; ls t; zstdcat t/numbers.zst | cksum; unzstd -q t/numbers.zst; ls t",
            "gzip -n < t/prog | od -A n -t x1 -N 4; gzip -c t/numbers | gzip -l | wc -l",
        ],
    );
}

#[test]
fn cpio() {
    with_tree(
        "cpio",
        &[
            "list | cpio -o -H newc > a.cpio; cpio -t < a.cpio; rm -r t; cpio -id < a.cpio; cat t/link",
            "list | cpio -o -H newc | (mkdir o; cd o; cpio -idm; stat -c '%Y %a' t/numbers t/prog)",
            "list | cpio -o -H newc | (mkdir o; cd o; cpio -id 't/sub*'; ls -R)",
            "list | cpio -o -H newc > a.cpio; cpio -tv < a.cpio | sed 's/ .* t/ t/'",
            "mkdir o; list | cpio -pd o; ls -R o",
            "echo nonsense | cpio -t; test $? -ne 0; echo $?",
        ],
    );
}

#[test]
fn zip_and_unzip() {
    with_tree(
        "unzip",
        &[
            "zip -qr a.zip t; unzip -Z1 a.zip | sort; unzip -p a.zip t/sub/deep; unzip -tq a.zip > /dev/null; echo $?",
            "zip -q a.zip t/prog t/sub/deep; mkdir o; unzip -q a.zip -d o; ls -R o; cat o/t/sub/deep",
            "zip -qj a.zip t/sub/deep; rm -r t; unzip -q a.zip; ls; echo new > deep; unzip -qn a.zip; cat deep; unzip -qo a.zip; cat deep",
            "zip -q0 a.zip t/numbers; unzip -p a.zip | cksum; unzip -l a.zip | tail -n 1",
            "zip -qr a.zip t; mkdir o; unzip -q a.zip 't/sub/*' -d o; ls -R o",
            "unzip -q none.zip; echo $?",
        ],
    );
}

#[test]
fn ar() {
    with_tree(
        "ar",
        &[
            "cd t; ar rc a.a prog sub/deep; ar t a.a; ar p a.a deep; mkdir o; cd o; ar x ../a.a; ls",
            "cd t; ar rc a.a prog sub/deep; ar d a.a prog; ar t a.a; ar r a.a prog; ar t a.a",
            "cd t; ar rc a.a prog; echo changed > prog; ar r a.a prog; ar p a.a",
            "ar t none.a; test $? -ne 0; echo $?",
        ],
    );
}

#[test]
fn each_side_unpacks_what_the_other_packed() {
    let script = |pack: &str| format!("cd $(mktemp -d); {TREE} {pack}");
    for (pack, unpack) in [
        ("tar cf - t", "tar xf - --to-stdout t/sub/deep t/prog | sort"),
        ("tar czf - t", "tar xzf - --to-stdout t/sub/deep t/prog | sort"),
        ("tar cJf - t", "tar xJf - --to-stdout t/sub/deep t/prog | sort"),
        ("cat t/numbers | zstd -qc", "zstd -dqc | tail -n 2"),
        ("cat t/numbers | lzma -c", "lzma -dc | tail -n 2"),
        (
            "list | cpio -o -H newc 2> /dev/null",
            "(cd $(mktemp -d); cpio -id 2> /dev/null; cat t/link t/prog)",
        ),
    ] {
        let limit = Duration::from_secs(30);
        let wanted = host::shell(&script(&format!("({pack}) | {unpack}")), b"").success().text();
        assert!(wanted.len() > 8, "{pack}: the host's own run gave {wanted:?}");

        let packed = host::shell(&script(pack), b"").success().stdout;
        let guest = Machine::exec(&["sh", "-c", unpack]).stdin(packed).limit(limit).run();
        assert_eq!(guest.success().text(), wanted, "{pack} on the host");

        let guest = Machine::exec(&["sh", "-c", &script(pack)]).limit(limit).run().success();
        let unpacked = host::shell(unpack, &guest.stdout).success().text();
        assert_eq!(unpacked, wanted, "{pack} in the guest");
    }
}
