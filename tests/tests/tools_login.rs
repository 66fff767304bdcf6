// SPDX-License-Identifier: MIT OR Apache-2.0
//! login, su, passwd and their family, in the machine: who gets in, as whom, and who does not.

use ochre_tests::host;
use ochre_tests::machine::Machine;
use std::time::Duration;

/// An account for the scripts.
const ACCOUNT: &str = "echo me:x:1000:100:Me:/tmp:/bin/sh >> /etc/passwd\n";

/// What a script puts out in a machine of its own, on both outputs.
fn output(script: &str) -> String {
    let script = format!("exec 2>&1; cd /; {ACCOUNT}{script}");
    Machine::exec(&["sh", "-c", &script]).limit(Duration::from_secs(40)).run().success().text()
}

#[test]
fn passwords_let_in_whom_they_should() {
    let text = output(
        "echo me:secret | chpasswd; grep -c '^me:[$]6[$]' /etc/shadow; stat -c %a /etc/shadow
         echo wrong | su me -c 'su root -c id'; echo $?
         printf 'one\\none\\n' | passwd root > /tmp/out; echo one | su me -c 'su root -c \"id -u\"'
         passwd -l root > /tmp/out; echo one | su me -c 'su root -c id'; echo $?
         passwd -u root > /tmp/out; echo one | su me -c 'su root -c \"id -u\"'
         passwd -d root > /tmp/out; grep -c '^root::' /etc/shadow; su me -c 'passwd root'; echo $?",
    );
    let wanted = [
        "Password for 'me' changed",
        "1",
        "600",
        "su: incorrect password",
        "1",
        "0",
        "su: incorrect password",
        "1",
        "0",
        "1",
        "passwd: 1000 can't change password for root",
        "1",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), wanted);
}

#[test]
fn sessions_belong_to_their_user() {
    let text = output(
        "su me -c 'id -un; echo $HOME; pwd'; su - me -c 'pwd; echo $USER $LOGNAME $0'
         X=1 su -p me -c 'echo $X'; su nobody -s /bin/sh -c 'id -u'; su no-such; echo $?
         echo 'id -un; exit 5' | login -f me; echo $?; nologin; echo $?",
    );
    let wanted = [
        "me",
        "/tmp",
        "/",
        "/tmp",
        "me me -sh",
        "1",
        "65534",
        "su: unknown user no-such",
        "1",
        "Ochre: Linux on WebAssembly. Type \"poweroff\" to leave.",
        "me",
        "5",
        "This account is not available",
        "1",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), wanted);
}

#[test]
fn hashes_are_those_of_openssl() {
    let script = "for m in 1 5 6; do openssl passwd -$m -salt abcdefgh 'pass word'; done";
    let wanted = host::shell(script, b"").success().text();
    let found = output(
        "for m in md5 sha256 sha512; do mkpasswd -m $m 'pass word' abcdefgh; done; mkpasswd -m x y; true",
    );
    let (hashes, error) = found.split_at(wanted.len().min(found.len()));
    assert_eq!(hashes, wanted);
    assert!(error.starts_with("mkpasswd: unknown method x"), "{error}");
}
