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

#[test]
fn xxd() {
    const FILES: &str = "printf 'The quick brown fox\\njumps \\0\\1\\377 over' > f; \
                         (head -c 70 /dev/zero; echo x; head -c 80 /dev/zero) > z; ";
    let scripts = [
        "xxd f; xxd -c 8 f; xxd -g 1 f; xxd -g 4 -c 10 f; xxd -g 0 f; xxd -u f; xxd < f",
        "xxd -p f; xxd -ps -c 5 f; xxd -b f; xxd -e f; xxd -e -g 2 f; xxd -d -c 4 f",
        "xxd -i f; xxd -i < f; xxd -i -C f; xxd -i -n 1a-b f; xxd -i /dev/null; xxd -i -c 3 -u f",
        "xxd -s 5 f; xxd -s -5 f; xxd -l 3 f; xxd -s 0x4 -l 6 -o 100 f; xxd -a z; xxd z | head -n 3",
        "xxd f | xxd -r | cmp - f; xxd -p f | xxd -r -p | cmp - f; xxd -c 7 f | xxd -r -c 7 | cmp - f; echo $?",
        "echo '3: 41 42' | xxd -r | od -c; cp f g; echo '4: 51' | xxd -r - g; cat g | head -n 1",
        "xxd -b f | xxd -r -b | cmp - f; xxd f out; cat out; echo 6a6b6c zz 6d | xxd -r -p; xxd none; echo $?",
        "head -c 32 /dev/zero | xxd -a; head -c 64 /dev/zero | xxd -a; head -c 500 z | xxd -p | tail -n 2",
    ];
    let scripts = scripts.map(|script| format!("{FILES} {script}"));
    let cases: Vec<_> = scripts.iter().map(|script| ("xxd", script.as_str())).collect();
    same_as_on_the_host(&cases);
}

#[test]
fn hexdump() {
    const FILES: &str = "printf 'The quick brown fox\\njumps \\0\\1\\377 over' > f; \
                         (head -c 70 /dev/zero; echo x; head -c 80 /dev/zero) > z; ";
    let scripts = [
        "hexdump f; hexdump -C f; hexdump -b f; hexdump -c f; hexdump -d f; hexdump -o f; hexdump -x f",
        "hd f; hd z; hexdump -v z; hexdump z; hexdump < f; hexdump f z; hexdump /dev/null",
        r#"hexdump -e '16/1 "%02x|" "\n"' f; hexdump -e '"%08_ax: " 4/4 "%08x " "\n"' f; hexdump -v -e '/1 "%u\n"' f"#,
        r#"hexdump -e '"%_ad " 8/1 "%_c " "\n"' f; hexdump -e '"%_ao " 8/1 "%_u " "\n" "%_Ad\n"' f"#,
        r#"hexdump -n 8 -e '2/2 "%5d " 1/4 "%#x" "\n"' f; hexdump -v -e '1/1 "%c"' f; hexdump -n 5 -e '"%.5s\n"' f"#,
        "hexdump -n 10 f; hexdump -s 3 f; hexdump -s 0x8 -n 1k -C f; hexdump none f; echo $?; hexdump none; echo $?",
        r#"hexdump -n 8 -e '1/8 "%f %e" "\n"' z; printf '\0\0\300\77' | hexdump -e '1/4 "%f|" 1/4 "%g\n"'; hexdump -e '3/1 "%03d " 5/1 " %-4o" "\n"' f"#,
    ];
    let scripts = scripts.map(|script| format!("{FILES} {script}"));
    let cases: Vec<_> = scripts.iter().map(|script| ("hexdump", script.as_str())).collect();
    same_as_on_the_host(&cases);
}

#[test]
fn strings() {
    const FILES: &str =
        "printf 'ab\\0abcd\\1efgh\\tij\\377klmno\\nxyz12\\n\\0w\\0i\\0d\\0e\\0r\\0\\0' > f; ";
    let scripts = [
        "strings f; strings -n 2 f; strings -3 f; strings -t x f; strings -t d f; strings -o f",
        "strings -f f; strings - < f; strings < f; strings -e b f; strings -e l f; strings -e S f; strings -w f",
        "strings -a -n 5 -s : f; strings none; echo $?; cp f g; strings -f f g; strings --bytes=4 --radix=o f",
    ];
    let scripts = scripts.map(|script| format!("{FILES} {script}"));
    let cases: Vec<_> = scripts.iter().map(|script| ("strings", script.as_str())).collect();
    same_as_on_the_host(&cases);
}
