// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names of members: which of them the user means, and what of them is safe to create.

/// How much at the start of a name must go, that it stays below the current folder: up to and with the
/// last `..`, and all leading slashes.
pub fn unsafe_prefix(name: &[u8]) -> usize {
    let mut cut = 0;
    let mut at = 0;
    for part in name.split(|byte| *byte == b'/') {
        at += part.len() + 1;
        if part == b".." {
            cut = at.min(name.len());
        }
    }
    cut + name[cut..].iter().take_while(|byte| **byte == b'/').count()
}

/// A name without its first `count` parts; `None` when nothing is left.
pub fn strip(name: &[u8], count: usize) -> Option<&[u8]> {
    let mut rest = name;
    for _ in 0..count {
        let slash = rest.iter().position(|byte| *byte == b'/')?;
        rest = &rest[slash..];
        rest = &rest[rest.iter().take_while(|byte| **byte == b'/').count()..];
    }
    (!rest.is_empty()).then_some(rest)
}

/// Whether a shell pattern covers all of a name; its `*` and `?` cover slashes, too.
///
/// Own code: the crates for patterns stop `*` at a slash, which tar and cpio do not.
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    // Where the last star was, and what it covers so far.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        let step = match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some(b'?') => Some(1),
            Some(b'[') => class(&pattern[p..], name[n]),
            Some(b'\\') if pattern.get(p + 1) == Some(&name[n]) => Some(2),
            Some(byte) if *byte == name[n] => Some(1),
            _ => None,
        };
        match (step, star) {
            (Some(length), _) => {
                p += length;
                n += 1;
            }
            (None, Some((at, covered))) => {
                star = Some((at, covered + 1));
                p = at + 1;
                n = covered + 1;
            }
            (None, None) => return false,
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

/// The length of the bracket expression that a pattern begins with, when a byte is in it.
fn class(pattern: &[u8], byte: u8) -> Option<usize> {
    let negated = matches!(pattern.get(1), Some(b'!' | b'^'));
    let first = 1 + usize::from(negated);
    let mut at = first;
    let mut found = false;
    loop {
        match (*pattern.get(at)?, pattern.get(at + 1), pattern.get(at + 2)) {
            (b']', ..) if at > first => return (found != negated).then_some(at + 1),
            (low, Some(b'-'), Some(high)) if *high != b']' => {
                found |= (low..=*high).contains(&byte);
                at += 3;
            }
            (one, ..) => {
                found |= one == byte;
                at += 1;
            }
        }
    }
}

/// Whether a pattern, or a name, means a member: itself or a folder above it.
pub fn covers(pattern: &[u8], name: &[u8]) -> bool {
    let pattern = trimmed(pattern);
    let name = trimmed(name);
    if pattern.is_empty() {
        return name.is_empty();
    }
    let ends = (0..=name.len()).filter(|end| *end == name.len() || name[*end] == b'/');
    ends.into_iter().any(|end| name[..end] == *pattern || matches(pattern, &name[..end]))
}

/// Whether a pattern of `--exclude` means a member: it may begin at any part of the name.
pub fn excludes(pattern: &[u8], name: &[u8]) -> bool {
    let starts = (0..name.len()).filter(|start| *start == 0 || name[start - 1] == b'/');
    starts.into_iter().any(|start| covers(pattern, &name[start..]))
}

fn trimmed(name: &[u8]) -> &[u8] {
    let end = name.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    &name[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_the_folder() {
        let safe = |name: &str| {
            String::from_utf8(name.as_bytes()[unsafe_prefix(name.as_bytes())..].into())
        };
        assert_eq!(safe("/etc/passwd").unwrap(), "etc/passwd");
        assert_eq!(safe("a/../../b/c").unwrap(), "b/c");
        assert_eq!(safe("./../x/y/../d//").unwrap(), "d//");
        assert_eq!(safe("..").unwrap(), "");
        assert_eq!(safe("..a/b").unwrap(), "..a/b");
        assert_eq!(safe("//a").unwrap(), "a");
    }

    #[test]
    fn patterns_are_those_of_fnmatch() {
        for (pattern, name, expected) in [
            ("*.c", "a/b.c", true),
            ("a?c", "abc", true),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            ("[]]", "]", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b", "a", false),
            ("\\*", "*", true),
            ("[", "x", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn folders_cover_what_is_in_them() {
        assert!(covers(b"foo/", b"foo/bar"));
        assert!(covers(b"foo", b"foo/"));
        assert!(!covers(b"foo", b"foobar"));
        assert!(excludes(b"bar", b"foo/bar/baz"));
        assert!(!excludes(b"oo", b"foo"));
        assert_eq!(strip(b"a/b/c", 2), Some(&b"c"[..]));
        assert_eq!(strip(b"a/", 1), None);
    }
}
