// SPDX-License-Identifier: MIT OR Apache-2.0
//! crontab and crond, in the machine: tables are kept, and commands run as their users at their times.
//! When a schedule is due, the crate's own tests count over a year.

use ochre_tests::machine::Machine;
use std::time::Duration;

/// What a script puts out in a machine of its own, on both outputs.
fn output(script: &str, limit: u64) -> String {
    let script = format!("exec 2>&1; cd /tmp\n{script}");
    Machine::exec(&["sh", "-c", &script]).limit(Duration::from_secs(limit)).run().success().text()
}

#[test]
fn tables_are_kept_for_each_user() {
    let text = output(
        "crontab -l; echo $?; crontab -r; echo $?
         echo '5 * * * * true' | crontab -; crontab -l; stat -c '%a %U' /var/spool/cron/crontabs/root
         printf '1 2 3 4 5 x\\n61 * * * * x\\n' > bad; crontab bad; echo $?; crontab -l
         printf '@daily x\\n' > good; crontab -u nobody good; crontab -u nobody -l
         stat -c %U /var/spool/cron/crontabs/nobody; crontab -u none good; echo $?
         EDITOR='sed -i s/5/6/' crontab -e; crontab -l; EDITOR=false crontab -e; echo $?
         crontab -r; crontab -l; true",
        40,
    );
    let lines: Vec<&str> = text.lines().collect();
    let told = lines.iter().position(|line| line.contains("the editor has failed")).expect(&text);
    assert!(lines[told - 1].contains("your text is in /tmp/crontab."), "{text}");
    let wanted = [
        "crontab: no crontab for root",
        "1",
        "crontab: no crontab for root",
        "1",
        "5 * * * * true",
        "600 root",
        "crontab: line 2: 61: not in 0-59",
        "crontab: the table has errors; nothing was changed",
        "1",
        "5 * * * * true",
        "@daily x",
        "nobody",
        "crontab: unknown user none",
        "1",
        "6 * * * * true",
    ];
    assert_eq!(lines[..told - 1], wanted);
    assert_eq!(lines[told + 1..], ["1", "crontab: no crontab for root"]);
}

#[test]
fn commands_run_as_their_users_at_their_times() {
    // The longest wait is for the next minute.
    let text = output(
        "chmod 1777 /tmp
         printf 'X=\"a b\"\\n@reboot echo $X $HOME $LOGNAME >> /tmp/boot; cat >> /tmp/boot%%in put\\n' | crontab -
         printf '* * * * * id -un > /tmp/by; echo said; exit 3\\n' > t; crontab -u nobody t
         crond -L /tmp/log; until [ -s boot ] && grep -q 'in put' boot; do sleep 0.1; done; cat boot
         echo '* * * * * touch /tmp/later' | crontab -
         until [ -e later ] && grep -q 'status: 3' log; do sleep 0.5; done; cat by
         cut -d ' ' -f 4- log | sed 's/\\[[0-9]*\\]//; s/^ *//' | grep nobody; kill $(pidof crond)",
        120,
    );
    let wanted = [
        "a b /root root",
        "in put",
        "nobody",
        "crond: USER nobody id -un > /tmp/by; echo said; exit 3",
        "crond: USER nobody says: said",
        "crond: USER nobody id -un > /tmp/by; echo said; exit 3: exit status: 3",
    ];
    assert_eq!(
        text.lines()
            .map(|line| line[line.find("crond:").unwrap_or(0)..].to_owned())
            .collect::<Vec<_>>(),
        wanted
    );
}
