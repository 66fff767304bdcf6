// SPDX-License-Identifier: MIT OR Apache-2.0
//! Numbers with a scale, the count of their decimal places, and POSIX's rules which scale a result has.
//!
//! What does not fit into the scale is cut off, never rounded.

use std::cmp::Ordering;

use num_bigint::BigInt;
use num_integer::Integer as _;
use num_traits::{Pow, Signed as _, ToPrimitive as _, Zero as _};
use thiserror::Error;

/// `value` divided by ten to the power of `scale`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decimal {
    /// All digits.
    pub value: BigInt,
    /// How many of them are behind the point.
    pub scale: usize,
}

/// Why there is no result.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum MathError {
    /// Division or rest.
    #[error("divide by zero")]
    DivideByZero,
    /// An exponent with a fraction.
    #[error("non-zero scale in exponent")]
    ExponentScale,
    /// An exponent that no memory is large enough for.
    #[error("exponent too large")]
    ExponentSize,
    /// Square root.
    #[error("square root of a negative number")]
    NegativeRoot,
    /// Of a modular power.
    #[error("a modular power wants whole numbers and a positive exponent")]
    NotWhole,
}

/// Digits of a power that is still calculated.
const MOST_DIGITS: u64 = 20_000_000;

/// Ten to the power of `count`.
pub fn ten(count: usize) -> BigInt {
    Pow::pow(BigInt::from(10), count)
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self { value: value.into(), scale: 0 }
    }
}

impl From<bool> for Decimal {
    fn from(value: bool) -> Self {
        i64::from(value).into()
    }
}

impl Decimal {
    /// Is it zero?
    pub fn is_zero(&self) -> bool {
        self.value.is_zero()
    }

    /// With another scale; digits are cut off, or zeroes put behind.
    pub fn with_scale(&self, scale: usize) -> Self {
        let value = match scale.cmp(&self.scale) {
            Ordering::Equal => self.value.clone(),
            Ordering::Greater => &self.value * ten(scale - self.scale),
            Ordering::Less => &self.value / ten(self.scale - scale),
        };
        Self { value, scale }
    }

    /// The whole part.
    pub fn whole(&self) -> BigInt {
        self.with_scale(0).value
    }

    /// The whole part, if it is small.
    pub fn to_i64(&self) -> Option<i64> {
        self.whole().to_i64()
    }

    /// Both with the same scale.
    fn aligned(&self, other: &Self) -> (BigInt, BigInt, usize) {
        let scale = self.scale.max(other.scale);
        (self.with_scale(scale).value, other.with_scale(scale).value, scale)
    }

    /// The sum.
    pub fn add(&self, other: &Self) -> Self {
        let (a, b, scale) = self.aligned(other);
        Self { value: a + b, scale }
    }

    /// The difference.
    pub fn subtract(&self, other: &Self) -> Self {
        let (a, b, scale) = self.aligned(other);
        Self { value: a - b, scale }
    }

    /// The number with its sign turned.
    pub fn negated(&self) -> Self {
        Self { value: -&self.value, scale: self.scale }
    }

    /// The product.
    pub fn multiply(&self, other: &Self, scale: usize) -> Self {
        let full = Self { value: &self.value * &other.value, scale: self.scale + other.scale };
        let wanted = full.scale.min(scale.max(self.scale).max(other.scale));
        full.with_scale(wanted)
    }

    /// The quotient.
    ///
    /// # Errors
    /// By zero.
    pub fn divide(&self, other: &Self, scale: usize) -> Result<Self, MathError> {
        if other.is_zero() {
            return Err(MathError::DivideByZero);
        }
        let shift = scale + other.scale;
        let value = match shift.checked_sub(self.scale) {
            Some(shift) => &self.value * ten(shift) / &other.value,
            None => &self.value / (&other.value * ten(self.scale - shift)),
        };
        Ok(Self { value, scale })
    }

    /// The quotient and the rest.
    ///
    /// # Errors
    /// By zero.
    pub fn divide_rest(&self, other: &Self, scale: usize) -> Result<(Self, Self), MathError> {
        let quotient = self.divide(other, scale)?;
        let product =
            Self { value: &quotient.value * &other.value, scale: quotient.scale + other.scale };
        let rest = self.subtract(&product);
        let wanted = (scale + other.scale).max(self.scale);
        Ok((quotient, rest.with_scale(wanted)))
    }

    /// The power.
    ///
    /// # Errors
    /// For exponents that are no whole number or too large, and for zero by a negative one.
    pub fn power(&self, exponent: &Self, scale: usize) -> Result<Self, MathError> {
        if !(&exponent.value % ten(exponent.scale)).is_zero() {
            return Err(MathError::ExponentScale);
        }
        let exponent = exponent.whole();
        let times = exponent.abs().to_u32().ok_or(MathError::ExponentSize)?;
        if u64::from(times) * self.value.bits() / 3 > MOST_DIGITS {
            return Err(MathError::ExponentSize);
        }
        let full =
            Self { value: BigInt::pow(&self.value, times), scale: self.scale * times as usize };
        if exponent.is_negative() {
            return Self::from(1).divide(&full, scale);
        }
        let wanted = full.scale.min(scale.max(self.scale));
        Ok(full.with_scale(wanted))
    }

    /// The square root.
    ///
    /// # Errors
    /// Of a negative number.
    pub fn square_root(&self, scale: usize) -> Result<Self, MathError> {
        if self.value.is_negative() {
            return Err(MathError::NegativeRoot);
        }
        let scale = scale.max(self.scale);
        Ok(Self { value: self.with_scale(2 * scale).value.sqrt(), scale })
    }

    /// The power modulo a third number.
    ///
    /// # Errors
    /// For numbers with a fraction, negative exponents, and zero as the third.
    pub fn modular_power(&self, exponent: &Self, modulus: &Self) -> Result<Self, MathError> {
        if modulus.is_zero() {
            return Err(MathError::DivideByZero);
        }
        let whole = |number: &Self| (&number.value % ten(number.scale)).is_zero();
        if exponent.value.is_negative() || ![self, exponent, modulus].into_iter().all(whole) {
            return Err(MathError::NotWhole);
        }
        let (modulus, base) = (modulus.whole(), self.whole());
        let result = base.abs().modpow(&exponent.whole(), &modulus.abs());
        let negative = base.is_negative() && exponent.whole().is_odd();
        Ok(Self { value: if negative { -result } else { result }, scale: 0 })
    }

    /// Which is larger.
    pub fn compare(&self, other: &Self) -> Ordering {
        let (a, b, _) = self.aligned(other);
        a.cmp(&b)
    }

    /// How many digits it has, as bc's `length` counts.
    pub fn len(&self) -> usize {
        if self.is_zero() {
            return self.scale.max(1);
        }
        self.value.abs().to_string().len().max(self.scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: i64, scale: usize) -> Decimal {
        Decimal { value: value.into(), scale }
    }

    #[test]
    fn scales_are_those_of_posix() {
        assert_eq!(number(12, 1).multiply(&number(34, 1), 0), number(40, 1));
        assert_eq!(number(1, 0).divide(&number(3, 0), 4), Ok(number(3333, 4)));
        assert_eq!(number(-7, 0).divide_rest(&number(2, 0), 0), Ok((number(-3, 0), number(-1, 0))));
        assert_eq!(number(2, 0).power(&number(-2, 0), 3), Ok(number(250, 3)));
        assert_eq!(number(2, 0).square_root(3), Ok(number(1414, 3)));
        assert_eq!(number(1, 0).divide(&number(0, 3), 4), Err(MathError::DivideByZero));
    }
}
