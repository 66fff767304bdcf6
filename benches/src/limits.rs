// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is known about goals that may be missed: where the time goes, and what was tried. The shares are
//! of profiles (`ochre exec --profile`) of the measured program. Written by hand; [`crate::render`] shows
//! a text only where the report says that its goal is missed.

/// The goal as [`crate::goals`] calls it, and what there is to say.
const LIMITS: [(&str, &str); 9] = [
    (
        "kernel: null call",
        "Half is Linux's own `getppid` and its way in and out of a call, a third the C library's. What \
         is ours is one call from the program's module into the kernel's and the look for signals at \
         the end.",
    ),
    (
        "kernel: open and close",
        "The look-up of paths is Linux's code, spread over twenty functions of which none has more than \
         5 %; it runs at the speed that the group `compute` shows. A tenth goes to the host call that \
         reads the path out of the program's memory, which has to check each address.",
    ),
    (
        "kernel: stat",
        "As with open. A fifth goes to host calls that read the path and write the result: program and \
         kernel have separate memories, and compiled code reaches only its own.",
    ),
    (
        "kernel: thread create and join",
        "More than half is the runner's: a thread is an instance of the program's module with a stack \
         of the host, and both are made and taken away.",
    ),
    (
        "kernel: spawn a small program",
        "Half is the runner's: an instance, and a memory of its own that is mapped, filled, and unmapped \
         at the end, which alone takes 35 µs for each process. Most of that time the host's kernel \
         works.",
    ),
    (
        "ipc: pipe ping-pong, 2 processes",
        "A quarter is the runner's, mostly switches of stacks; an eighth host calls for copies between \
         memories and for the clock; the rest is Linux's scheduler, which reckons loads and times at \
         each switch as it does anywhere.",
    ),
    (
        "compute: geometric mean",
        "Checks for preemption take about 5 % (group `preempt`), accesses to memory have no checks. The \
         rest is the code that Cranelift makes: it neither unrolls loops nor makes vectors of them, and \
         keeps fewer values in registers; recursive functions (`queens`, `fibonacci`) pay for a look at \
         the stack's limit at each call. Tried: `opt-level = 3` (1 %), wide arithmetic (nothing), vector \
         instructions (`+simd128`: a third in `sieve`, 3 % in the mean), musl's older allocator (1.6 % of \
         the mean where the programs' own one now takes 9 %).",
    ),
    (
        "programs: geometric mean",
        "As in `compute`; hashes and searches besides have instructions of the processor on the host \
         (SHA, AVX2) that WebAssembly has no words for.",
    ),
    (
        "memory: idle process, with its data",
        "The row has the program's own data and stack pages in it, which the goal has not.",
    ),
];

/// What there is to say about a goal.
pub fn of(goal: &str) -> Option<&'static str> {
    LIMITS.iter().find(|(known, _)| *known == goal).map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::LIMITS;
    use std::collections::HashSet;

    #[test]
    fn each_goal_stands_once() {
        let goals: HashSet<_> = LIMITS.iter().map(|(goal, _)| goal).collect();
        assert_eq!(goals.len(), LIMITS.len());
    }
}
