// SPDX-License-Identifier: MIT OR Apache-2.0
//! Values of arguments: mostly such as a call wants, for only they get far into the kernel, and now and
//! then one from the edges of what a register can hold.

use ochre_probes::random::Random;

/// Memory that arguments point to.
const ARENA_BYTES: usize = 64 << 10;
/// Highest descriptor that victims use on purpose.
pub const FILES: u32 = 48;

/// Names that everybody may have: in the victim's own folder, or of no consequence.
const PATHS: &[&str] = &[
    ".",
    "a",
    "b",
    "d",
    "d/a",
    "d/b",
    "",
    "no/such",
    "./././a",
    "link",
    "fifo",
    "user.name",
    "security.x",
    "system.posix_acl_access",
    "/proc/self/status",
    "/proc/self/maps",
    "/proc/self/fd",
    "/proc/self/fd/3",
    "/proc/self/environ",
    "/proc/self/stat",
    "/proc/self/cmdline",
    "/proc/self/ns/ipc",
    "/proc/self/mem",
    "tmpfs",
    "proc",
    "ramfs",
];
/// Names that root must not have: it could change what is there.
const USER_PATHS: &[&str] = &[
    "/",
    "/tmp",
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/urandom",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/kmsg",
    "/proc/self/exe",
    "/proc/1/environ",
    "/proc/meminfo",
    "/proc/cpuinfo",
    "/proc/stat",
    "/proc/interrupts",
    "/proc/sysrq-trigger",
    "/sys",
    "/etc/passwd",
    "/bin/true",
    "/usr/bin/no/such",
    "/dev/host/stdin",
    "/proc/sys/kernel/hostname",
];
const IOCTLS: &[u32] = &[
    0x5401,
    0x5402,
    0x5403,
    0x5405,
    0x5409,
    0x540b,
    0x540e,
    0x540f,
    0x5410,
    0x5411,
    0x5412,
    0x5413,
    0x5414,
    0x541b,
    0x5420,
    0x5421,
    0x5422,
    0x5423,
    0x5424,
    0x5429,
    0x5450,
    0x5451,
    0x4004_5431,
    0x8004_5430,
    0x5441,
    0x8912,
    0x8913,
    0x8914,
    0x8915,
    0x8927,
    0x8933,
    0x8004_6601,
    0x4004_6602,
    0x8004_7601,
    1,
    2,
    0x4004_9409,
    0xb701,
    0xb702,
    0xb703,
    0xb704,
    0x8004_5432,
];

/// Makes arguments.
pub struct Arguments {
    random: Random,
    arena: &'static mut [u8],
    is_root: bool,
}

impl Arguments {
    /// Arguments for a victim of the user root, or of another.
    pub fn new(seed: u64, is_root: bool) -> Self {
        let arena = Box::leak(vec![0u8; ARENA_BYTES].into_boxed_slice());
        Self { random: Random::new(seed), arena, is_root }
    }

    /// Are they for calls that root makes?
    pub fn is_root(&self) -> bool {
        self.is_root
    }

    /// Where its chances come from.
    pub fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    /// A value for an argument of this kind.
    pub fn value(&mut self, kind: u8) -> u32 {
        let keeps_to_itself = self.is_root && matches!(kind, b't' | b'p');
        if !keeps_to_itself && self.random.once_in(12) {
            return self.wild();
        }
        match kind {
            b'f' => self.random.below(FILES),
            b'p' => self.path(),
            b'b' => self.place(1),
            b'u' => self.structure(),
            b'v' => self.vector(),
            b'T' => self.time(),
            b'S' => {
                let bits = self.random.bits() & self.random.bits();
                self.put(8, &bits.to_le_bytes())
            }
            b'A' => self.address(),
            b'l' => self.length(),
            b'o' => self.random.pick(&[0, 0, 0, 1, 4096, 65536, 0x7fff_ffff, u32::MAX]),
            b's' => self.random.below(66),
            b't' => self.process(),
            b'c' => {
                let known = self.random.pick(IOCTLS);
                if self.random.once_in(4) { self.random.bits() as u32 } else { known }
            }
            b'x' => self.flags(),
            _ => self.small(),
        }
    }

    /// Something from the edges.
    pub fn wild(&mut self) -> u32 {
        let near = self.random.below(40).wrapping_sub(20);
        match self.random.below(10) {
            0 => self.random.bits() as u32,
            1 => self.random.below(4096 + 16),
            2 => near,
            3 => 0x7fff_ffff_u32.wrapping_add(near),
            4 => 0xffff_f000_u32.wrapping_add(near),
            // Around the end of the memory that this process has.
            5 => memory_end().wrapping_add(near),
            6 => 1u32.wrapping_shl(self.random.below(32)).wrapping_add(near % 2),
            7 => (self.arena.as_ptr().addr() as u32).wrapping_add(ARENA_BYTES as u32 - 8) + near,
            // Its own stack.
            8 => (std::ptr::from_ref(&near).addr() as u32).wrapping_add(near),
            _ => 0,
        }
    }

    fn small(&mut self) -> u32 {
        match self.random.below(8) {
            0 => u32::MAX,
            1 => self.random.below(100_000),
            2 => 1 << self.random.below(20),
            _ => self.random.below(20),
        }
    }

    fn flags(&mut self) -> u32 {
        match self.random.below(6) {
            0 => self.random.bits() as u32,
            1 => 0,
            2 => 1 << self.random.below(32),
            3 => self.random.below(16),
            // O_NONBLOCK and O_CLOEXEC, as most calls that make descriptors have them.
            4 => self.random.pick(&[0o4000, 0o200_0000, 0o204_000, 0o100, 0o102, 0o1000]),
            _ => (self.random.bits() & self.random.bits() & self.random.bits()) as u32,
        }
    }

    fn length(&mut self) -> u32 {
        match self.random.below(8) {
            0 => self.random.pick(&[0, 1, 2, 4, 8, 16]),
            1 => self.random.pick(&[4096, 65536, 4095, 1 << 20]),
            2 => self.random.pick(&[u32::MAX, 0x7fff_ffff, 0x8000_0000, 0x7fff_f000, 1 << 30]),
            3 => 8,
            _ => self.random.below(300),
        }
    }

    fn process(&mut self) -> u32 {
        if self.is_root || self.random.once_in(2) {
            // This process, or nobody.
            let own = std::process::id();
            return self.random.pick(&[0, own, own, 0x7fff_fff0]);
        }
        self.random.pick(&[1, 2, 10, 20, u32::MAX, 0])
    }

    /// A place in the arena.
    fn place(&mut self, alignment: u32) -> u32 {
        let offset = self.random.below(ARENA_BYTES as u32) & !(alignment - 1);
        self.arena.as_ptr().addr() as u32 + offset
    }

    /// Puts bytes somewhere in the arena.
    fn put(&mut self, alignment: u32, bytes: &[u8]) -> u32 {
        let place = self.place(alignment);
        let offset = (place as usize - self.arena.as_ptr().addr()).min(ARENA_BYTES - bytes.len());
        let offset = offset & !(alignment as usize - 1);
        self.arena[offset..offset + bytes.len()].copy_from_slice(bytes);
        (self.arena.as_ptr().addr() + offset) as u32
    }

    fn path(&mut self) -> u32 {
        let more = if self.is_root { PATHS } else { USER_PATHS };
        let name =
            if self.random.once_in(2) { self.random.pick(more) } else { self.random.pick(PATHS) };
        let mut bytes = name.as_bytes().to_vec();
        if self.random.once_in(40) {
            bytes = vec![b'n'; self.random.pick(&[255, 256, 4095, 4096, 5000])];
        }
        bytes.push(0);
        self.put(1, &bytes)
    }

    fn structure(&mut self) -> u32 {
        let mut bytes = Vec::new();
        for _ in 0..self.random.below(24) {
            let word = match self.random.below(6) {
                0 => self.wild(),
                1 => self.place(4),
                2 => self.random.below(FILES),
                3 => self.flags(),
                4 => 0,
                _ => self.small(),
            };
            bytes.extend(word.to_le_bytes());
        }
        self.put(8, &bytes)
    }

    fn vector(&mut self) -> u32 {
        let mut bytes = Vec::new();
        for _ in 0..8 {
            let base = if self.random.once_in(8) { self.wild() } else { self.place(1) };
            let len = if self.random.once_in(8) { self.length() } else { self.random.below(500) };
            bytes.extend(base.to_le_bytes());
            bytes.extend(len.to_le_bytes());
        }
        self.put(4, &bytes)
    }

    fn time(&mut self) -> u32 {
        let seconds = if self.random.once_in(10) { self.random.bits() as i64 } else { 0 };
        let nanoseconds = u64::from(self.random.below(2_000_000));
        let mut bytes = seconds.to_le_bytes().to_vec();
        bytes.extend(nanoseconds.to_le_bytes());
        self.put(8, &bytes)
    }

    fn address(&mut self) -> u32 {
        let family = self.random.pick(&[1u16, 2, 10, 16, 17, 0, 40]);
        let mut bytes = family.to_le_bytes().to_vec();
        bytes.extend((self.random.below(65536) as u16).to_be_bytes());
        bytes.extend(if self.random.once_in(2) { [127, 0, 0, 1] } else { [0; 4] });
        bytes.extend(self.random.bits().to_le_bytes());
        bytes.extend([0; 16]);
        self.put(4, &bytes)
    }
}

#[cfg(target_arch = "wasm32")]
fn memory_end() -> u32 {
    (core::arch::wasm32::memory_size(0) as u32).wrapping_mul(65536)
}

#[cfg(not(target_arch = "wasm32"))]
fn memory_end() -> u32 {
    0x8000_0000
}
