// SPDX-License-Identifier: MIT OR Apache-2.0
//! Which lines a command is for.

use super::*;

impl Machine<'_> {
    /// Is a command for the line in hand?
    pub(super) fn selects(&mut self, command: &Command, index: usize) -> Result<bool> {
        let Some(first) = &command.first else { return Ok(true) };
        let Some(second) = &command.second else { return self.fits(first) };
        let number = self.lines.number;
        match self.ranges[index] {
            Range::Closed => {
                let starts = match first {
                    Address::Line(0) => number == 1,
                    Address::Line(line) => self.begins(*line, second, index),
                    _ => self.fits(first)?,
                };
                if !starts {
                    return Ok(false);
                }
                let until = match second {
                    Address::Line(line) => Some(*line),
                    Address::Plus(count) => Some(number + count),
                    Address::Multiple(0) => Some(number),
                    Address::Multiple(step) => Some(number.div_ceil(*step) * step),
                    Address::Match(_) if matches!(first, Address::Line(0)) => {
                        if !self.fits(second)? {
                            self.ranges[index] = Range::Open;
                        }
                        return Ok(true);
                    }
                    _ => None,
                };
                self.ranges[index] = match until {
                    Some(line) if line <= number => Range::Closed,
                    Some(line) => Range::Until(line),
                    None if matches!(second, Address::Last) && self.lines.is_last()? => {
                        Range::Closed
                    }
                    None => Range::Open,
                };
                Ok(true)
            }
            Range::Until(line) => {
                if number >= line {
                    self.ranges[index] = Range::Closed;
                }
                // A range whose end was passed while other commands read lines is over.
                if number > line { self.fits_again(command, index) } else { Ok(true) }
            }
            Range::Open => {
                if self.fits(second)? {
                    self.ranges[index] = Range::Closed;
                }
                Ok(true)
            }
        }
    }

    /// A range begins late when its first line was not looked at, unless its last one is over, too.
    fn begins(&mut self, line: u64, second: &Address, index: usize) -> bool {
        let number = self.lines.number;
        let passed = std::mem::replace(&mut self.passed[index], number >= line);
        let late = !passed && number > line;
        number == line || (late && !matches!(second, Address::Line(last) if number > *last))
    }

    fn fits_again(&mut self, command: &Command, index: usize) -> Result<bool> {
        match &command.first {
            Some(Address::Line(_)) | None => Ok(false),
            Some(_) => self.selects(command, index),
        }
    }

    fn fits(&mut self, address: &Address) -> Result<bool> {
        let number = self.lines.number;
        Ok(match address {
            Address::Line(line) => *line == number,
            Address::Step(first, 0) => *first == number,
            Address::Step(first, step) => {
                number >= *first && (number - first).is_multiple_of(*step)
            }
            Address::Last => self.lines.is_last()?,
            Address::Match(pattern) => self.regex(pattern)?.is_match(&self.space),
            Address::Plus(_) | Address::Multiple(_) => false,
        })
    }
}
