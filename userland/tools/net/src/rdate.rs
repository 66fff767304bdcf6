// SPDX-License-Identifier: MIT OR Apache-2.0
//! `rdate`: the time that a server tells with the protocol of RFC 868.

use std::io::Read;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, bail};
use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_settime};
use ochre_applet::{Args, clock, parse};

/// Ask a server for the time, set the clock to it and print it.
#[derive(clap::Parser)]
#[command(name = "rdate")]
struct Options {
    /// Set the clock, print nothing
    #[arg(short)]
    set: bool,
    /// Print only
    #[arg(short)]
    print: bool,
    /// Server, with :PORT if that is not 37
    host: String,
}

/// Seconds from 1900, where the protocol begins, to 1970, where Unix does.
const EPOCH: i64 = 2_208_988_800;
const LIMIT: Duration = Duration::from_secs(10);

/// The applet.
pub fn rdate(args: Args) -> anyhow::Result<u8> {
    let options: Options = parse(&args)?;
    let addresses = options.host.to_socket_addrs();
    let addresses = addresses.or_else(|_| (options.host.as_str(), 37).to_socket_addrs());
    let address = addresses.into_iter().flatten().next();
    let Some(address) = address else { bail!("bad address '{}'", options.host) };
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)
        .map_err(|error| anyhow::anyhow!("{}", ochre_applet::reason(&error)))
        .with_context(|| format!("can't connect to remote host ({})", address.ip()))?;
    stream.set_read_timeout(Some(LIMIT))?;
    let mut bytes = [0; 4];
    stream.read_exact(&mut bytes).with_context(|| format!("{} tells no time", options.host))?;
    let secs = unix(u32::from_be_bytes(bytes));
    if !options.print {
        let same = clock::now() == secs;
        if !same {
            clock_settime(ClockId::CLOCK_REALTIME, TimeSpec::new(secs as _, 0))
                .map_err(|error| anyhow::anyhow!("can't set the clock: {}", error.desc()))?;
        }
    }
    if !options.set {
        println!("{}", clock::local(secs).ctime());
    }
    Ok(0)
}

/// Seconds after 1970. A number from before is of the next turn of the protocol's, from 2036 on.
fn unix(told: u32) -> i64 {
    let secs = i64::from(told) - EPOCH;
    if secs < 0 { secs + (1 << 32) } else { secs }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_standard() {
        // RFC 868 names these itself.
        assert_eq!(unix(2_208_988_800), 0);
        assert_eq!(unix(2_398_291_200), 189_302_400);
        assert_eq!(unix(0), 2_085_978_496);
    }
}
