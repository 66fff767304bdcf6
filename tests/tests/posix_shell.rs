// SPDX-License-Identifier: MIT OR Apache-2.0
//! The script `data/shell/posix.sh`: the guest's `sh` and the host's dash put out the same, line by
//! line. What bash alone has is in `shell_snippets`.

use ochre_tests::host;
use ochre_tests::machine::Machine;
use std::time::Duration;

const SCRIPT: &str = include_str!("../data/shell/posix.sh");

/// Executes the script from a file, in an empty folder, with nothing on standard input.
fn command(shell: &str) -> String {
    format!(
        "export LC_ALL=C; unset ENV; umask 022; d=$(mktemp -d) && cat > $d/script && mkdir $d/empty && \
         cd $d/empty && {shell} ../script < /dev/null 2> /dev/null; status=$?; cd / && rm -rf $d; \
         exit $status"
    )
}

#[test]
fn a_script_gives_what_it_gives_with_dash() {
    assert!(SCRIPT.lines().count() >= 500, "not the whole script");
    let wanted = host::run("dash", &["-c", &command("dash")], SCRIPT.as_bytes()).success().text();
    // The script says itself what is wrong, and dash is not to be wrong.
    assert!(wanted.ends_with("bye with 0 failures\n"), "{wanted}");
    let output = Machine::exec(&["sh", "-c", &command("sh")])
        .stdin(SCRIPT)
        .limit(Duration::from_secs(120))
        .run()
        .success();
    let found = output.text();
    for (line, (wanted, found)) in wanted.lines().zip(found.lines()).enumerate() {
        assert_eq!(found, wanted, "line {} of the output\n{}", line + 1, output.transcript());
    }
    assert_eq!(found.lines().count(), wanted.lines().count(), "{}", output.transcript());
}
