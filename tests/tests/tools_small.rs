// SPDX-License-Identifier: MIT OR Apache-2.0
//! Small tools for text. Hosts seldom have them: what is wanted is from their manuals and from other
//! programs (uuencode of POSIX' example, Python's zlib and hashlib); only rev is compared.

use ochre_tests::machine::Machine;
use ochre_tests::scripts::same_as_on_the_host;

fn prints(script: &str, wanted: &str) {
    let output = Machine::exec(&["sh", "-c", script]).run();
    assert_eq!(output.text(), wanted, "{script}");
}

#[test]
fn rev() {
    same_as_on_the_host(&[(
        "rev",
        "printf 'abc\\n\\nx y' | rev; seq 8 12 | rev; seq 3 > f; rev f f; rev none; echo $?",
    )]);
}

#[test]
fn cal() {
    prints(
        "cal 9 1752; cal -m 2 2024; cal -j 2 2023",
        "   September 1752\nSu Mo Tu We Th Fr Sa\n       1  2 14 15 16\n17 18 19 20 21 22 23\n\
         24 25 26 27 28 29 30\n\n\n\n   February 2024\nMo Tu We Th Fr Sa Su\n          1  2  3  4\n \
         5  6  7  8  9 10 11\n12 13 14 15 16 17 18\n19 20 21 22 23 24 25\n26 27 28 29\n\n       \
         February 2023\n Su  Mo  Tu  We  Th  Fr  Sa\n             32  33  34  35\n 36  37  38  39  \
         40  41  42\n 43  44  45  46  47  48  49\n 50  51  52  53  54  55  56\n 57  58  59\n\n",
    );
}

#[test]
fn checksums_and_letters() {
    prints(
        "cd /tmp; echo hello > x; crc32 x; sha3sum -a 256 x; sha3sum x > s; sha3sum -c s; \
         echo no >> x; sha3sum -c s 2> /dev/null; echo $?; printf abc | uuencode y; \
         printf ab | uuencode -m y; seq 300 > l; chmod 751 l; uuencode l m | uudecode; \
         cmp l m; stat -c %a m; uuencode -m l m | uudecode -o - | cmp - l; echo $?",
        "363a3020 x\nb314e28493eae9dab57ac4f0c6d887bddbbeb810e900d818395ace558e96516d  x\nx: OK\n\
         x: FAILED\n1\nbegin 644 y\n#86)C\n`\nend\nbegin-base64 644 y\nYWI=\n====\n751\n0\n",
    );
}

#[test]
fn lines_and_trees() {
    prints(
        "cd /tmp; printf 'a\\nb\\n' > f; unix2dos f; od -An -c f | tr -s ' '; dos2unix < f; dos2unix -u f; \
         wc -c < f; mkdir -p d/e; echo > d/f; ln -s f d/g; echo > d/e/h; tree d; tree -d d; ascii | tail -n 1; \
         echo x | TZ=UTC ts -s %H; ascii | wc -l",
        " a \\r \\n b \\r \\n\na\nb\n4\nd\n├── e\n│   └── h\n├── f\n└── g -> f\n\n2 directories, 3 files\nd\n\
         └── e\n\n2 directories\n 15 0f SI   31 1f US   47 2f /  63 3f ?  79 4f O  95 5f _  111 6f o  127 7f DEL\n\
         00 x\n17\n",
    );
}
