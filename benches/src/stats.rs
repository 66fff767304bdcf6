// SPDX-License-Identifier: MIT OR Apache-2.0
//! Numbers about numbers.

/// The middle of a series, and how far its inner half spreads.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Summary {
    /// The median.
    pub median: f64,
    /// The lower quartile.
    pub lower: f64,
    /// The upper quartile.
    pub upper: f64,
}

impl Summary {
    /// Of a series; all zero when there is nothing in it.
    pub fn of(values: &[f64]) -> Self {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |part: f64| quantile(&sorted, part);
        Self { median: at(0.5), lower: at(0.25), upper: at(0.75) }
    }

    /// Half the distance of the quartiles.
    pub fn spread(&self) -> f64 {
        (self.upper - self.lower) / 2.0
    }

    /// The same as a part of the median.
    pub fn relative_spread(&self) -> f64 {
        if self.median == 0.0 { 0.0 } else { self.spread() / self.median.abs() }
    }
}

/// The value below which `part` of a sorted series lies.
pub fn quantile(sorted: &[f64], part: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = part * last as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (sorted[above] - sorted[below]) * place.fract()
}

/// The geometric mean of ratios.
pub fn geometric_mean(ratios: impl IntoIterator<Item = f64>) -> f64 {
    let logs: Vec<_> = ratios.into_iter().map(f64::ln).collect();
    (logs.iter().sum::<f64>() / logs.len().max(1) as f64).exp()
}

#[cfg(test)]
mod tests {
    use super::{Summary, geometric_mean};

    #[test]
    fn the_median_stands_between_the_quartiles() {
        let summary = Summary::of(&[5.0, 1.0, 4.0, 2.0, 3.0]);
        assert_eq!((summary.lower, summary.median, summary.upper), (2.0, 3.0, 4.0));
        assert_eq!(summary.spread(), 1.0);
        assert_eq!(Summary::of(&[1.0, 2.0]).median, 1.5);
        assert_eq!(Summary::of(&[]), Summary::default());
    }

    #[test]
    fn twice_and_half_cancel_out() {
        assert!((geometric_mean([2.0, 0.5, 1.0]) - 1.0).abs() < 1e-12);
        assert!((geometric_mean([]) - 1.0).abs() < 1e-12);
    }
}
