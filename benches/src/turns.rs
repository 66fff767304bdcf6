// SPDX-License-Identifier: MIT OR Apache-2.0
//! Taking turns: each participant runs a kernel once per turn, in an order that changes from turn to
//! turn; what they compute must agree.

use crate::participant::Participant;
use anyhow::bail;

/// Time that one sample should take: short against the slices of a busy host, whose other work the guest
/// takes for its own.
const SAMPLE_NS: u64 = 2_500_000;
/// Samples of a turn, of which the best one counts.
const TRIES: usize = 6;

/// Nanoseconds per round of one kernel: of each participant, one value per turn.
pub type Times = Vec<Vec<f64>>;

/// Measures one kernel over so many turns.
///
/// # Errors
/// When a participant fails, or computes something else than the others.
pub fn measure(
    participants: &mut [Participant],
    kernel: &str,
    turns: usize,
) -> anyhow::Result<Times> {
    let mut first = None;
    for participant in &mut *participants {
        // Also makes the input.
        let sample = participant.compute(kernel, 1)?;
        let expected = first.get_or_insert_with(|| sample.result.clone());
        if *expected != sample.result {
            let (name, result) = (&participant.name, sample.result);
            bail!("{kernel}: {name} computes {result}, others {expected}: do not trust its times");
        }
    }
    let Some(one) = participants.first_mut() else { return Ok(Vec::new()) };
    let mut once_ns = u64::MAX;
    for _ in 0..TRIES {
        once_ns = once_ns.min(one.compute(kernel, 1)?.ns);
    }
    let rounds = u32::try_from(SAMPLE_NS / once_ns.max(1)).unwrap_or(u32::MAX).max(1);
    let mut times = vec![Vec::new(); participants.len()];
    for turn in 0..turns {
        for place in 0..participants.len() {
            // Forwards and backwards by turns, so that none always follows the same other.
            let index = match turn % 2 {
                0 => place,
                _ => participants.len() - 1 - place,
            };
            let mut best = u64::MAX;
            for _ in 0..TRIES {
                best = best.min(participants[index].compute(kernel, rounds)?.ns);
            }
            times[index].push(best as f64 / f64::from(rounds));
        }
    }
    Ok(times)
}

/// Value by value, how many times `times` is as long as `base`.
pub fn ratios(times: &[f64], base: &[f64]) -> Vec<f64> {
    times.iter().zip(base).map(|(time, base)| time / base).collect()
}

#[cfg(test)]
mod tests {
    use ochre_benchmarks::kernels::KERNELS;

    #[test]
    fn rounds_of_a_kernel_give_the_same_result_each_time() {
        for kernel in KERNELS {
            let mut round = (kernel.prepare)();
            let first = round();
            assert_eq!(first, round(), "{}", kernel.name);
            assert_eq!(first, (kernel.prepare)()(), "{}", kernel.name);
        }
    }
}
