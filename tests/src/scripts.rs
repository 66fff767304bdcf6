// SPDX-License-Identifier: MIT OR Apache-2.0
//! Many small scripts, each run by the guest's bash and by the host's, and compared: standard output
//! and status. All of a list run in one machine.

use crate::host;
use crate::machine::Machine;
use std::fmt::Write;
use std::time::Duration;

/// Stands before each script's output; no script prints it.
const MARK: &str = "\u{1}script ";
/// Seconds for one script.
const LIMIT_SECS: u32 = 20;

/// Runs each of `cases`, a name and a script, in guest and host.
///
/// # Panics
/// When one differs, with all that do.
pub fn same_as_on_the_host(cases: &[(&str, &str)]) {
    let all = joined(cases);
    let wanted = host::shell(&all, b"").success().text();
    let output = Machine::exec(&["bash", "-c", "cat > /tmp/all; exec bash /tmp/all < /dev/null"])
        .stdin(all)
        .limit(Duration::from_secs(180))
        .run();
    let mut differences = String::new();
    let (wanted, found) = (split(&wanted), split(&output.text()));
    assert_eq!(wanted.len(), cases.len(), "the host's own run");
    for (index, (name, script)) in cases.iter().enumerate() {
        let found = found.get(index).map_or("(nothing)", String::as_str);
        if found != wanted[index] {
            let _ = writeln!(
                differences,
                "{name}: {script}\n  wanted {:?}\n  found  {:?}",
                wanted[index], found
            );
        }
    }
    assert!(differences.is_empty(), "{differences}\n{}", output.transcript());
}

/// One script out of all.
fn joined(cases: &[(&str, &str)]) -> String {
    let mut all = String::from("export LC_ALL=C TZ=UTC\n");
    for (index, (_, script)) in cases.iter().enumerate() {
        let quoted = script.replace('\'', r"'\''");
        let _ = write!(
            all,
            "d=$(mktemp -d) && cd $d\nprintf '{MARK}{index}\\n'\n\
             timeout {LIMIT_SECS} bash -c '{quoted}' 2> /dev/null\necho \"= $?\"\ncd / && rm -rf $d\n"
        );
    }
    all
}

/// The outputs out of a whole.
fn split(text: &str) -> Vec<String> {
    let parts = text.split(MARK).skip(1);
    parts.map(|part| part.split_once('\n').map_or("", |(_, output)| output).to_owned()).collect()
}
