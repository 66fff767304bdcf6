// SPDX-License-Identifier: MIT OR Apache-2.0
//! The words of a command line, any of which may be shortened to its first letters.

use std::net::{IpAddr, Ipv4Addr};

use anyhow::{Context, bail};
use ochre_applet::Args;

/// What is left of the command line.
pub struct Words(std::vec::IntoIter<String>);

impl Words {
    /// All but the program's own name.
    pub fn new(args: &Args) -> anyhow::Result<Self> {
        let texts = args.iter().skip(1).map(|word| word.to_str().map(str::to_owned));
        let texts: Option<Vec<_>> = texts.collect();
        Ok(Self(texts.context("an argument is not UTF-8")?.into_iter()))
    }

    /// The next word if it begins with a dash.
    pub fn option(&mut self) -> Option<String> {
        let found = self.0.as_slice().first()?.starts_with('-');
        if found { self.0.next() } else { None }
    }

    /// The word after `name`.
    pub fn value(&mut self, name: &str) -> anyhow::Result<String> {
        self.0.next().with_context(|| format!("'{name}' wants a word after it"))
    }

    /// A number after `name`.
    pub fn number(&mut self, name: &str) -> anyhow::Result<u32> {
        let word = self.value(name)?;
        word.parse().ok().with_context(|| format!("'{word}' is no number for {name}"))
    }
}

impl Iterator for Words {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        self.0.next()
    }
}

/// The place of the word that `given` is or begins, the first of several.
pub fn choose(given: &str, words: &[&str]) -> anyhow::Result<usize> {
    let found = words.iter().position(|word| *word == given);
    match found.or_else(|| words.iter().position(|word| word.starts_with(given))) {
        Some(place) if !given.is_empty() => Ok(place),
        _ => bail!("'{given}' is none of: {}", words.join(", ")),
    }
}

/// `ADDRESS[/BITS]`; all bits when none are given.
pub fn prefix(text: &str) -> anyhow::Result<(IpAddr, u8)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    let address: IpAddr =
        address.parse().ok().with_context(|| format!("'{text}' is no address"))?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = match bits {
        Some(bits) => bits.parse().ok().filter(|bits| *bits <= most),
        None => Some(most),
    };
    Ok((address, bits.with_context(|| format!("'{text}' has no length of 0 to {most}"))?))
}

/// The netmask with so many bits of the net.
pub fn mask(bits: u8) -> Ipv4Addr {
    Ipv4Addr::from(!u32::MAX.checked_shr(bits.into()).unwrap_or(0))
}

/// How many bits of the net a netmask has, if they stand together.
pub fn mask_bits(mask: Ipv4Addr) -> Option<u8> {
    let bits = u32::from(mask).leading_ones();
    (u32::from(mask).count_ones() == bits).then_some(bits as u8)
}

/// How many bits the net of an address had when nets had classes.
pub fn class_bits(address: Ipv4Addr) -> u8 {
    match address.octets()[0] {
        0..128 => 8,
        128..192 => 16,
        _ => 24,
    }
}

/// A hardware address: pairs of digits with colons.
pub fn hardware(text: &str) -> anyhow::Result<Vec<u8>> {
    let bytes = text.split(':').map(|pair| u8::from_str_radix(pair, 16));
    let bytes: Option<Vec<_>> = bytes.map(Result::ok).collect();
    bytes.with_context(|| format!("'{text}' is no hardware address"))
}

/// The text of a hardware address.
pub fn hardware_text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_may_be_short() {
        assert_eq!(choose("a", &["address", "link"]).ok(), Some(0));
        assert_eq!(choose("link", &["links", "link"]).ok(), Some(1));
        assert!(choose("x", &["address"]).is_err());
        assert!(choose("", &["address"]).is_err());
    }

    #[test]
    fn masks_and_classes() {
        assert_eq!(mask(0), Ipv4Addr::UNSPECIFIED);
        assert_eq!(mask(20), Ipv4Addr::new(255, 255, 240, 0));
        assert_eq!(mask_bits(mask(32)), Some(32));
        assert_eq!(mask_bits([255, 0, 255, 0].into()), None);
        assert_eq!(class_bits([172, 16, 0, 1].into()), 16);
    }

    #[test]
    fn prefixes_have_lengths() {
        assert_eq!(prefix("10.0.0.1").ok(), Some(([10, 0, 0, 1].into(), 32)));
        assert_eq!(prefix("10.0.0.1/8").ok().map(|found| found.1), Some(8));
        assert!(prefix("10.0.0.1/33").is_err());
        assert_eq!(prefix("::1/64").ok().map(|found| found.1), Some(64));
        assert_eq!(
            hardware("02:00:ff").ok().map(|mac| hardware_text(&mac)),
            Some("02:00:ff".into())
        );
    }
}
