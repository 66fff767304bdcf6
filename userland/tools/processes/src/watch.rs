// SPDX-License-Identifier: MIT OR Apache-2.0
//! `watch`: a command again and again, its output in place of the last.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use ochre_applet::{Args, clock, parse};

/// Runs a command every two seconds and shows its output, in place of the last.
#[derive(clap::Parser)]
#[command(name = "watch")]
struct Options {
    /// Seconds between two runs
    #[arg(short = 'n', long, default_value_t = 2.0)]
    interval: f64,
    /// Without the line at the top
    #[arg(short = 't', long)]
    no_title: bool,
    /// End when the command fails
    #[arg(short, long)]
    errexit: bool,
    /// End when the output changes
    #[arg(short = 'g', long)]
    chgexit: bool,
    /// Run the command itself, not a shell with it
    #[arg(short = 'x', long)]
    exec: bool,
    /// The command
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

/// The applet.
pub fn watch(args: Args) -> anyhow::Result<u8> {
    let options: Options = parse(&args)?;
    let line = options.command.join(" ");
    let mut last: Option<Vec<u8>> = None;
    loop {
        let mut command = if options.exec {
            let mut command = Command::new(&options.command[0]);
            command.args(&options.command[1..]);
            command
        } else {
            let mut command = Command::new("/bin/sh");
            command.arg("-c").arg(&line);
            command
        };
        let output = command.stdin(Stdio::null()).output();
        let output = output.map_err(|error| anyhow::anyhow!("cannot run {line}: {error}"))?;
        let (rows, columns) = window();
        let mut text = b"\x1b[H\x1b[J".to_vec();
        let mut left = rows;
        if !options.no_title {
            let name = format!("Every {:.1}s: {line}", options.interval);
            let time = clock::local(clock::now()).ctime();
            let room = columns.saturating_sub(time.len() + 1);
            let name: String = name.chars().take(room).collect();
            text.extend(format!("{name:<room$} {time}\r\n\r\n").bytes());
            left = left.saturating_sub(2);
        }
        let shown: Vec<u8> = [output.stdout, output.stderr].concat();
        for (index, row) in shown.split(|&byte| byte == b'\n').take(left).enumerate() {
            if index > 0 {
                text.extend(b"\r\n");
            }
            let row = String::from_utf8_lossy(row);
            text.extend(row.chars().take(columns).collect::<String>().bytes());
        }
        let mut out = std::io::stdout().lock();
        out.write_all(&text)?;
        out.flush()?;
        drop(out);
        if options.errexit && !output.status.success() {
            return Ok(8);
        }
        if options.chgexit && last.as_ref().is_some_and(|last| *last != shown) {
            return Ok(0);
        }
        last = Some(shown);
        std::thread::sleep(Duration::from_secs_f64(options.interval.max(0.1)));
    }
}

/// Rows and columns of the terminal.
pub fn window() -> (usize, usize) {
    match rustix::termios::tcgetwinsize(std::io::stdout()) {
        Ok(size) if size.ws_row > 0 && size.ws_col > 0 => {
            (usize::from(size.ws_row), usize::from(size.ws_col))
        }
        _ => (24, 80),
    }
}
