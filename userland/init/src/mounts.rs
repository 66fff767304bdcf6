// SPDX-License-Identifier: MIT OR Apache-2.0
//! The file systems of a running machine, and its name.
//!
//! The table is in mount order: a mount point below another mount comes after it. What the kernel was
//! built without (`ENODEV`) is skipped silently; what is mounted already (`EBUSY`) is left alone.

use std::fs;
use std::os::unix::fs::symlink;

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};
use nix::unistd::sethostname;

use crate::report;

struct Mount {
    source: &'static str,
    target: &'static str,
    fstype: &'static str,
    data: &'static str,
    secure: bool,
}

const MOUNTS: [Mount; 8] = [
    Mount { source: "proc", target: "/proc", fstype: "proc", data: "", secure: true },
    Mount { source: "sysfs", target: "/sys", fstype: "sysfs", data: "", secure: true },
    Mount {
        source: "devtmpfs",
        target: "/dev",
        fstype: "devtmpfs",
        data: "mode=0755",
        secure: false,
    },
    Mount {
        source: "devpts",
        target: "/dev/pts",
        fstype: "devpts",
        data: "mode=0620,ptmxmode=0666",
        secure: false,
    },
    Mount { source: "tmpfs", target: "/dev/shm", fstype: "tmpfs", data: "mode=1777", secure: true },
    Mount { source: "tmpfs", target: "/tmp", fstype: "tmpfs", data: "mode=1777", secure: true },
    Mount { source: "tmpfs", target: "/run", fstype: "tmpfs", data: "mode=0755", secure: true },
    Mount {
        source: "cgroup2",
        target: "/sys/fs/cgroup",
        fstype: "cgroup2",
        data: "",
        secure: true,
    },
];

/// Symbolic links that programs expect in /dev and that devtmpfs does not make.
const DEV_LINKS: [(&str, &str); 4] = [
    ("/proc/self/fd", "/dev/fd"),
    ("/proc/self/fd/0", "/dev/stdin"),
    ("/proc/self/fd/1", "/dev/stdout"),
    ("/proc/self/fd/2", "/dev/stderr"),
];

/// Mounts everything in the table and completes /dev.
pub fn mount_all() {
    for entry in &MOUNTS {
        // Exists already, or cannot be made: mount says which.
        let _ = fs::create_dir(entry.target);
        let flags =
            if entry.secure { MsFlags::MS_NOSUID | MsFlags::MS_NODEV } else { MsFlags::MS_NOSUID };
        match mount(Some(entry.source), entry.target, Some(entry.fstype), flags, Some(entry.data)) {
            Ok(()) | Err(Errno::EBUSY | Errno::ENODEV) => {}
            // The mount point of a feature that this kernel lacks.
            Err(Errno::ENOENT) if entry.fstype == "cgroup2" => {}
            Err(errno) => report(&format!("cannot mount {}", entry.target), errno),
        }
    }
    for (target, link) in DEV_LINKS {
        if let Err(error) = symlink(target, link)
            && error.kind() != std::io::ErrorKind::AlreadyExists
        {
            report(&format!("cannot make {link}"), error);
        }
    }
}

/// Names the machine after /etc/hostname.
pub fn set_hostname() {
    let text = fs::read_to_string("/etc/hostname").unwrap_or_default();
    let name = text.trim();
    if !name.is_empty()
        && let Err(errno) = sethostname(name)
    {
        report("cannot set the host name", errno);
    }
}
