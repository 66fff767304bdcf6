// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the system itself costs: system calls, processes, pipes, files, memory.
//!
//! A measure does so many rounds of one thing and tells how long they took by the clock on the wall:
//! other tasks and the kernel take part in most of them. What has to be there first is made, and taken
//! down again, outside of the time that counts. Another process that takes part is the program
//! `system` once more, in one of the [`roles`].

pub mod calls;
pub mod files;
pub mod memory;
pub mod pipes;
pub mod processes;
pub mod roles;
pub mod tasks;

use crate::clock::monotonic_ns;
use std::io;
use std::path::PathBuf;

/// Where a measure can work.
pub struct Place {
    /// A folder on tmpfs, for files of its own.
    pub folder: PathBuf,
    /// The program `system`.
    pub program: PathBuf,
    /// The folder with the system's own programs: `true`, `sh`.
    pub programs: PathBuf,
}

/// One thing that can be measured.
pub struct Measure {
    /// The group of the suite that it belongs to.
    pub group: &'static str,
    /// Its name on the command line and in tables.
    pub name: &'static str,
    /// Bytes that one round moves, where that is what counts.
    pub bytes: u64,
    /// Most rounds in one sample: a round that uses something up cannot be done without end.
    pub most: u32,
    /// Does so many rounds; gives nanoseconds.
    pub run: fn(&Place, u32) -> io::Result<u64>,
}

impl Measure {
    const fn new(
        group: &'static str,
        name: &'static str,
        run: fn(&Place, u32) -> io::Result<u64>,
    ) -> Self {
        Self { group, name, bytes: 0, most: u32::MAX, run }
    }

    const fn moving(self, bytes: u64) -> Self {
        Self { bytes, ..self }
    }

    const fn at_most(self, most: u32) -> Self {
        Self { most, ..self }
    }
}

/// Bytes of a large transfer.
const CHUNK_BYTES: usize = 64 << 10;
const CHUNK: u64 = CHUNK_BYTES as u64;
const MIB: u64 = 1 << 20;

/// All of them.
pub const MEASURES: &[Measure] = &[
    Measure::new("kernel", "null call", calls::null),
    Measure::new("kernel", "read 1 byte", calls::read_byte),
    Measure::new("kernel", "write 1 byte", calls::write_byte),
    Measure::new("kernel", "read 64 KiB", calls::read_chunk).moving(CHUNK),
    Measure::new("kernel", "write 64 KiB", calls::write_chunk).moving(CHUNK),
    Measure::new("kernel", "open and close", calls::open_close),
    Measure::new("kernel", "stat", calls::stat),
    Measure::new("kernel", "mmap, touch, munmap 64 KiB", memory::map_touch),
    Measure::new("kernel", "signal to a handler", calls::signal),
    Measure::new("kernel", "futex hand-over, 2 threads", tasks::futex_pair),
    Measure::new("kernel", "switch between 2 threads", tasks::ring_of_2),
    Measure::new("kernel", "switch between 16 threads", tasks::ring_of_16),
    Measure::new("kernel", "switch between 500 threads", tasks::ring_of_500),
    Measure::new("kernel", "thread create and join", tasks::create_join),
    Measure::new("kernel", "spawn a small program", processes::spawn_small),
    Measure::new("kernel", "spawn coreutils' true", processes::spawn_true),
    Measure::new("kernel", "spawn sh -c true", processes::spawn_shell),
    Measure::new("ipc", "pipe ping-pong, 2 processes", pipes::pipe_latency),
    Measure::new("ipc", "pipe, 64 KiB", pipes::pipe_throughput).moving(CHUNK),
    Measure::new("ipc", "unix socket ping-pong", pipes::unix_latency),
    Measure::new("ipc", "unix socket, 64 KiB", pipes::unix_throughput).moving(CHUNK),
    Measure::new("ipc", "tcp ping-pong", pipes::tcp_latency),
    Measure::new("ipc", "tcp, 64 KiB", pipes::tcp_throughput).moving(CHUNK),
    Measure::new("fs", "create a file", files::create).at_most(4000),
    Measure::new("fs", "stat one of 1000 files", files::stat_many),
    Measure::new("fs", "unlink a file", files::unlink).at_most(4000),
    Measure::new("fs", "readdir, per entry of 1000", files::read_dir),
    Measure::new("fs", "copy 1 MiB", files::copy_1).moving(MIB),
    Measure::new("fs", "copy 64 MiB", files::copy_64).moving(64 * MIB),
    Measure::new("fs", "copy 1 GiB", files::copy_1024).moving(1024 * MIB).at_most(1),
    Measure::new("memory", "10,000 spawns, per process", processes::spawn_small_10_000)
        .at_most(10_000),
    Measure::new("memory", "2,000 processes at once, per process", processes::many_2_000)
        .at_most(2_000),
];

/// Times `rounds` calls.
fn timed(rounds: u32, mut round: impl FnMut() -> io::Result<()>) -> io::Result<u64> {
    let start = monotonic_ns();
    for _ in 0..rounds {
        round()?;
    }
    Ok(monotonic_ns() - start)
}

/// What a system call of C has come to.
fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
