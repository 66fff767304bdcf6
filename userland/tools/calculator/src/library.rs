// SPDX-License-Identifier: MIT OR Apache-2.0
//! The functions of `bc -l`. Each calculates with more places than wanted, and cuts them off.

use num_bigint::BigInt;
use num_traits::{Signed as _, ToPrimitive as _};

use crate::decimal::{Decimal, MathError};

/// Places beyond those wanted.
const MORE: usize = 12;

fn whole(value: i64) -> Decimal {
    value.into()
}

/// Adds up a series until its parts vanish: `next` makes each part of the one before and its number.
fn series(
    first: Decimal,
    scale: usize,
    mut next: impl FnMut(&Decimal, i64) -> Result<Decimal, MathError>,
) -> Result<Decimal, MathError> {
    let mut part = first.with_scale(scale);
    let mut sum = part.clone();
    let mut count = 1;
    loop {
        part = next(&part, count)?.with_scale(scale);
        if part.is_zero() {
            return Ok(sum);
        }
        sum = sum.add(&part);
        count += 1;
    }
}

/// e to the power of x.
pub fn exponential(x: &Decimal, scale: usize) -> Result<Decimal, MathError> {
    let negative = x.value.is_negative();
    let mut x = if negative { x.negated() } else { x.clone() };
    // The result has about x/2.3 digits before the point, which the rounding is relative to.
    let digits = x.to_i64().and_then(|whole| usize::try_from(whole * 44 / 100).ok());
    let digits = digits.filter(|digits| *digits < 1_000_000).ok_or(MathError::ExponentSize)?;
    let deep = scale + MORE + digits + if negative { digits } else { 0 };
    let mut halvings = 0;
    x = x.with_scale(deep.max(x.scale));
    while x.compare(&whole(1)).is_gt() {
        x = x.divide(&whole(2), x.scale + 1)?;
        halvings += 1;
    }
    let deep = deep + halvings;
    let mut result =
        series(whole(1), deep, |part, count| part.multiply(&x, deep).divide(&whole(count), deep))?;
    for _ in 0..halvings {
        result = result.multiply(&result, 0).with_scale(deep);
    }
    if negative { whole(1).divide(&result, scale) } else { Ok(result.with_scale(scale)) }
}

/// The natural logarithm.
pub fn logarithm(x: &Decimal, scale: usize) -> Result<Decimal, MathError> {
    if !x.value.is_positive() {
        let nines = whole(1).subtract(&Decimal { value: crate::decimal::ten(scale), scale: 0 });
        return Ok(nines.with_scale(scale));
    }
    let deep = scale + MORE + x.len();
    let mut x = x.with_scale(x.scale.max(deep) + deep);
    let mut factor = whole(2);
    let (half, two) =
        (Decimal { value: 9.into(), scale: 1 }, Decimal { value: 11.into(), scale: 1 });
    while x.compare(&two).is_gt() || x.compare(&half).is_lt() {
        x = x.square_root(deep + MORE)?;
        factor = factor.add(&factor);
    }
    let quotient = x.subtract(&whole(1)).divide(&x.add(&whole(1)), deep + MORE)?;
    let square = quotient.multiply(&quotient, 0).with_scale(deep + MORE);
    let mut power = quotient.clone();
    let sum = series(quotient, deep + MORE, |_, count| {
        power = power.multiply(&square, deep + MORE).with_scale(deep + MORE);
        power.divide(&whole(2 * count + 1), deep + MORE)
    })?;
    Ok(sum.multiply(&factor, 0).with_scale(scale))
}

/// The arcus tangent.
pub fn arctangent(x: &Decimal, scale: usize) -> Result<Decimal, MathError> {
    let deep = scale + MORE + MORE;
    let mut x = x.with_scale(x.scale.max(deep));
    let mut factor = whole(1);
    let small = Decimal { value: 2.into(), scale: 1 };
    // Half the angle: x / (1 + sqrt(1 + x * x)).
    while x.compare(&small).is_gt() || x.compare(&small.negated()).is_lt() {
        let root = x.multiply(&x, deep).add(&whole(1)).square_root(deep)?;
        x = x.divide(&root.add(&whole(1)), deep)?;
        factor = factor.add(&factor);
    }
    let square = x.multiply(&x, 0).with_scale(deep);
    let mut power = x.clone();
    let sum = series(x, deep, |_, count| {
        power = power.multiply(&square, deep).with_scale(deep).negated();
        power.divide(&whole(2 * count + 1), deep)
    })?;
    Ok(sum.multiply(&factor, 0).with_scale(scale))
}

/// Cuts places off, but takes .9999999999 for one: of s(p / 2), 1 is wanted.
fn cut(number: &Decimal, scale: usize) -> Decimal {
    let sign = if number.value.is_negative() { -1 } else { 1 };
    let little = Decimal { value: sign.into(), scale: scale + MORE / 2 };
    number.add(&little).with_scale(scale)
}

/// The sine.
pub fn sine(x: &Decimal, scale: usize) -> Result<Decimal, MathError> {
    Ok(cut(&turned(x, scale, 0)?, scale))
}

/// The cosine.
pub fn cosine(x: &Decimal, scale: usize) -> Result<Decimal, MathError> {
    Ok(cut(&turned(x, scale, 1)?, scale))
}

/// The sine of x and so many quarter turns.
fn turned(x: &Decimal, scale: usize, quarters: i64) -> Result<Decimal, MathError> {
    let deep = scale + MORE + x.len();
    let quarter = arctangent(&whole(1), deep + x.len())?.multiply(&whole(2), 0);
    // The nearest quarter turn, and what is left.
    let half = quarter.divide(&whole(2), quarter.scale)?;
    let away = if x.value.is_negative() { x.subtract(&half) } else { x.add(&half) };
    let count: BigInt = away.divide(&quarter, 0)?.value;
    let near = quarter.multiply(&Decimal { value: count.clone(), scale: 0 }, 0);
    let rest = x.subtract(&near).with_scale(deep);
    let turn = ((count % 4_i64).to_i64().unwrap_or(0) + quarters).rem_euclid(4);
    let square = rest.multiply(&rest, 0).with_scale(deep).negated();
    let odd = turn % 2;
    let first = if odd == 0 { rest } else { whole(1) };
    let value = series(first, deep, |part, count| {
        let below =
            if odd == 0 { 2 * count * (2 * count + 1) } else { 2 * count * (2 * count - 1) };
        part.multiply(&square, deep).divide(&whole(below), deep)
    })?;
    Ok(if turn >= 2 { value.negated() } else { value })
}

/// The Bessel function of an integer order.
pub fn bessel(order: &Decimal, x: &Decimal, scale: usize) -> Result<Decimal, MathError> {
    let order = order.to_i64().ok_or(MathError::ExponentSize)?;
    let size = x.to_i64().and_then(|whole| usize::try_from(whole.abs()).ok());
    let size = size.filter(|size| *size < 100_000).ok_or(MathError::ExponentSize)?;
    let turn = order < 0 && order % 2 != 0;
    let order = order.abs();
    // Parts grow to about e to the power of x before they vanish.
    let deep = scale + MORE + size + order as usize / 8;
    let half = x.divide(&whole(2), deep.max(x.scale + 1))?;
    let mut first = whole(1);
    for count in 1..=order {
        first = first.multiply(&half, deep).divide(&whole(count), deep)?;
    }
    let square = half.multiply(&half, 0).with_scale(deep).negated();
    let sum = series(first, deep, |part, count| {
        part.multiply(&square, deep).divide(&whole(count * (count + order)), deep)
    })?;
    let sum = if turn { sum.negated() } else { sum };
    Ok(sum.with_scale(scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_come_out() {
        let show = |number: Decimal| crate::text::show(&number, &10.into());
        let four = whole(4);
        let pi = arctangent(&whole(1), 30).map(|quarter| quarter.multiply(&four, 0));
        assert_eq!(
            pi.map(|pi| show(pi.with_scale(25))),
            Ok("3.1415926535897932384626433".to_owned())
        );
        assert_eq!(exponential(&whole(1), 20).map(show), Ok("2.71828182845904523536".to_owned()));
        assert_eq!(logarithm(&whole(2), 20).map(show), Ok(".69314718055994530941".to_owned()));
    }
}
