// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a comparison found: the cases side by side, the figures, and the counts that the reports show.
//!
//! Invariants: a case that BusyBox does not pass in the machine is no measure of us, and never a
//! difference; a difference has a verdict, if only `open`.

use crate::verdicts::{Verdict, Verdicts};
use ochre_case_runner::Outcome;
use serde::Serialize;
use std::collections::BTreeMap;

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// As its author expects; for a case of ours, as with BusyBox.
    Pass,
    /// Otherwise.
    Fail,
    /// Its author says that it cannot be run here.
    Skipped,
    /// The program is not in the image.
    Missing,
    /// The time was up, or the machine stopped.
    TimedOut,
    /// It was not reached.
    NotRun,
}

impl State {
    /// For a reader.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Skipped => "skipped",
            Self::Missing => "missing",
            Self::TimedOut => "time up",
            Self::NotRun => "not run",
        }
    }
}

/// A case of BusyBox's as one of the two images answered.
#[derive(Debug)]
pub struct Found {
    /// `SUITE/GROUP: NAME`.
    pub id: String,
    /// How it ended.
    pub state: State,
    /// What differs from what its author expects.
    pub text: String,
}

/// A case in both images.
#[derive(Debug, Serialize)]
pub struct Compared {
    /// `SUITE/GROUP: NAME`.
    pub id: String,
    /// With our programs.
    pub ours: State,
    /// With BusyBox.
    pub theirs: State,
    /// On the host, for the cases that are run there: whether it does as BusyBox does in the machine.
    pub host: Option<State>,
    /// Only the words of error messages differ; not counted as a difference.
    pub words_differ: bool,
    /// Of a difference.
    pub verdict: Option<Verdict>,
    /// Of the verdict.
    pub reason: String,
    /// What ours did: a difference to what is expected, or all that was seen.
    pub ours_text: String,
    /// What BusyBox did.
    pub theirs_text: String,
}

impl Compared {
    /// `SUITE/GROUP`.
    pub fn group(&self) -> &str {
        self.id.split_once(": ").map_or(self.id.as_str(), |(group, _)| group)
    }

    /// Whether BusyBox passes and we do not.
    pub fn differs(&self) -> bool {
        self.theirs == State::Pass && self.ours != State::Pass
    }
}

/// Cases that count, and those that pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// That BusyBox passes in the machine.
    pub of: usize,
    /// That we pass of those.
    pub pass: usize,
    /// Of the rest: nothing was run, because the program is not in the image.
    pub missing: usize,
}

impl Count {
    fn add(&mut self, case: &Compared) {
        if case.theirs == State::Pass {
            self.of += 1;
            self.pass += usize::from(case.ours == State::Pass);
            self.missing += usize::from(case.ours == State::Missing);
        }
    }
}

/// One measured command.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// The command.
    pub name: String,
    /// Shortest time from start to end, in microseconds; ours and theirs, 0 where it could not be run.
    pub elapsed_us: [u64; 2],
    /// Most resident memory in KiB.
    pub resident_kib: [u64; 2],
}

/// What is measured beside the cases.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Figures {
    /// Sizes in bytes by what they are of; ours and theirs.
    pub sizes: Vec<(String, [u64; 2])>,
    /// The commands.
    pub commands: Vec<Figure>,
}

/// All of it.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The day, as YYYY-MM-DD.
    pub date: String,
    /// Of what there is a version of: name and version.
    pub versions: Vec<(String, String)>,
    /// The cases by name.
    pub cases: Vec<Compared>,
    /// What was measured.
    pub figures: Figures,
    /// Verdicts on what does not differ (any more).
    pub unused_verdicts: Vec<String>,
}

impl Report {
    /// Counts by suite.
    pub fn suites(&self) -> BTreeMap<String, Count> {
        self.counts(|case| case.group().split('/').next().unwrap_or_default().to_owned())
    }

    /// Counts by suite and group.
    pub fn groups(&self) -> BTreeMap<String, Count> {
        self.counts(|case| case.group().to_owned())
    }

    fn counts(&self, key: impl Fn(&Compared) -> String) -> BTreeMap<String, Count> {
        let mut counts: BTreeMap<String, Count> = BTreeMap::new();
        for case in &self.cases {
            counts.entry(key(case)).or_default().add(case);
        }
        counts.retain(|_, count| count.of > 0);
        counts
    }

    /// The differences.
    pub fn differences(&self) -> impl Iterator<Item = &Compared> {
        self.cases.iter().filter(|case| case.differs())
    }

    /// How many differences there are of each verdict.
    pub fn verdicts(&self) -> BTreeMap<Verdict, usize> {
        let mut verdicts = BTreeMap::new();
        for case in self.differences() {
            *verdicts.entry(case.verdict.unwrap_or(Verdict::Open)).or_default() += 1;
        }
        verdicts
    }
}

/// Puts what both images answered side by side. A group whose program is missing is missing in each case.
pub fn pair(ours: Vec<Found>, theirs: Vec<Found>, verdicts: &Verdicts) -> Vec<Compared> {
    let mut ours: BTreeMap<String, Found> =
        ours.into_iter().map(|case| (case.id.clone(), case)).collect();
    let left: BTreeMap<String, State> = ours
        .values()
        .filter_map(|case| {
            Some((case.id.strip_suffix(": (all that is left)")?.to_owned(), case.state))
        })
        .collect();
    let mut cases = Vec::new();
    for their in theirs {
        let our = ours.remove(&their.id);
        let group = their.id.split_once(": ").map_or("", |(group, _)| group);
        let state = our
            .as_ref()
            .map_or_else(|| left.get(group).copied().unwrap_or(State::NotRun), |case| case.state);
        let mut case = Compared {
            ours: state,
            theirs: their.state,
            host: None,
            words_differ: false,
            verdict: None,
            reason: String::new(),
            ours_text: our.map(|case| case.text).unwrap_or_default(),
            theirs_text: their.text,
            id: their.id,
        };
        judge(&mut case, verdicts);
        cases.push(case);
    }
    cases
}

/// Compares what a case of ours did in both images, and on the host.
pub fn compare(
    ours: &Outcome,
    theirs: &Outcome,
    host: Option<&Outcome>,
    verdicts: &Verdicts,
) -> Compared {
    let state = |outcome: &Outcome, wanted: &Outcome| match outcome {
        Outcome { missing: true, .. } => State::Missing,
        Outcome { timed_out: true, .. } => State::TimedOut,
        _ if same(outcome, wanted) => State::Pass,
        _ => State::Fail,
    };
    let (our_state, their_state) = (state(ours, theirs), state(theirs, theirs));
    let mut case = Compared {
        id: ours.id.clone(),
        ours: our_state,
        theirs: their_state,
        host: host.map(|host| state(host, theirs)),
        words_differ: our_state == State::Pass && ours.stderr != theirs.stderr,
        verdict: None,
        reason: String::new(),
        ours_text: shown(ours),
        theirs_text: shown(theirs),
    };
    judge(&mut case, verdicts);
    case
}

/// Messages differ in their words from program to program; whether there is one has to agree.
fn same(one: &Outcome, other: &Outcome) -> bool {
    one.status == other.status
        && one.stdout == other.stdout
        && one.files == other.files
        && one.stderr.is_empty() == other.stderr.is_empty()
}

fn judge(case: &mut Compared, verdicts: &Verdicts) {
    if case.differs() {
        let (verdict, reason) = verdicts.of(&case.id);
        (case.verdict, case.reason) = (Some(verdict), reason);
    }
}

/// All that was seen, for a reader.
fn shown(outcome: &Outcome) -> String {
    let mut text = format!("status {}\n", outcome.status);
    for (name, content) in [("stdout", &outcome.stdout), ("stderr", &outcome.stderr)] {
        if !content.is_empty() {
            text += &format!("--- {name}\n{content}");
        }
    }
    for (name, content) in &outcome.files {
        text += &format!("--- file {name}\n{content}");
        if !content.is_empty() && !content.ends_with('\n') {
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(id: &str, state: State) -> Found {
        Found { id: id.into(), state, text: String::new() }
    }

    #[test]
    fn only_what_busybox_passes_counts() {
        let verdicts = Verdicts::parse("t/a: two | by-design | r\n").unwrap();
        let theirs = vec![
            found("t/a: one", State::Pass),
            found("t/a: two", State::Pass),
            found("t/a: three", State::Fail),
            found("t/b: one", State::Pass),
        ];
        let ours = vec![
            found("t/a: one", State::Pass),
            found("t/a: two", State::Fail),
            found("t/a: three", State::Fail),
            found("t/b: (all that is left)", State::Missing),
        ];
        let cases = pair(ours, theirs, &verdicts);
        let report = Report {
            date: String::new(),
            versions: Vec::new(),
            cases,
            figures: Figures::default(),
            unused_verdicts: Vec::new(),
        };
        assert_eq!(report.suites()["t"], Count { of: 3, pass: 1, missing: 1 });
        assert_eq!(report.groups()["t/b"], Count { of: 1, pass: 0, missing: 1 });
        let expected = BTreeMap::from([(Verdict::Open, 1), (Verdict::ByDesign, 1)]);
        assert_eq!(report.verdicts(), expected);
    }

    #[test]
    fn the_words_of_a_message_are_free_but_not_its_being() {
        let verdicts = Verdicts::parse("").unwrap();
        let with = |stderr: &str| Outcome { stderr: stderr.into(), ..Outcome::default() };
        let case = compare(&with("a"), &with("b"), None, &verdicts);
        assert_eq!((case.ours, case.words_differ), (State::Pass, true));
        let case = compare(&with(""), &with("b"), Some(&with("c")), &verdicts);
        assert_eq!((case.ours, case.host), (State::Fail, Some(State::Pass)));
        assert_eq!(case.verdict, Some(Verdict::Open));
    }
}
