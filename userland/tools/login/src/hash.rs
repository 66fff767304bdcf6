// SPDX-License-Identifier: MIT OR Apache-2.0
//! Hashes of passwords, in the forms of crypt(3).

use anyhow::{Context as _, Result, bail};
use pwhash::{bcrypt, md5_crypt, sha256_crypt, sha512_crypt, unix, unix_crypt};

/// The names of the methods.
pub const METHODS: [&str; 5] = ["des", "md5", "sha256", "sha512", "bcrypt"];

/// Is this the password behind the hash?
pub fn fits(password: &str, hash: &str) -> bool {
    // An empty hash asks for no password; one that no method makes is a lock.
    if hash.is_empty() { password.is_empty() } else { unix::verify(password, hash) }
}

/// Can no password fit?
pub fn is_locked(hash: &str) -> bool {
    hash.starts_with(['!', '*'])
}

/// Makes a hash, with a random salt if none is given.
#[expect(deprecated, reason = "old files are still made with the old methods")]
pub fn make(method: &str, password: &str, salt: Option<&str>) -> Result<String> {
    if password.contains('\0') {
        bail!("a password has no zeroes in it");
    }
    let salt = match salt {
        Some(salt) => salt.to_owned(),
        None => random(match method {
            "des" => 2,
            "md5" => 8,
            _ => 16,
        })?,
    };
    let made = match method {
        "des" => unix_crypt::hash_with(&salt, password),
        "md5" => md5_crypt::hash_with(&*format!("$1${salt}"), password),
        "sha256" => sha256_crypt::hash_with(&*format!("$5${salt}"), password),
        "sha512" => sha512_crypt::hash_with(&*format!("$6${salt}"), password),
        "bcrypt" => bcrypt::hash(password),
        _ => bail!("unknown method {method}: it is one of {}", METHODS.join(", ")),
    };
    made.with_context(|| format!("cannot use the salt {salt}"))
}

/// So many random letters for a salt.
fn random(count: usize) -> Result<String> {
    const LETTERS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut bytes = vec![0; count];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())
        .context("cannot get random bytes")?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte & 63)])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_hashes_are_made() {
        // From `openssl passwd -1 -salt saltstri 'Hello world!'`, with -5 and with -6.
        for (method, wanted) in [
            ("md5", "$1$saltstri$YMyguxXMBpd2TEZ.vS/3q1"),
            ("sha256", "$5$saltstri$AcFF27v62S0zwgTU0yv0eKFexEp411.69eNIGyiG0L5"),
            (
                "sha512",
                "$6$saltstri$TuQo8ue714Ctf4Zl7Ctg70/YwYXvMiZP8AgmExw/\
                 pTqWoUKmQ9LD2WQO4j78UOYkYf3xOZCXu6asrMlXdzzMM1",
            ),
        ] {
            assert_eq!(make(method, "Hello world!", Some("saltstri")).expect("a hash"), wanted);
        }
        for method in ["md5", "sha256", "sha512", "des"] {
            let made = make(method, "secret", None).expect("a hash");
            assert!(fits("secret", &made) && !fits("Secret", &made), "{made}");
        }
    }

    #[test]
    fn locks_let_nobody_in() {
        assert!(!fits("", "*") && !fits("", "!") && is_locked("!$6$x"));
        assert!(fits("", "") && !fits("x", "") && !is_locked(""));
    }
}
