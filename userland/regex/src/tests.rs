// SPDX-License-Identifier: MIT OR Apache-2.0
//! Patterns, texts and what POSIX says of them.

use super::*;

fn find(pattern: &str, text: &str, extended: bool) -> Option<(usize, usize)> {
    let options = Options { extended, ..Options::default() };
    Regex::new(pattern.as_bytes(), options).unwrap().find_at(text.as_bytes(), 0)
}

fn groups(pattern: &str, text: &str) -> Groups {
    let options = Options { extended: true, ..Options::default() };
    let regex = Regex::new(pattern.as_bytes(), options).unwrap();
    regex.groups_at(text.as_bytes(), 0).unwrap()
}

#[test]
fn the_longest_of_the_leftmost() {
    assert_eq!(find("a|ab|abc", "xabcd", true), Some((1, 4)));
    assert_eq!(find("(a|ab)(c|bcd)", "abcd", true), Some((0, 4)));
    assert_eq!(find("x*", "aaxx", true), Some((0, 0)));
    assert_eq!(find("b+", "abbbc", true), Some((1, 4)));
}

#[test]
fn basic_syntax() {
    assert_eq!(find("a\\{2,3\\}", "aaaa", false), Some((0, 3)));
    assert_eq!(find("*a", "x*a", false), Some((1, 3)));
    assert_eq!(find("^*a", "*a", false), Some((0, 2)));
    assert_eq!(find("a^b$c", "a^b$c", false), Some((0, 5)));
    assert_eq!(find("\\(^a\\)", "ba", false), None);
    assert_eq!(find("a\\|b", "xb", false), Some((1, 2)));
    assert_eq!(find("a+", "a+", false), Some((0, 2)));
    assert_eq!(find("[]a]*", "]a]", false), Some((0, 3)));
    assert_eq!(find("[a\\]*", "a\\", false), Some((0, 2)));
}

#[test]
fn extended_syntax() {
    assert_eq!(find("a{2}", "aaa", true), Some((0, 2)));
    assert_eq!(find("a{,2}b", "aaab", true), Some((1, 4)));
    assert_eq!(find("a{x", "a{x", true), Some((0, 3)));
    assert_eq!(find("()b", "ab", true), Some((1, 2)));
    assert_eq!(find("[[:digit:][:upper:]]+", "a1Bc", true), Some((1, 3)));
    assert_eq!(find("\\<foo\\>", "xfoo foo", true), Some((5, 8)));
    assert_eq!(find("a$", "ba", true), Some((1, 2)));
}

#[test]
fn groups_and_references() {
    assert_eq!(groups("(a+)(b*)", "xaab"), [Some((1, 4)), Some((1, 3)), Some((3, 4))]);
    assert_eq!(groups("(a)|(b)", "b"), [Some((0, 1)), None, Some((0, 1))]);
    assert_eq!(find("(.*)-\\1$", "ab-ab", true), Some((0, 5)));
    assert_eq!(find("\\(.\\)\\1", "abccd", false), Some((2, 4)));
}

#[test]
fn wrong_patterns() {
    let error = |pattern: &str, extended| {
        let options = Options { extended, ..Options::default() };
        Regex::new(pattern.as_bytes(), options).err().unwrap()
    };
    assert_eq!(error("a[", false), Error::Bracket);
    assert_eq!(error("(a", true), Error::Open);
    assert_eq!(error("a\\)", false), Error::Close);
    assert_eq!(error("\\1", false), Error::Reference);
    assert_eq!(error("a\\", false), Error::Backslash);
    assert_eq!(error("[z-a]", false), Error::Range);
    assert_eq!(error("[[:no:]]", false), Error::Class);
    assert_eq!(error("a\\{1", false), Error::Brace);
    let sed = Options { extended: true, escapes: Escapes::Sed, ..Options::default() };
    assert_eq!(Regex::new(b"a)", sed).err(), Some(Error::Close));
}

#[test]
fn a_parenthesis_that_closes_nothing_is_one() {
    // So echo 'a)' | grep -oE 'a)' of GNU grep.
    assert_eq!(find("a)", "a)", true), Some((0, 2)));
    assert_eq!(find("(a))|b", "a)", true), Some((0, 2)));
}

#[test]
fn characters_of_utf8() {
    let options = Options { utf8: true, ..Options::default() };
    let find = |pattern: &str, text: &str| {
        Regex::new(pattern.as_bytes(), options).unwrap().find_at(text.as_bytes(), 0)
    };
    assert_eq!(find("x.y", "xäy"), Some((0, 4)));
    assert_eq!(find("[^a]", "ä"), Some((0, 2)));
    assert_eq!(find("[ä-ü]", "aö"), Some((1, 3)));
    let bytes = Regex::new(b"x.y", Options::default()).unwrap();
    assert_eq!(bytes.find_at("xäy".as_bytes(), 0), None);
}
