// SPDX-License-Identifier: MIT OR Apache-2.0
//! Clients of the network against servers that are a few lines of shell behind `nc`: what they say
//! is written down here as the protocols' standards have it.
//!
//! No packet leaves the machine, so the host's network plays no part.

use ochre_tests::machine::Machine;
use std::time::Duration;

/// What a script puts out in a machine of its own, on both outputs.
fn output(script: &str) -> String {
    let script = format!("exec 2>&1; cd $(mktemp -d); {script}");
    Machine::exec(&["sh", "-c", &script]).limit(Duration::from_secs(60)).run().success().text()
}

/// Bytes are put out by the program: it knows all of them.
const BYTES: &str = "bytes() { /usr/bin/printf \"$1\"; };";

/// A server of FTP for one connection, with the data connection at port 2122 (8 * 256 + 74).
const FTP: &str = r#"cat > ftpd << 'END'
reply() { printf '%s\r\n' "$*"; }
reply 220 ready
while read -r line; do
  line=$(echo "$line" | tr -d '\r'); echo "$line" >> said
  case "$line" in
  USER*) reply 331 password ;;
  PASS*) reply 230 in ;;
  TYPE*) reply 200 binary ;;
  PASV*)
    if test $1 = put; then nc -l -p 2122 > up < /dev/null &
    else tail -c +$((1 + ${from:-0})) down | nc -l -p 2122 > /dev/null & fi
    sleep 1; reply '227 Entering Passive Mode (127,0,0,1,8,74)' ;;
  REST*) from=${line#REST }; reply 350 from there ;;
  'RETR there' | 'STOR there') reply 150 coming; wait; reply 226 done ;;
  RETR*) reply 550 no such file; exit ;;
  QUIT*) reply 221 bye; exit ;;
  *) reply 500 what ;;
  esac
done
END
serve() { nc -l -p 2121 -e sh ftpd $1 & sleep 1; }
same() { test "$(cksum < $1)" = "$(cksum < $2)" && echo same; }
"#;

#[test]
fn files_come_by_ftp() {
    let text = output(&format!(
        "{FTP} seq 5000 > down; serve get; ftpget -P 2121 127.0.0.1 got there; echo $?; same got down\n\
         wait; cat said; rm said; head -c 1000 down > got; serve get\n\
         ftpget -c -u me -p pw -P 2121 127.0.0.1 got there; echo $?; same got down; wait; cat said\n\
         serve get; ftpget -P 2121 127.0.0.1 none; echo $?; ls none 2> /dev/null\n\
         ftpget -P 2129 127.0.0.1 none; echo $?"
    ));
    let wanted = "0\nsame\nUSER anonymous\nPASS busybox@\nTYPE I\nPASV\nRETR there\nQUIT\n\
        0\nsame\nUSER me\nPASS pw\nTYPE I\nREST 1000\nPASV\nRETR there\nQUIT\n\
        ftpget: unexpected server response: 550 no such file\n1\n\
        ftpget: can't connect to remote host (127.0.0.1): Connection refused\n1\n";
    assert_eq!(text, wanted);
}

#[test]
fn files_go_by_ftp() {
    let text = output(&format!(
        "{FTP} seq 5000 > mine; serve put; ftpput -P 2121 127.0.0.1 there mine; echo $?\n\
         wait; same up mine; cat said; serve put; seq 7 | ftpput -P 2121 127.0.0.1 there -; wait\n\
         cat up; ftpput 127.0.0.1 none; echo $?"
    ));
    let wanted = "0\nsame\nUSER anonymous\nPASS busybox@\nTYPE I\nPASV\nSTOR there\nQUIT\n\
        1\n2\n3\n4\n5\n6\n7\nftpput: can't open 'none': No such file or directory\n1\n";
    assert_eq!(text, wanted);
}

#[test]
fn tftp_gets_and_puts() {
    let text = output(&format!(
        "{BYTES} bytes '\\0\\3\\0\\1hello\\n' > block; nc -u -l -p 6969 < block > asked & sleep 1\n\
         tftp -g -r dir/name 127.0.0.1 6969; echo $?; cat name; kill $! 2> /dev/null; wait\n\
         tr '\\0' '|' < asked | head -c 17; echo\n\
         {{ sleep 1; bytes '\\0\\4\\0\\0'; sleep 1; bytes '\\0\\4\\0\\1'; sleep 1; }} | nc -u -l -p 6970 > got &\n\
         sleep 0.5; echo mine | tftp -p -l - -r there 127.0.0.1 6970; echo $?; kill $! 2> /dev/null; wait\n\
         tr '\\0\\2\\3\\1' '|231' < got | head -c 23\n\
         bytes '\\0\\5\\0\\1\\0' > block; nc -u -l -p 6971 < block > asked & sleep 1\n\
         tftp -g -r none 127.0.0.1 6971; echo $?; ls none 2> /dev/null; kill $! 2> /dev/null"
    ));
    // A request to read is the number 1, one to write is 2, data is 3 and the block's number.
    let wanted = "0\nhello\n|\x01dir/name|octet|\n0\n|2there|octet||3|1mine\n\
        tftp: server error: (1) File not found\n1\n";
    assert_eq!(text, wanted);
}

#[test]
fn name_servers_are_asked() {
    // The answer is to the question's own number, in two bytes, about ex.test: one address.
    let text = output(&format!(
        "{BYTES} cat > named << 'END'\n\
         head -c 25 > asked\n\
         {{ head -c 2 asked; /usr/bin/printf '\\205\\200\\0\\1\\0\\1\\0\\0\\0\\0\\2ex\\4test\\0\\0\\1\\0\\1'\n\
         /usr/bin/printf '\\300\\14\\0\\1\\0\\1\\0\\0\\0\\74\\0\\4\\12\\0\\0\\1'; }} > answer\n\
         cat answer\n\
         END\n\
         nc -u -l -p 5353 -e sh named & sleep 1\n\
         nslookup -type=a ex.test 127.0.0.1:5353; echo $?; kill $! 2> /dev/null; wait\n\
         nslookup -timeout=1 ex.test 127.0.0.1:5354; echo $?; nslookup -type=none ex.test; echo $?"
    ));
    let wanted = "Server:\t\t127.0.0.1:5353\nAddress:\t127.0.0.1:5353\n\n\
        Name:\tex.test\nAddress: 10.0.0.1\n\n0\n\
        nslookup: '127.0.0.1:5354': Connection refused\n\
        ;; connection timed out; no servers could be reached\n\n1\n\
        nslookup: invalid query type \"none\"\n1\n";
    assert_eq!(text, wanted);
}

#[test]
fn the_time_is_told() {
    // RFC 868: 2208988800 is the first second of 1970.
    let text = output(&format!(
        "{BYTES} bytes '\\203\\252\\176\\200' > time; nc -l -p 3700 < time > /dev/null & sleep 1\n\
         TZ=UTC0 rdate -p 127.0.0.1:3700; echo $?\n\
         bytes '\\264\\204\\0\\0' > time; nc -l -p 3701 < time > /dev/null & sleep 1\n\
         rdate -s 127.0.0.1:3701; date -u +%Y-%m; rdate -p 127.0.0.1:3702; echo $?"
    ));
    let wanted = "Thu Jan  1 00:00:00 1970\n0\n1995-12\n\
        rdate: can't connect to remote host (127.0.0.1): Connection refused\n1\n";
    assert_eq!(text, wanted);
}

#[test]
fn domains_are_told() {
    let text = output(
        "dnsdomainname; echo $?; echo \"10.0.0.1 $(hostname).example.org $(hostname)\" > /etc/hosts\n\
         dnsdomainname",
    );
    assert_eq!(text, "0\nexample.org\n");
}

#[test]
fn telnet_agrees_to_what_it_knows() {
    // RFC 854: 255 is the sign of a command, 253 DO, 251 WILL, 252 WON'T, 250 and 240 enclose words;
    // 24 is the terminal's type, 1 the echo, 3 no go-ahead, 39 the environment.
    // The host says its last word well after the user's, who comes a second later and waits another one:
    // telnet ends when the host closes.
    let text = output(&format!(
        "{BYTES} {{ bytes '\\377\\375\\30\\377\\373\\1\\377\\373\\3\\377\\372\\30\\1\\377\\360'\n\
         bytes '\\377\\375\\47login: '; sleep 5; bytes 'bye\\r\\n'; }} | nc -l -p 2323 > got & sleep 1\n\
         {{ sleep 1; echo me; }} | TERM=vt100 telnet 127.0.0.1 2323 | tr -d '\\r'; wait\n\
         od -An -v -tu1 got | tr -s ' \\n' ' '; echo\n\
         telnet 127.0.0.1 2324; echo $?"
    ));
    let wanted = "Connected to 127.0.0.1\nlogin: bye\nConnection closed by foreign host\n \
        255 251 24 255 253 1 255 253 3 255 250 24 0 118 116 49 48 48 255 240 255 252 39 \
        109 101 13 10 \n\
        telnet: can't connect to remote host (127.0.0.1): Connection refused\n1\n";
    assert_eq!(text, wanted);
}

#[test]
fn ways_are_traced() {
    // This host is the only router to itself; nobody answers for an address of documentation.
    let text = output(
        "traceroute -n 127.0.0.1; echo $?; traceroute6 -n -q 1 ::1; traceroute -q 2 127.0.0.1\n\
         ip route add 192.0.2.0/24 dev lo; traceroute -n -w 1 -q 2 -m 2 192.0.2.1\n\
         traceroute no.such.name.invalid; echo $?",
    );
    // Times are replaced by T.
    let mut lines = Vec::new();
    for line in text.lines() {
        let words = line.split("  ").map(|word| if word.ends_with(" ms") { "T" } else { word });
        lines.push(words.collect::<Vec<_>>().join("  "));
    }
    let wanted = [
        "traceroute to 127.0.0.1 (127.0.0.1), 30 hops max, 46 byte packets",
        " 1  127.0.0.1  T  T  T",
        "0",
        "traceroute to ::1 (::1), 30 hops max, 72 byte packets",
        " 1  ::1  T",
        "traceroute to 127.0.0.1 (127.0.0.1), 30 hops max, 46 byte packets",
        " 1  localhost (127.0.0.1)  T  T",
        "traceroute to 192.0.2.1 (192.0.2.1), 2 hops max, 46 byte packets",
        " 1  *  *",
        " 2  *  *",
        "traceroute: bad address 'no.such.name.invalid'",
        "1",
    ];
    assert_eq!(lines, wanted);
}
