// SPDX-License-Identifier: MIT OR Apache-2.0
//! Network tools within one machine: its servers answer its clients over the loopback device, which
//! the tests bring up by nothing but what the image does itself.
//!
//! No packet leaves the machine, so the host's network plays no part.

use ochre_tests::machine::Machine;
use std::time::Duration;

/// What a script puts out in a machine of its own, on both outputs.
fn output(script: &str) -> String {
    let script = format!("exec 2>&1; cd $(mktemp -d); {script}");
    Machine::exec(&["sh", "-c", &script]).limit(Duration::from_secs(40)).run().success().text()
}

/// A loop that waits until a TCP port is open.
const UNTIL_OPEN: &str = "open() { i=0; until nc -z 127.0.0.1 $1 2> /dev/null || test $i -ge 100; do \
                          i=$((i+1)); sleep 0.1; done; }; \
                          same() { test \"$(cksum < $1)\" = \"$(cksum < $2)\" && echo same; };";

#[test]
fn wget_gets_what_httpd_serves() {
    let text = output(&format!(
        "{UNTIL_OPEN} mkdir www; seq 30000 > www/numbers; echo start > www/index.html\n\
         httpd -f -p 127.0.0.1:8080 -h www & open 8080\n\
         wget -q -O got http://127.0.0.1:8080/numbers; echo $?; same got www/numbers\n\
         wget -q -O - http://127.0.0.1:8080/; wget -q http://localhost:8080/numbers; ls numbers\n\
         wget -q -O - http://127.0.0.1:8080/none 2> /dev/null; test $? -ne 0 && echo none\n\
         head -c 1000 www/numbers > part; wget -q -c -O part http://127.0.0.1:8080/numbers\n\
         same part www/numbers; kill $!"
    ));
    assert_eq!(text, "0\nsame\nstart\nnumbers\nnone\nsame\n");
}

#[test]
fn httpd_runs_programs_and_asks_for_passwords() {
    let text = output(&format!(
        "{UNTIL_OPEN} mkdir -p www/cgi-bin www/own; echo secret > www/own/f\n\
         printf '#!/bin/sh\\necho Content-Type: text/plain; echo\\necho $REQUEST_METHOD $QUERY_STRING\\ncat\\n' > www/cgi-bin/say\n\
         chmod 755 www/cgi-bin/say; echo /own:me:pass > conf\n\
         httpd -f -p 127.0.0.1:8080 -h www -c $PWD/conf & open 8080\n\
         wget -q -O - 'http://127.0.0.1:8080/cgi-bin/say?a=b'\n\
         wget -q -O - --post-data=body http://127.0.0.1:8080/cgi-bin/say; echo\n\
         wget -q -O - http://127.0.0.1:8080/own/f 2> /dev/null; test $? -ne 0 && echo refused\n\
         wget -q -O - http://me:pass@127.0.0.1:8080/own/f; kill $!"
    ));
    assert_eq!(text, "GET a=b\nPOST\nbody\nrefused\nsecret\n");
}

#[test]
fn nc_talks_to_nc() {
    let text = output(
        "nc -l -p 4000 > got < /dev/null & i=0\n\
         until echo over the wire | nc -w 3 127.0.0.1 4000 2> /dev/null || test $i -ge 50; do i=$((i+1)); sleep 0.1; done\n\
         wait; cat got; nc -z 127.0.0.1 4001 2> /dev/null; echo $?\n\
         nc -l -p 4002 -e cat & sleep 1; echo echoed | nc -w 3 127.0.0.1 4002",
    );
    assert_eq!(text, "over the wire\n1\nechoed\n");
}

#[test]
fn echoes_come_back() {
    for address in ["127.0.0.1", "::1"] {
        let text = output(&format!("ping -c 3 -i 0.1 -s 100 {address}; echo $?"));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], format!("PING {address} ({address}): 100 data bytes"), "{text}");
        for (number, line) in lines[1..4].iter().enumerate() {
            let start = format!("108 bytes from {address}: seq={number} ttl=64 time=");
            assert!(line.starts_with(&start), "{text}");
        }
        assert!(
            text.contains("\n3 packets transmitted, 3 packets received, 0% packet loss\n"),
            "{text}"
        );
        assert_eq!(lines.last(), Some(&"0"), "{text}");
    }
    let text = output("ping -c 1 -W 1 192.0.2.1; echo $?; ping -c 1 no.such.name.invalid; echo $?");
    let statuses: Vec<_> = text.lines().filter(|line| line.len() == 1).collect();
    assert_eq!(statuses, ["1", "1"], "{text}");
}
