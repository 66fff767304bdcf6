// SPDX-License-Identifier: MIT OR Apache-2.0
//! Many small scripts, each run by the guest's bash and by the host's, or by the guest's sh and the
//! host's dash, and compared: standard output and status. All of a list run in one machine.

use crate::host;
use crate::machine::{Machine, Output};
use std::fmt::{self, Write};
use std::time::Duration;

/// Stands before each script's output; no script prints it.
const MARK: &str = "\u{1}script ";
/// Seconds for one script.
const LIMIT_SECS: u32 = 20;

/// How many scripts the host runs at once.
const HOST_BATCH: usize = 40;

/// What executes the scripts.
#[derive(Clone, Copy)]
pub struct Shells {
    /// The command that takes a script as its last argument in the guest.
    pub guest: &'static str,
    /// The same on the host.
    pub host: &'static str,
}

/// bash, without files of its users.
pub const BASH: Shells =
    Shells { guest: "bash --norc --noprofile -c", host: "bash --norc --noprofile -c" };

/// sh, and on the host the smallest shell that is one.
pub const SH: Shells = Shells { guest: "sh -c", host: "dash -c" };

/// What one script gave.
pub struct Outcome {
    /// On the host: standard output and status.
    pub wanted: String,
    /// In the guest; nothing, when the machine did not get that far.
    pub found: Option<String>,
}

impl Outcome {
    /// Did the two differ?
    pub fn differs(&self) -> bool {
        self.found.as_ref() != Some(&self.wanted)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = self.found.as_deref().unwrap_or("(nothing)");
        writeln!(formatter, "  wanted {:?}\n  found  {found:?}", self.wanted)
    }
}

/// What all scripts gave.
pub struct Comparison {
    /// Of each script, in their order.
    pub outcomes: Vec<Outcome>,
    /// The machine's run.
    pub guest: Output,
}

/// Runs each of `cases`, a name and a script, in guest and host.
///
/// # Panics
/// When one differs, with all that do.
pub fn same_as_on_the_host(cases: &[(&str, &str)]) {
    let comparison = compare(BASH, cases);
    let mut differences = String::new();
    for ((name, script), outcome) in cases.iter().zip(&comparison.outcomes) {
        if outcome.differs() {
            let _ = write!(differences, "{name}: {script}\n{outcome}");
        }
    }
    assert!(differences.is_empty(), "{differences}\n{}", comparison.guest.transcript());
}

/// Runs each of `cases`, a name and a script, in one machine and on the host.
///
/// # Panics
/// When the host fails, or the machine takes too long.
pub fn compare(shells: Shells, cases: &[(&str, &str)]) -> Comparison {
    let mut wanted = Vec::new();
    for batch in cases.chunks(HOST_BATCH) {
        let outputs = split(&host::shell(&joined(shells.host, batch), b"").success().text());
        assert_eq!(outputs.len(), batch.len(), "the host's own run");
        wanted.extend(outputs);
    }
    let output = Machine::exec(&["bash", "-c", "cat > /tmp/all; exec bash /tmp/all < /dev/null"])
        .stdin(joined(shells.guest, cases))
        .limit(Duration::from_secs(180))
        .run();
    let mut found = split(&output.text()).into_iter();
    let outcomes =
        wanted.into_iter().map(|wanted| Outcome { wanted, found: found.next() }).collect();
    Comparison { outcomes, guest: output }
}

/// One script out of all.
fn joined(shell: &str, cases: &[(&str, &str)]) -> String {
    let mut all = String::from("export LC_ALL=C TZ=UTC; unset BASH_ENV ENV\n");
    for (index, (_, script)) in cases.iter().enumerate() {
        let quoted = script.replace('\'', r"'\''");
        let _ = write!(
            all,
            "d=$(mktemp -d) && cd $d\nprintf '{MARK}{index}\\n'\n\
             timeout {LIMIT_SECS} {shell} '{quoted}' 2> /dev/null\n\
             echo \"= $?\"\ncd / && rm -rf $d\n"
        );
    }
    all
}

/// The outputs out of a whole.
fn split(text: &str) -> Vec<String> {
    let parts = text.split(MARK).skip(1);
    parts.map(|part| part.split_once('\n').map_or("", |(_, output)| output).to_owned()).collect()
}
