// SPDX-License-Identifier: MIT OR Apache-2.0
//! vi and less on a terminal: what vi writes is what POSIX's manual says of its keys; less, without a
//! terminal, is compared with the host's.

use ochre_tests::scripts::same_as_on_the_host;
use ochre_tests::session::Session;
use std::time::Duration;

/// Until a program has drawn its screen.
const DRAWN: Duration = Duration::from_millis(700);
/// Until a key is taken in. Escape is one alone when nothing follows it at once.
const KEY: Duration = Duration::from_millis(200);

#[test]
fn vi_writes_what_keys_say() {
    let mut session = Session::shell();
    session.command("printf 'one two three\\nfour five\\n\\nnine\\n' > f; stty -g > before");
    session.send("vi f\r");
    session.settle(DRAWN);
    for keys in
        ["wcwTWO", "\x1b", "jdd", "p", "u", ":%s/n\\(.\\)/<\\1>/g\r", "GAend", "\x1b", ":wq\r"]
    {
        session.send(keys);
        session.settle(KEY);
    }
    session.prompt();
    assert_eq!(session.command("cat f"), "o<e> TWO three\n\n<i><e>end\n");
    assert_eq!(session.command("stty -g | cmp - before; echo $?"), "0\n");
}

#[test]
fn less_moves_searches_and_gives_the_terminal_back() {
    let mut session = Session::shell();
    session.command("seq -f 'line %g' 300 > l; stty -g > before");
    session.send("less l\r");
    session.settle(DRAWN);
    session.send("/line 2.7\r");
    session.expect("line 207");
    session.send("G");
    session.expect("line 300");
    session.send("q");
    session.prompt();
    assert_eq!(session.command("stty -g | cmp - before; echo $?"), "0\n");
}

#[test]
fn less_in_a_pipeline_is_cat() {
    same_as_on_the_host(&[("less", "seq 30 > f; less f | tail -n 2; seq 3 | less | cat")]);
}
