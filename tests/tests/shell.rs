// SPDX-License-Identifier: MIT OR Apache-2.0
//! The shell's language: what bash does on the host. More of it, snippet by snippet: `shell_snippets`.

use ochre_tests::host;
use ochre_tests::machine::Machine;
use ochre_tests::scripts::same_as_on_the_host;

#[test]
fn words_and_variables() {
    same_as_on_the_host(&[
        (
            "arithmetic",
            "echo $((3 + 4 * 2)) $((7 / 2)) $((7 % 3)) $((1 << 10)) $((0x1f)) $((-7 / 2))",
        ),
        ("quotes", r#"a='x  y'; echo $a "$a" '$a' \$a "\"q\"""#),
        ("defaults", r#"echo ${u:-d} ${u-e} ${u:=f} $u ${u:+g}"#),
        (
            "cutting",
            "p=/a/b/c.tar.gz; echo ${p##*/} ${p%.*} ${p%%.*} ${p#/} ${#p} ${p/a/X} ${p:3:4}",
        ),
        ("case", "s=Hello; echo ${s^^} ${s,,}"),
        (
            "arrays",
            r#"a=(a b "c d"); echo ${a[1]} ${#a[@]} "${a[2]}"; a+=(e); echo ${a[-1]} ${!a[@]}"#,
        ),
        ("associative", "declare -A m; m[k]=v; m[x]=y; echo ${m[k]} ${#m[@]}"),
        ("braces", "echo {a,b}{1..3} {5..7}"),
        ("globs", "touch a1 a2 b1; echo a* [ab]1 ?2 *x"),
        ("splitting", "IFS=:; x=a:b:c; set -- $x; echo $# $3"),
        ("positional", r#"set -- a "b c" d; echo $# "$2"; shift; echo "$@" "$*""#),
        ("substitution", "echo $(echo a; echo b) `echo c`"),
        ("nested quotes", r#"echo "$(echo "a  b" | tr a-z A-Z)""#),
        ("ansi quotes", r"printf '%s' $'a\tb\n\x41'"),
        ("umlauts", "x=äöü€; echo $x | { read y; echo $y; }"),
    ]);
}

#[test]
fn compound_commands() {
    same_as_on_the_host(&[
        ("if", "if [ 1 -lt 2 ]; then echo a; elif true; then echo b; else echo c; fi"),
        ("for", "for i in 1 2 3; do [ $i = 2 ] && continue; echo $i; done"),
        ("for ((", "for ((i = 0; i < 3; i++)); do echo $i; done"),
        ("while", "i=0; while [ $i -lt 3 ]; do i=$((i + 1)); echo $i; done; echo end $i"),
        ("until", "i=3; until [ $i = 0 ]; do i=$((i - 1)); done; echo $i"),
        ("break", "for i in 1 2; do for j in 1 2; do break 2; done; done; echo $i$j"),
        ("case", "case abc in a*) echo m;; *) echo n;; esac; case x in a|x) echo ax;; esac"),
        (
            "[[",
            "[[ abc == a* && 1 -lt 2 ]] && echo y; [[ abc =~ ^a(.)c$ ]] && echo ${BASH_REMATCH[1]}",
        ),
        ("functions", r#"f() { local v=$1; echo "f $v $#"; return 3; }; f a b; echo $? $v"#),
        ("recursion", "f() { [ $1 = 0 ] && return; echo $1; f $(($1 - 1)); }; f 5"),
        ("group", "{ echo a; echo b; } | tac"),
        ("subshell", "a=1; (a=2; echo $a; exit 4); echo $? $a"),
        ("and or", "false && echo a || echo b; true && echo c; ! true; echo $?"),
        ("errexit", "set -e; false; echo no"),
        ("nounset", "(set -u; echo $nothing; echo no); [ $? != 0 ] && echo failed"),
        ("eval", "c='echo a; echo b'; eval \"$c\""),
        ("source", "echo 'x=5; f() { echo f$x; }' > s; . ./s; f"),
        (
            "getopts",
            r#"set -- -a -b v w; while getopts ab: o; do echo $o $OPTARG; done; echo $OPTIND"#,
        ),
    ]);
}

#[test]
fn redirections_and_pipelines() {
    same_as_on_the_host(&[
        ("out and in", "echo a > f; echo b >> f; cat < f; wc -l < f"),
        ("errors", "(echo e >&2) 2> f; cat f; (echo o; echo e >&2) > g 2>&1; cat g"),
        ("descriptors", "exec 3>&1; { echo x >&3; } | cat > /dev/null; exec 3>&-"),
        ("here document", "x=b; cat <<E\na $x\n$(echo c)\nE"),
        ("quoted here document", "cat <<'E'\na $x\nE"),
        ("here string", "cat <<< 'a b'"),
        ("large here document", "x=$(head -c 200000 /dev/zero | tr '\\0' a); wc -c <<E\n$x\nE"),
        ("large substitution", "x=$(head -c 1000000 /dev/zero | tr '\\0' a); echo ${#x}"),
        ("process substitution", "while read x; do echo a:$x; done < <(echo 1; echo 2)"),
        ("two of them", "cat <(echo 1) <(echo 2)"),
        ("sorted loop", "for i in 3 1 2; do echo $i; done | sort | tail -n 1; exit 42"),
        ("endless writer", "yes | head -c 10 | wc -c"),
        ("endless loop", "while :; do echo y; done | head -n 1"),
        ("loop that reads", r#"printf '1\n2\n' | while read x; do echo got $x; done"#),
        ("shared input", r#"printf '1\n2\n3\n' | (read x; echo $x; read y; echo rest; cat)"#),
        ("statuses", "true | (exit 3) | cat; echo ${PIPESTATUS[@]}"),
        ("pipefail", "set -o pipefail; (exit 3) | cat; echo $?"),
        ("exit in a pipeline", "echo | { exit 3; }; echo after $?"),
        ("a function in a pipeline", "v=5; f() { local w=$v; echo v=$w | cat; }; f | cat"),
        ("long pipeline", "echo x | cat | cat | cat | cat | cat | cat | cat | cat | cat"),
        (
            "nested loops",
            "for i in 1 2 3; do for j in x; do echo $i; done; done | sort -r | while read l; do echo $l; done",
        ),
        ("noclobber", "set -C; echo a > f; echo b > f; echo $?; cat f"),
        (
            "a megabyte through loops",
            "head -c 1000000 /dev/zero | { cat; } | { cat | cat; } | wc -c",
        ),
    ]);
}

#[test]
fn jobs_and_children() {
    same_as_on_the_host(&[
        ("wait for one", "bash -c 'exit 3' & wait $!; r=$?; echo ok; exit $r"),
        ("wait for all", "sleep 0.1 & sleep 0.2 & wait; echo done"),
        ("wait by job", "sleep 0.1 & wait %1; echo $?"),
        ("group in the background", "{ sleep 0.1; echo x; } & wait; echo done"),
        (
            "loop in the background",
            "while :; do :; done & p=$!; sleep 0.2; kill $p; wait $p; echo $?",
        ),
        ("pipeline in the background", "echo hi | tr a-z A-Z & wait"),
        ("and in the background", "true && echo b & wait"),
        ("death by signal", "bash -c 'kill -SEGV $$'; echo $?"),
        (
            "kill 0 asks",
            "sleep 1 & kill -0 $! && echo alive; kill $!; wait $!; kill -0 $! || echo gone",
        ),
        (
            "$$ in subshells",
            "a=$$; b=$( (echo $$) ); c=$(echo x | { read y; echo $$; }); [ $a = $b ] && [ $a = $c ] && echo same",
        ),
        (
            "environment",
            "FOO=v bash -c 'echo $FOO'; f() { echo $FOO; }; FOO=w f; export BAR=x; bash -c 'echo $BAR'",
        ),
        ("not found", "nosuchcommand; echo $?"),
        ("not executable", "echo > f; ./f; echo $?; ./; echo $?"),
        ("exec", "exec echo replaced; echo no"),
        (
            "trap and sleep",
            r#"trap "echo t" USR1; (sleep 0.2; kill -USR1 $$) & sleep 0.5; echo end"#,
        ),
        ("exit trap", r#"trap "echo bye" EXIT; exit 5"#),
        (
            "coprocess",
            r#"coproc tr a-z A-Z; echo hey >&${COPROC[1]}; eval "exec ${COPROC[1]}>&-"; read -t 5 x <&${COPROC[0]}; echo $x"#,
        ),
        ("read with a limit", "read -t 0.2 x < <(sleep 2); [ $? -gt 128 ] && echo late"),
        (
            "many children",
            "for i in $(seq 1 60); do (exit $((i % 7))); s=$((s + $?)); done; echo $s",
        ),
        ("umask and modes", "umask 027; touch f; mkdir d; stat -c '%a %n' f d"),
        ("ulimit", "ulimit -n 64; ulimit -n"),
    ]);
}

#[test]
fn sh_is_a_shell_too() {
    let script = "echo $0; x=$(echo a | tr a b); echo $x; exit 3";
    Machine::shell(script).run().ends_with(3).prints("sh\nb\n");
    let wanted = host::shell("echo $((1+1)); false || echo x", b"").text();
    Machine::exec(&["sh"]).stdin("echo $((1+1))\nfalse || echo x\n").run().prints(&wanted);
}
