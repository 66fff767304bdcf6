// SPDX-License-Identifier: MIT OR Apache-2.0
//! Tools for text: each against the host's program of the same name.

use ochre_tests::scripts::same_as_on_the_host;

#[test]
fn patch() {
    const FILES: &str = "seq 1 30 > a; sed '3d;10s/$/x/;25a new' a > b; diff -u a b > u; \
                         diff -c a b > c; diff a b > n; echo hi > h; \
                         diff -u -L /dev/null -L d/newf /dev/null h > mk; \
                         diff -u -L d/newf -L /dev/null h /dev/null > rm; rm -f *.orig; ";
    let scripts = [
        "patch < u; echo $?; cksum a; ls",
        "patch a < c; cksum a; cp b a; patch -R a c; echo $?; cksum a",
        "patch a < n; cksum a; patch -o out b -R < u; cksum out b",
        "patch --dry-run a < u; cksum a; patch -b a < u; ls; patch -s b -R < u; cksum b",
        "cp b a; patch -N a < u; echo $?; ls; cksum a",
        "(echo x; echo y; cat b) > a; sed -i 1d b; patch -R a < u; echo $?; cksum a; ls",
        "sed -i '5s/.*/q/' a; patch a < u; echo $?; cksum a; sed 1,2d a.rej; ls",
        "sed -i '10s/.*/q/' a; patch a < u; echo $?; cat a.rej | sed 1,2d; patch -r mine a < u; ls",
        "patch -p0 < mk; echo $?; cat d/newf; patch -p0 < rm; echo $?; ls",
        "mkdir e; patch -p0 -d e < mk; cat e/d/newf",
        "patch zz < /dev/null; echo $?; echo garbage | patch a; echo $?; patch a none; echo $?",
    ];
    let scripts = scripts.map(|script| format!("{FILES} {script}"));
    let cases: Vec<_> = scripts.iter().map(|script| ("patch", script.as_str())).collect();
    same_as_on_the_host(&cases);
}
