# SPDX-License-Identifier: MIT OR Apache-2.0
# A script for any POSIX shell: functions, pipelines, traps, here-documents, expansions, subshells.
# It is executed in an empty folder; what it puts out is the same with dash. It uses the programs of
# POSIX that the image has, `local` besides what POSIX says, and prints nothing that changes from run to run.

failures=0
title() {
    printf '== %s\n' "$*"
}
# check WHAT EXPECTED ACTUAL: says whether the shell did what the standard says.
check() {
    if [ "$2" = "$3" ]; then
        printf 'ok %s\n' "$1"
    else
        failures=$((failures + 1))
        printf 'wrong %s: expected <%s>, got <%s>\n' "$1" "$2" "$3"
    fi
}
# show WORD...: the words, so that one sees where each begins.
show() {
    printf '%d:' "$#"
    for word; do
        printf '<%s>' "$word"
    done
    printf '\n'
}
title parameters
set -- one 'two words' '' four
show "$@"
show "$*"
show $@
show "pre $@ post"
check count 4 "$#"
shift 2
show "$@"
set --
show "$@"
show "a$@b"
set -- a b c d e f g h i j k
check 'tenth parameter' j "${10}"
check 'digit and zero' a0 "$10"
unset nothing
empty=
full=value
check 'default of unset' d "${nothing-d}"
check 'default of empty' '' "${empty-d}"
check 'default of empty with colon' d "${empty:-d}"
check 'alternative of unset' '' "${nothing+a}"
check 'alternative of empty' a "${empty+a}"
check 'alternative of empty with colon' '' "${empty:+a}"
check 'assignment of default' new "${nothing:=new}"
check 'assigned default' new "$nothing"
check 'length' 5 "${#full}"
check 'length of nothing' 0 "${#empty}"
check 'nested default' value "${unset1:-${unset2:-$full}}"
(: "${unset1:?is not set}") 2> /dev/null
check 'error of unset' yes "$([ $? -ne 0 ] && echo yes)"
path=/usr/local/lib/file.tar.gz
check 'short suffix' /usr/local/lib/file.tar "${path%.*}"
check 'long suffix' /usr/local/lib/file "${path%%.*}"
check 'short prefix' usr/local/lib/file.tar.gz "${path#*/}"
check 'long prefix' file.tar.gz "${path##*/}"
check 'pattern in a variable' file.tar.gz "${path##*/lib/}"
pattern='*/'
check 'pattern that is quoted' "$path" "${path#"$pattern"}"
check 'pattern that is not quoted' usr/local/lib/file.tar.gz "${path#$pattern}"
title 'words and quotes'
IFS=' 	
'
text='a  b	c
d'
show $text
show "$text"
IFS=:
list=a::b:
show $list
IFS=' :'
list=' a : b::c '
show $list
IFS=
show $text
unset IFS
show $text
show 'single $full' "double $full" \$full "quo\"te" 'it'\''s' "back\\slash" "dollar\$" "no\escape"
show a"b"'c'\d "" ''
show "`echo "inner words"`" `echo two words`
show "$(printf 'lines\n\n\n')" "$(echo "$(echo nested "$(echo deep)")")"
show "tab	stays" 'new
line'
show joined\
line "joined \
text"
title arithmetic
i=7
check precedence 17 "$((3 + 2 * i))"
check parentheses 35 "$(((3 + 2) * 7))"
check 'division and rest' '3 1' "$((i / 2)) $((i % 2))"
check 'negative rest' -1 "$((-7 % 3))"
check bits '5 7 2 -8' "$((7 & 13)) $((5 | 3)) $((5 ^ 7)) $((~7))"
check shifts '28 3' "$((i << 2)) $((i >> 1))"
check comparisons '1 0 1 0' "$((i > 6)) $((i < 6)) $((i >= 7)) $((i != 7))"
check logic '1 0 1' "$((1 && 2)) $((0 || 0)) $((!0))"
check condition '10 20' "$((i == 7 ? 10 : 20)) $((i == 8 ? 10 : 20))"
check bases '255 8' "$((0xff)) $((010))"
check assignment '10 10' "$((i += 3)) $i"
check 'unset is zero' 1 "$((unset1 + 1))"
check 'with dollar' 11 "$(($i + 1))"

title conditions
if true; then echo then; else echo else; fi
if false; then echo then; elif true; then echo elif; else echo else; fi
if false; then echo then; fi
check 'status of if' 0 $?
true && echo and || echo or
false && echo and || echo or
! true
check negation 1 $?
! false
check 'negation of failure' 0 $?
[ a = a ] && [ a != b ] && [ -n a ] && [ -z '' ] && [ 1 -lt 2 ] && echo tests
[ ! -e nosuch ] && [ -d . ] && [ ! -f . ] && echo files
test 1 -eq 1 -a 2 -gt 1 && echo both
for word in alpha beta gamma 'a*' ''; do
    case $word in
    alpha) echo "1 $word" ;;
    b*a | delta) echo "2 $word" ;;
    [f-h]????) echo "3 $word" ;;
    a\*) echo "4 $word" ;;
    *) echo "5 $word" ;;
    esac
done
case x in (x) echo parenthesis ;; esac
case / in [!a-z]) echo 'not a letter' ;; esac
case '' in '') ;; *) echo no ;; esac
(case esac in 'esac') echo 'esac as a word' ;; esac)
check 'status of case' 0 $?

title loops
for i in 1 2 3; do
    for j in a b c; do
        [ "$j" = b ] && continue
        [ "$i$j" = 2c ] && continue 2
        [ "$i$j" = 3c ] && break 2
        printf '%s ' "$i$j"
    done
    printf '| '
done
echo
i=0
while [ "$i" -lt 3 ]; do
    i=$((i + 1))
    printf '%d ' "$i"
done
echo
until [ "$i" -eq 0 ]; do
    i=$((i - 1))
    printf '%d ' "$i"
done
echo
set -- x y
for arg; do printf '%s ' "$arg"; done
for arg in; do echo no; done
echo "$arg"
while :; do
    break
    echo no
done
check 'status of a loop' 0 $?
i=0
while i=$((i + 1)); [ "$i" -le 4 ]; do
    case $i in
    2) continue ;;
    4) break ;;
    esac
    echo "turn $i"
done

title functions
greet() {
    echo "hello ${1:-nobody}, $# of them"
    return 3
}
greet world again
check 'status of a function' 3 $?
set -- outer
greet
check 'parameters come back' outer "$1"
factorial() {
    if [ "$1" -le 1 ]; then
        echo 1
    else
        echo $(($1 * $(factorial $(($1 - 1)))))
    fi
}
check recursion 720 "$(factorial 6)"
scoped() {
    local inner outer
    inner=1
    outer=changed
    everywhere=seen
}
outer=kept
scoped
check 'local variables' 'kept seen unset' "$outer $everywhere ${inner-unset}"
redirected() {
    echo "to a file"
    echo "to the other" >&2
} > out.txt 2> err.txt
redirected
cat err.txt out.txt
subshell() (
    outer=lost
    exit 5
)
subshell
check 'function in a subshell' '5 kept' "$? $outer"
early() {
    for x in 1 2 3; do
        while :; do
            [ "$x" = 2 ] && return 7
            break
        done
        echo "early $x"
    done
}
early
check 'return from loops' 7 $?
greet() { echo redefined; }
greet
unset -f greet
greet 2> /dev/null
check 'unset function' 127 $?
true_if() { return "$1"; }
if true_if 0; then echo 'function as condition'; fi
true_if 1 || echo 'function that fails'

title pipelines
printf 'c\na\nb\n' | sort | tr a-z A-Z
echo word | { read -r x; echo "got $x"; }
x=before
echo after | read -r x
check 'reading in a pipeline' before "$x"
printf '1 one\n2 two\n3 three\n' | while read -r number name; do
    echo "$name=$number"
done
false | true
check 'status of a pipeline' 0 $?
true | false
check 'status of its last command' 1 $?
! true | false
check 'negated pipeline' 0 $?
seq() {
    n=$1
    while [ "$n" -le "$2" ]; do
        echo "$n"
        n=$((n + 1))
    done
}
check 'function in a pipeline' 5050 "$(seq 1 100 | { sum=0; while read -r n; do sum=$((sum + n)); done; echo $sum; })"
seq 1 2000 | head -n 2
(echo one; echo two) | { cat; echo three; } | tail -n 2
for i in 3 1 2; do echo "$i"; done | sort
if echo yes | grep -q yes; then echo found; fi

title 'here-documents'
name=reader
cat << END
Dear $name,
2 + 2 = $((2 + 2)), $(echo "from a command"), \$escaped, \\ and "quotes" 'too'
joined \
line
END
cat << 'END'
No $name, no $(command), no \escape
END
cat <<- END
	tabs are
		removed
	END
cat << ONE; cat << TWO
first
ONE
second
TWO
while read -r line; do
    echo "line: $line"
done << END
alpha
  beta
END
read -r one two rest << END
1 2 3 4
END
show "$one" "$two" "$rest"
in_function() {
    cat << END
$1 in a function
END
}
in_function text
x=$(cat << END
in a substitution ${name}
END
)
echo "$x"
cat << END | tr a-z A-Z
through a pipe
END
cat << "E O F"
a tag with spaces
E O F

title redirections
echo first > file.txt
echo second >> file.txt
cat < file.txt
cat < file.txt > copy.txt
cat copy.txt | wc -l | tr -d ' '
{ echo stdout; echo stderr >&2; } > both.txt 2>&1
cat both.txt
{ echo out; echo err >&2; } 2>&1 > /dev/null | cat
exec 3> three.txt
echo 'by number' >&3
exec 3>&-
cat three.txt
exec 4< file.txt
read -r a <&4
read -r b <&4
exec 4<&-
show "$a" "$b"
set -C
(echo overwritten > file.txt) 2> /dev/null
check noclobber yes "$([ $? -ne 0 ] && echo yes)"
echo forced >| file.txt
set +C
cat file.txt
cat nosuch 2> /dev/null || echo 'no such file'
(cat < nosuch) 2> /dev/null || echo 'no such input'
: > empty.txt
[ -f empty.txt ] && [ ! -s empty.txt ] && echo 'an empty file'
printf 'one\ntwo\nthree\n' > lines.txt
{
    read -r a
    read -r b
    echo "$b $a"
    cat
} < lines.txt

title read
printf 'a:b:c:d\n' | { IFS=: read -r x y z; show "$x" "$y" "$z"; }
printf '  spaces  around  \n' | { read -r x; show "$x"; }
printf '  spaces  around  \n' | { IFS= read -r x; show "$x"; }
printf 'back\\slash\n' | { read -r x; show "$x"; }
printf 'back\\slash\n' | { read x; show "$x"; }
printf 'con\\\ntinued\n' | { read x; show "$x"; }
printf 'too few\n' | { read -r x y z; show "$x" "$y" "$z"; }
printf 'no newline' | { read -r x; show $? "$x"; }
read -r x < /dev/null
show $? "$x"

title globs
mkdir globs
cd globs
touch a1 a2 b1 .hidden 'with space' '[x]'
mkdir -p d1/e d2
touch d1/f d1/e/g
show a*
show ?1
show [ab]1 [!a]1
show *' '*
show .h*
show d*/f d?/*/g
show nosuch*
show 'a*' "b?" \[x\]
show */
pattern='a*'
show $pattern "$pattern"
set -f
show a*
set +f
cd ..

title subshells
x=outer
(x=inner; cd /; umask 077; echo "$x"; exit 9)
check 'status of a subshell' 9 $?
check 'its variables' outer "$x"
[ -d globs ] && echo 'its folder'
x=$(x=inner; echo "$x"; exit 4)
check 'status of a substitution' '4 inner' "$? $x"
( (echo nested); (exit 2); echo "$?" )
(
    trap 'echo "leaving with $?"' EXIT
    (exit 6)
)
check 'exit trap of a subshell' 6 $?
{ x=group; }
check 'a group is none' group "$x"
eval 'x="evaluated $((1 + 1))"; show "$x"'
eval "y=\$x"
show "$y"
command echo 'by command'
command -v cd
(set -e; false; echo no)
check errexit 1 $?
(set -e; false || true; ! true; if false; then :; fi; false && true; echo 'still there')
(set -e; f() { false; echo 'in a condition'; }; if f; then echo yes; fi)
(set -u; echo "$unset1") 2> /dev/null
check nounset yes "$([ $? -ne 0 ] && echo yes)"
set -- -a -b value -c rest more
while getopts ab:c option; do
    case $option in
    a | c) echo "option $option" ;;
    b) echo "option $option with $OPTARG" ;;
    esac
done
shift $((OPTIND - 1))
show "$@"

title 'variables and commands'
x=shell
x=environment sh -c 'echo "$x"'
check 'assignment for a command' shell "$x"
export exported=yes
sh -c 'echo "$exported"'
(unset exported; sh -c 'echo "${exported-gone}"')
readonly constant=1
(constant=2) 2> /dev/null
check readonly yes "$([ $? -ne 0 ] && echo yes)"
a=1 b=$((a + 1)) c=$a$b
a=1 b=2
show "$a" "$b"
sh -c 'show() { echo "$0 $1 $#"; }; show x' name argument
nosuchcommand 2> /dev/null
check 'no such command' 127 $?
./lines.txt 2> /dev/null
check 'no program' 126 $?
cat > script.sh << 'END'
echo "sourced with $x"
sourced=1
return 8
echo no
END
. ./script.sh
check 'sourced script' '8 1' "$? $sourced"
cd globs && pwd | while read -r dir; do echo "${dir##*/}"; done
cd - > /dev/null
[ -d globs ] && echo 'back again'
set -- $(echo 3 4)
check 'words of a substitution' '2 4' "$# $2"
umask 022
check umask 0022 "$(umask)"
type echo > /dev/null && echo 'echo is known'

title 'jobs and traps'
(exit 3) &
wait $!
check 'status of a job' 3 $?
{ sleep 1; echo 'job done'; } &
job=$!
echo waiting
wait "$job"
echo waited
sleep 60 &
kill $!
wait $! 2> /dev/null
check 'killed job' 143 $?
trap 'echo "got USR1"' USR1
kill -USR1 $$
echo 'after the signal'
trap '' USR1
kill -USR1 $$
echo 'ignored'
trap - USR1
handler() { echo "handler $1"; handled=1; }
trap 'handler TERM' TERM
kill -TERM $$
check 'handler as a function' 1 "$handled"
trap - TERM
sh -c 'trap "echo cleaning up; exit 4" INT; kill -INT $$; echo no'
check 'exit in a trap' 4 $?
sh -c 'trap "echo first; false" EXIT; exit 5'
check 'status after the exit trap' 5 $?
sh -c 'kill -TERM $$; echo no'
check 'status of a signal' 143 $?
{ trap 'echo background; exit 2' TERM; kill -TERM "$(sh -c 'echo $PPID')"; sleep 1; } &
wait $!
check 'trap in the background' 2 $?
wait
set -- 5 4 3 2 1
sorted=
for n; do
    sorted="$n${sorted:+ $sorted}"
done
check 'built up in a loop' '1 2 3 4 5' "$sorted"

title end
trap 'echo "bye with $failures failures"' EXIT
[ "$failures" -eq 0 ]
exit
