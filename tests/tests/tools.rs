// SPDX-License-Identifier: MIT OR Apache-2.0
//! The toolbox's applets: each against the host's program of the same name.

use ochre_tests::machine::Machine;
use ochre_tests::scripts::same_as_on_the_host;

const TEXT: &str = r#"printf 'one\ntwo words\nThree\n\nfour.5\nfive five\n' > f;"#;

#[test]
fn grep() {
    let case = |script: &str| format!("{TEXT} {script}");
    let scripts = [
        "grep o f; echo $?; grep -v o f; grep -c o f; grep -n five f",
        "grep -i three f; grep -w two f; grep -x one f; grep -o 'i.e' f; grep -F . f",
        "grep -E '(one|five)' f; egrep 'o+' f; fgrep four.5 f; grep -q zzz f; echo $?",
        r"grep '\(f\).*\1' f; grep -E '^(.)..e \1' f; grep -e one -e Three f",
        "grep -A 1 two f; grep -B 1 Three f; grep -C 1 four f; grep -m 1 o f",
        "cp f g; grep one f g; grep -l one f g; grep -L zzz f g; grep -h one f g; grep -c e f g",
        "mkdir d; cp f d/x; grep one d; echo $?; grep -r one d; grep -s one /none; echo $?; echo a | grep -H a",
        "printf 'a\\0b\\0' | grep -z b | tr '\\0' '\\n'; printf 'b\\n' > p; printf 'a\\nb\\n' | grep -f p",
        "mkdir d; cp f d/x; grep -c one d f; echo $?; grep -L one d; echo $?; grep -q one d f; echo $?; grep -r one d",
        r"grep -oP 'o(?=n)|\w\Kve' f; grep -oP '(.)\1' f; grep -P '[[ ]x|\Qr.5\E' f; grep -xP 'o\w+' f; grep -cP '\h' f",
        "grep -P 'a(' f; echo $?; grep -PE a f; echo $?; grep -P -e a -e b f; echo $?; grep -E 'x)|two' f",
        "printf 'a\\0b\\n' | grep b; printf 'ok\\nx\\377 ok\\nok2\\n' | LC_ALL=C.UTF-8 grep -n ok; echo $?",
        "grep '[[:upper:]]' f; grep '[^a-z]' f; grep 'o\\{1,\\}' f; grep '^$' -n f",
    ];
    let scripts = scripts.map(case);
    let cases: Vec<_> = scripts.iter().map(|script| ("grep", script.as_str())).collect();
    same_as_on_the_host(&cases);
}

#[test]
fn sed() {
    let case = |script: &str| format!("{TEXT} {script}");
    let scripts = [
        "sed s/o/0/ f; sed s/o/0/g f; sed -n 2p f; sed 2d f; sed '$d' f; sed -n '$=' f",
        r"sed 's/\(.*\) \(.*\)/\2 \1/' f; sed -E 's/(.)(.)/\2\1/' f; sed 's/[aeiou]/<&>/2' f",
        "sed '/two/,/four/d' f; sed -n '2,4p' f; sed '1~2d' f; sed '/one/!d' f; sed 3q f",
        "sed '/two/a after' f; sed '1i before' f; sed '2c changed' f; sed y/abc/xyz/ f",
        "sed -e ':a' -e 'N' -e '$!ba' -e 's/\\n/,/g' f; sed -n 'l' f; sed G f; sed -n 'x;p' f",
        "sed -n '/five/{s/five/5/gp;}' f; sed 's,o,/,g;t e;s/^/no /;:e' f; sed -i s/one/1/ f; cat f",
        "printf '1\\n2\\n3\\n' | sed -n 'H;${x;s/\\n/+/g;p}'; printf 'a b' | sed 's/ /\\n/'",
        "echo abc | sed 's/B/x/I'; echo aaa | sed 's/a/b/2g'; sed --expression=p -n f",
        "sed -n '/e$/w out' f; cat out; printf 's/a/b/\\n' > script; echo a | sed -f script",
        "seq 6 | sed -n '2d;2,1p'; seq 6 | sed -n '1{N;N;d};2,3p;3p;4p'; seq 6 | sed -n '2d;2,4p;2d;2,/5/p'",
        "echo a.b | sed 's.\\..x.'; sed '1i\\  x' f; sed 'a\\' f; printf x | sed 'w out'; cat out; sed 'b no' f; echo $?; sed -i p; echo $?",
    ];
    let scripts = scripts.map(case);
    let cases: Vec<_> = scripts.iter().map(|script| ("sed", script.as_str())).collect();
    same_as_on_the_host(&cases);
}

#[test]
fn processes() {
    same_as_on_the_host(&[
        ("ps -o", "ps -o comm= -p $$; ps -o pid= -p $$ | tr -d ' ' | grep -qx $$; echo $?"),
        ("ps of a job", "sleep 50 & ps -o args= -p $!; kill $!"),
        ("pgrep", "sleep 51.5 & pgrep -f '^sleep 51[.]5' | grep -qx $!; echo $?; kill $!"),
        (
            "pkill",
            "sleep 52.5 & pkill -f '^sleep 52[.]5'; wait $!; echo $?; pkill -x no-such; echo $?",
        ),
        ("pidof", "pidof no-such-program; echo $?; pidof pidof > found; echo $?"),
    ]);
}

#[test]
fn which() {
    same_as_on_the_host(&[(
        "which",
        "which sh; which -a no-such-program; echo $?; which; echo $?; env -u PATH /usr/bin/which sh",
    )]);
}

#[test]
fn lines_backwards() {
    same_as_on_the_host(&[(
        "rev",
        "printf 'one two\\n\\nlast' > f; rev f; rev < f; rev none f; echo $?; seq 3000 | rev | cksum",
    )]);
}

#[test]
fn what_is_encoded_comes_back() {
    let script = "head -c 5000 /bin/sh > f; chmod 640 f\n\
        for option in '' -m; do uuencode $option f g | uudecode; cmp f g && stat -c %a g; rm g; done\n\
        printf 'a\\r\\nb\\n' | dos2unix | unix2dos | od -An -c\n\
        cal 9 1752; echo x | sha3sum -a 256 > sums; cat sums; echo y | sha3sum -a 256 -c sums; echo $?";
    let output = Machine::exec(&["sh", "-c", script]).run();
    // The calendar is the one in cal(1), the sum that of OpenSSL.
    assert_eq!(
        output.text(),
        "640\n640\n   a  \\r  \\n   b  \\r  \\n\n   September 1752\nSu Mo Tu We Th Fr Sa\n       1  2 14 15 16\n\
         17 18 19 20 21 22 23\n24 25 26 27 28 29 30\n\n\n\n107b68a31b421be8d4d92cb68e508137a711f2b27e83f14885d83822bf9dadcc  -\n-: FAILED\n1\n"
    );
}

#[test]
fn busybox_is_a_name_for_all() {
    let output = Machine::exec(&[
        "sh",
        "-c",
        "busybox echo hi; busybox which ls; busybox nope; echo $?; busybox --list | grep -x -e ls -e which; \
         ln -s /usr/bin/busybox busybox-x; ./busybox-x echo x; ln -s /usr/bin/busybox nope; ./nope; echo $?; \
         busybox --help ls | grep -c Usage",
    ])
    .run();
    assert_eq!(output.text(), "hi\n/usr/bin/ls\n127\nls\nwhich\nx\n127\n1\n");
}

#[test]
fn find() {
    const TREE: &str = "mkdir -p t/a/b t/c; printf 12345 > t/f1; echo x > t/a/F2.c; : > t/a/b/e; \
        ln -s ../f1 t/a/l; chmod 640 t/f1; head -c 3000 /dev/zero > t/big; \
        touch -d @1600000000 t/f1; touch -d @1650000000 t/big t/a/F2.c t/a/b/e;";
    let case = |script: &str| format!("{TREE} {script}");
    let scripts = [
        "find t | sort; find t -type f -name '*.c'; find t -iname 'f*' | sort; find t -path 't/a/*' | sort",
        "find t -size +1k -type f; find t -size 5c; find t -empty | sort; find t -perm 640; find t -links 2 -type d | sort",
        "find t -mtime +2 -type f | sort; find t -newer t/f1 -type f | sort; find t -newermt 2021-01-01 -name big",
        "find t -name a -prune -o -print | sort; find t -maxdepth 1 | sort; find t -mindepth 2 | sort",
        "find t -regex '.*/[a-f]+[0-9]?' | sort; find t -regextype posix-extended -regex '.*/(f1|big)' | sort",
        r"find t -type f -printf '%p|%f|%h|%P|%d|%s|%m|%M|%T@|%l\n' | sort; find t/f1 -printf '[%5s][%-8f]\n'",
        r"find t -type f -exec echo {} \; | sort; find t -type f -exec echo {} + | wc -w; find t -name e -exec false \; -print",
        "find t -print0 | tr '\\0' '\\n' | sort; find t -name F2.c -delete; find t/c -delete; ls t; find t nofile -quit; echo $?",
        "find -L t -type f | sort; find t -user root | wc -l; find t ! -type d ! -name 'f*' | sort; find t -bogus; echo $?",
    ];
    let scripts = scripts.map(case);
    let cases: Vec<_> = scripts.iter().map(|script| ("find", script.as_str())).collect();
    same_as_on_the_host(&cases);
}

#[test]
fn xargs() {
    const WORDS: &str = r"words() { printf '1 2\n3 4 \n5\n'; };";
    let case = |script: &str| format!("{WORDS} {script}");
    let scripts = [
        "words | xargs; words | xargs -L1 echo a; words | xargs -n2; words | xargs -I{} echo '[{}]' {}{}",
        r#"printf "a 'b c' \"d e\" f\n" | xargs -n1; printf 'a\0b c\0' | xargs -0 -n1; echo a:b | xargs -d: -n1"#,
        "true | xargs echo hi; true | xargs -r echo hi; words | xargs -P2 -n1 echo | sort; words | xargs -t -n1 2>&1",
        "echo 1 | xargs -n1 false; echo $?; echo 1 | xargs sh -c 'exit 255'; echo $?; echo 1 | xargs /none; echo $?",
        "echo aaa bbb ccc ddd | xargs -s 14 echo; seq 30000 | xargs | wc -w; words | xargs -E 5",
    ];
    let scripts = scripts.map(case);
    let cases: Vec<_> = scripts.iter().map(|script| ("xargs", script.as_str())).collect();
    same_as_on_the_host(&cases);
}

#[test]
fn awk() {
    const FILE: &str = r"printf 'one 1 a\ntwo 22 b\nthree 333 c\n' > f;";
    let case = |script: &str| format!("{FILE} {script}");
    let scripts = [
        "awk '{print $2, $1}' f; awk 'END{print NR, $0}' f; awk -F: '{print $2}' /etc/passwd | sort -u; awk '/t/' f",
        "awk '{s+=$2} END{print s, s/NR}' f; awk '{$5=\"e\";print;print NF}' f; awk '{NF=2;print}' OFS=- f; awk 'NR==2,0' f",
        r#"awk 'BEGIN{printf "%5.2f|%-5s|%05d|%x|%c|%e|%g\n", 3.14159, "ab", 42, 255, 65, 1234.5, 1e-9}'"#,
        r#"awk 'BEGIN{s="hello world";print gsub(/o/,"[&]",s),s;sub("l+","\\&",s);print s;print match(s,/w/),RSTART,RLENGTH}'"#,
        r#"awk 'BEGIN{n=split("a:b:c",A,":");print n,A[1],A[3];print substr("hello",2,3),index("foobar","bar"),toupper("x")}'"#,
        "awk 'function f(n){return n<2?n:f(n-1)+f(n-2)} function g(a){a[1]=2} BEGIN{print f(15);g(q);print q[1]}'",
        r#"awk 'BEGIN{while((getline l < "f")>0)n++;print n;"echo hi"|getline x;print x;print "b\na"|"sort";close("sort");print "end"}'"#,
        r#"awk 'BEGIN{print 1==1.0,"a"<"b","10"<"9",-3%2,2^3^2,!0,1/3,1e6}'; echo 10 9 | awk '{print ($1>$2),($1>"9")}'"#,
        r#"awk 'BEGIN{a["x"];if("x" in a)print "in";delete a["x"];print ("x" in a);a[1,2]=3;for(k in a){split(k,p,SUBSEP);print p[1],p[2]}}'"#,
        r#"printf 'x y\nz\n\n\nq\n' | awk 'BEGIN{RS=""}{print NR": "$1"|"$NF"|"NF}'; awk -v RS='[0-9]+' '{printf "%s,",$0}' f"#,
        "awk '{if(NR>2)exit 3; print > \"o\" NR}END{print \"e\"}' f; echo $?; cat o1 o2; awk 'BEGIN{exit system(\"exit 4\")}'; echo $?",
    ];
    let scripts = scripts.map(case);
    let cases: Vec<_> = scripts.iter().map(|script| ("awk", script.as_str())).collect();
    same_as_on_the_host(&cases);
}

#[test]
fn diff() {
    const FILES: &str = "seq 30 > a; sed '3d;10s/$/x/;20a new' a > b; printf 'a\\nb' > c; printf 'A  b\\n\\n' > d; \
        mkdir p q; cp a p/f; cp b q/f; echo x > p/only; touch -d @1600000000 a b c d p/* q/*;";
    let case = |script: &str| format!("{FILES} {script}");
    let scripts = [
        "diff a b; echo $?; diff a a; echo $?; diff -u a b; diff -U0 b a; diff -e a b; diff -q a b",
        "TZ=UTC LC_ALL=C diff -c a b; diff c d; diff -i -w c d; diff -bB c d; diff -u c a | tail -n 3",
        "diff p q; diff -r p q; diff -ruN p q | grep -v '^[-+][-+]'; diff -rq p q; diff -s a a; cat b | diff a -; cat b | diff - -; echo $?",
        "diff -u -L one -L two a b; diff -u /dev/null c | tail -n 3; diff a none; echo $?",
        "seq 300 | awk '{print int($1*$1/7)}' > x; awk 'NR%9{print}NR%10==0{print \"new\"}' x > y; diff x y; diff -u y x | sed 1,2d",
        "LC_ALL=C cmp a b; echo $?; cmp a a; cmp -s a b; echo $?; cmp -l a b | head -n 3; cmp -n 3 a b; cmp a none; echo $?",
    ];
    let scripts = scripts.map(case);
    let cases: Vec<_> = scripts.iter().map(|script| ("diff", script.as_str())).collect();
    same_as_on_the_host(&cases);
}
