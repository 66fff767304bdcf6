// SPDX-License-Identifier: MIT OR Apache-2.0
//! The user ABI as its three tellers have it: the kernel's installed headers, musl, and the crate
//! `linux-raw-sys`, whose wasm32 modules are those that were generated for riscv32. No machine runs.
//!
//! What the crate has and our kernel does not is listed by name in `tests/abi/`.

use ochre_tests::c_numbers::{Headers, Value, kernel_headers};
use ochre_tests::machine::folder;
use ochre_tests::raw_sys::{Facts, rust_differences};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Headers that do not go with the others, or not with the kernel's alone.
const LEFT_OUT: &[&str] = &[
    "linux/bpf_perf_event.h",
    "linux/coda.h",
    "linux/kfd_ioctl.h",
    "linux/netfilter_bridge.h",
    "linux/patchkey.h",
    "linux/sctp.h",
    "linux/shm.h",
    "linux/smc_diag.h",
    "linux/soundcard.h",
];
/// Headers in other folders that the crate has names of.
const BESIDE: &[&str] = &[
    "linux/netfilter_ipv4/ip_tables.h",
    "linux/netfilter_ipv6/ip6_tables.h",
    "linux/netfilter/nf_tables.h",
    "linux/netfilter/x_tables.h",
    "linux/netfilter/xt_tcpudp.h",
];
/// Where the C library has names that the kernel keeps to itself.
const OF_LIBC: &[&str] = &[
    "dirent.h",
    "fcntl.h",
    "sys/mount.h",
    "sys/socket.h",
    "sys/stat.h",
    "sys/timerfd.h",
    "unistd.h",
];

fn kernel() -> Headers {
    let mut names = kernel_headers("linux");
    names.extend(kernel_headers("asm"));
    names.retain(|name| !LEFT_OUT.contains(&name.as_str()));
    Headers::of_the_kernel(names.into_iter().chain(BESIDE.iter().map(ToString::to_string)))
}

#[test]
fn system_calls_have_the_kernels_numbers() {
    let numbers = |headers: &Headers| -> BTreeMap<String, String> {
        let macros = headers.macros().into_iter();
        let pairs = macros.filter_map(|line| {
            let (name, value) = line.split_once(' ')?;
            // musl keeps the older name of the call; both are the kernel's.
            let name = if name == "__NR__llseek" { "__NR_llseek" } else { name };
            Some((name.strip_prefix("__NR_")?.to_owned(), value.to_owned()))
        });
        pairs.filter(|(_, value)| value.bytes().all(|byte| byte.is_ascii_digit())).collect()
    };
    let kernel = numbers(&Headers::of_the_kernel(["asm/unistd.h".to_owned()]));
    let musl = numbers(&Headers::of_libc(&["sys/syscall.h"]));
    assert!(kernel.len() > 300, "{kernel:?}");
    let names: BTreeSet<_> = kernel.keys().chain(musl.keys()).collect();
    let differ: Vec<_> = names
        .into_iter()
        .filter(|name| kernel.get(*name) != musl.get(*name))
        .map(|name| (name, kernel.get(name), musl.get(name)))
        .collect();
    assert!(differ.is_empty(), "name, kernel's number, musl's: {differ:#?}");
}

/// A member in musl and in the kernel.
type Member = (&'static str, &'static str);

/// Pairs of a type or number in musl and in the kernel.
const LAYOUTS: &[(&str, &str)] = &[
    ("sizeof(siginfo_t)", "sizeof(siginfo_t)"),
    ("_Alignof(siginfo_t)", "_Alignof(siginfo_t)"),
    ("sizeof(mcontext_t)", "sizeof(struct sigcontext)"),
    ("sizeof(struct sigcontext)", "sizeof(struct sigcontext)"),
    ("sizeof(stack_t)", "sizeof(stack_t)"),
    ("sizeof(struct sigevent)", "sizeof(sigevent_t)"),
    ("sizeof(union sigval)", "sizeof(sigval_t)"),
    ("sizeof(struct timespec)", "sizeof(struct __kernel_timespec)"),
    ("sizeof(struct itimerspec)", "sizeof(struct __kernel_itimerspec)"),
    ("sizeof(struct statx)", "sizeof(struct statx)"),
    ("sizeof(struct flock)", "sizeof(struct flock64)"),
    ("sizeof(struct epoll_event)", "sizeof(struct epoll_event)"),
    ("sizeof(struct winsize)", "sizeof(struct winsize)"),
    ("sizeof(struct sockaddr_storage)", "sizeof(struct __kernel_sockaddr_storage)"),
    ("sizeof(struct mq_attr)", "sizeof(struct mq_attr)"),
    ("_NSIG - 1", "_NSIG"),
    ("MINSIGSTKSZ", "MINSIGSTKSZ"),
    ("SIGSTKSZ", "SIGSTKSZ"),
];

/// Types with members that are compared: in musl, in the kernel, and pairs of members.
const MEMBERS: &[(&str, &str, &[Member])] = &[
    (
        "siginfo_t",
        "siginfo_t",
        &[
            ("si_signo", "si_signo"),
            ("si_errno", "si_errno"),
            ("si_code", "si_code"),
            ("si_pid", "si_pid"),
            ("si_uid", "si_uid"),
            ("si_status", "si_status"),
            ("si_utime", "si_utime"),
            ("si_stime", "si_stime"),
            ("si_value", "si_value"),
            ("si_timerid", "si_tid"),
            ("si_overrun", "si_overrun"),
            ("si_addr", "si_addr"),
            ("si_addr_lsb", "si_addr_lsb"),
            ("si_lower", "si_lower"),
            ("si_upper", "si_upper"),
            ("si_pkey", "si_pkey"),
            ("si_band", "si_band"),
            ("si_fd", "si_fd"),
            ("si_call_addr", "si_call_addr"),
            ("si_syscall", "si_syscall"),
            ("si_arch", "si_arch"),
        ],
    ),
    (
        "ucontext_t",
        "struct ucontext",
        &[
            ("uc_flags", "uc_flags"),
            ("uc_link", "uc_link"),
            ("uc_stack", "uc_stack"),
            ("uc_mcontext", "uc_mcontext"),
            ("uc_sigmask", "uc_sigmask"),
        ],
    ),
    (
        "mcontext_t",
        "struct sigcontext",
        &[
            ("__sp", "sp"),
            ("__fault_address", "fault_address"),
            ("__result", "result"),
            ("__nr", "nr"),
            ("__args", "args"),
            ("__flags", "flags"),
            ("__reserved", "reserved"),
        ],
    ),
    (
        "struct sigcontext",
        "struct sigcontext",
        &[
            ("sp", "sp"),
            ("fault_address", "fault_address"),
            ("result", "result"),
            ("nr", "nr"),
            ("args", "args"),
            ("flags", "flags"),
            ("reserved", "reserved"),
        ],
    ),
    ("stack_t", "stack_t", &[("ss_sp", "ss_sp"), ("ss_flags", "ss_flags"), ("ss_size", "ss_size")]),
    (
        "struct sigevent",
        "sigevent_t",
        &[
            ("sigev_value", "sigev_value"),
            ("sigev_signo", "sigev_signo"),
            ("sigev_notify", "sigev_notify"),
            ("sigev_notify_function", "sigev_notify_function"),
            ("sigev_notify_attributes", "sigev_notify_attributes"),
            ("sigev_notify_thread_id", "sigev_notify_thread_id"),
        ],
    ),
    (
        "struct timespec",
        "struct __kernel_timespec",
        &[("tv_sec", "tv_sec"), ("tv_nsec", "tv_nsec")],
    ),
];

#[test]
fn signal_frames_and_times_have_the_kernels_layout() {
    let musl = Headers::of_libc(&[
        "signal.h",
        "ucontext.h",
        "stddef.h",
        "time.h",
        "fcntl.h",
        "mqueue.h",
        "sys/epoll.h",
        "sys/ioctl.h",
        "sys/socket.h",
        "sys/stat.h",
    ]);
    let kernel = Headers::of_the_kernel(
        [
            "linux/signal.h",
            "asm/sigcontext.h",
            "asm/ucontext.h",
            "stddef.h",
            "linux/time.h",
            "linux/fcntl.h",
            "linux/mqueue.h",
            "linux/eventpoll.h",
            "linux/socket.h",
            "linux/stat.h",
            "asm/termios.h",
        ]
        .map(str::to_owned),
    );
    let mut pairs: Vec<(String, String)> =
        LAYOUTS.iter().map(|(ours, theirs)| ((*ours).to_owned(), (*theirs).to_owned())).collect();
    for (ours, theirs, members) in MEMBERS {
        let offset = |name: &str, member: &str| format!("offsetof({name}, {member})");
        pairs.extend(members.iter().map(|pair| (offset(ours, pair.0), offset(theirs, pair.1))));
    }
    let (ours, theirs): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let (found, wanted) = (musl.values(&ours), kernel.values(&theirs));
    let mut differences = String::new();
    for (index, (found, wanted)) in found.iter().zip(&wanted).enumerate() {
        let number = |value: &Option<Value>| value.map(|value| value.number);
        if number(found).is_none() || number(found) != number(wanted) {
            let (ours, theirs) = (&ours[index], &theirs[index]);
            let _ = writeln!(differences, "{ours} {found:?}, kernel's {theirs} {wanted:?}");
        }
    }
    assert!(differences.is_empty(), "{differences}");
}

/// These are the names in a list, no more and no fewer.
fn same(list: &str, found: &BTreeSet<String>, report: &str) {
    let wanted = listed(list);
    let more: Vec<_> = found.difference(&wanted).map(String::as_str).collect();
    let fewer: Vec<_> = wanted.difference(found).map(String::as_str).collect();
    assert!(
        more.is_empty() && fewer.is_empty(),
        "tests/abi/{list}\nfound, not listed: {}\nlisted, not found: {}\n{report}",
        more.join(" "),
        fewer.join(" ")
    );
}

/// The names in one of the lists.
fn listed(name: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("abi").join(name);
    let text =
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).map(str::to_owned).collect()
}

fn crate_facts() -> Facts {
    Facts::read(&folder().join("crates/linux-raw-sys-0.12.1/src"))
}

#[test]
fn the_crates_constants_are_the_kernels() {
    let facts = crate_facts();
    let names: Vec<_> = facts.constants.keys().collect();
    assert!(names.len() > 9000, "only {} constants in the crate", names.len());
    let found = either(&kernel(), &Headers::of_libc(OF_LIBC), &names);
    let (mut differ, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    let mut report = String::new();
    for (index, name) in names.into_iter().enumerate() {
        let wanted = facts.constants[name];
        match found[index] {
            None => {
                unknown.insert(name.clone());
            }
            Some(found) if is_same(found, wanted) => {}
            Some(found) => {
                let _ = writeln!(report, "{name}: kernel {}, crate {wanted}", found.number);
                differ.insert(name.clone());
            }
        }
    }
    same("differing-constants", &differ, &report);
    same("unknown-constants", &unknown, "");
}

/// What the kernel says, or else the C library, which has names that the kernel keeps to itself.
fn either<S: AsRef<str>>(kernel: &Headers, libc: &Headers, names: &[S]) -> Vec<Option<Value>> {
    let (kernel, libc) = (kernel.values(names), libc.values(names));
    kernel.into_iter().zip(libc).map(|(kernel, libc)| kernel.or(libc)).collect()
}

/// The crate has the 32 bits of an `int` with either sign.
fn is_same(found: Value, wanted: i64) -> bool {
    found.number == wanted || (found.size == 4 && (found.number ^ wanted).trailing_zeros() >= 32)
}

#[test]
fn the_crates_types_have_the_kernels_layout() {
    let facts = crate_facts();
    assert!(facts.types.len() > 400, "only {} types in the crate", facts.types.len());
    let (kernel, libc) = (kernel(), Headers::of_libc(OF_LIBC));
    // The crate does not tell a tag from a typedef.
    let mut c_names = BTreeMap::new();
    for form in ["struct ", "union ", ""] {
        let names: Vec<_> =
            facts.types.keys().filter(|name| !c_names.contains_key(*name)).collect();
        let sizes: Vec<_> = names.iter().map(|name| format!("sizeof({form}{name})")).collect();
        for (name, value) in names.iter().zip(either(&kernel, &libc, &sizes)) {
            if let Some(value) = value {
                c_names.insert((*name).clone(), (format!("{form}{name}"), value.number));
            }
        }
    }
    let unknown: BTreeSet<_> =
        facts.types.keys().filter(|name| !c_names.contains_key(*name)).cloned().collect();

    let mut wanted = Vec::new();
    let mut members = Vec::new();
    for (name, (c_name, size)) in &c_names {
        let found = &facts.types[name];
        wanted.push((name.clone(), format!("size_of::<{}>()", found.path), *size));
        for member in &found.members {
            let c_member = member.strip_suffix('_').unwrap_or(member);
            members.push((name, member, format!("__builtin_offsetof({c_name}, {c_member})")));
        }
    }
    let offsets: Vec<_> = members.iter().map(|(_, _, expression)| expression).collect();
    let mut renamed = BTreeSet::new();
    for ((name, member, _), value) in members.iter().zip(either(&kernel, &libc, &offsets)) {
        let label = format!("{name}.{member}");
        match value {
            Some(value) => {
                let path = &facts.types[*name].path;
                let rust = format!("offset_of!({path}, {member})");
                wanted.push((label, rust, value.number));
            }
            None => {
                renamed.insert(label);
            }
        }
    }
    assert!(wanted.len() > 2000, "only {} facts", wanted.len());
    let rust = folder().join("sysroot-rust");
    assert!(rust.is_dir(), "no {}; build it with `cargo xtask build`", rust.display());
    let differ = rust_differences(&folder().join("crates/linux-raw-sys-0.12.1"), &rust, &wanted);
    same("differing-types", &differ, "");
    same("unknown-types", &unknown, "");
    same("unknown-members", &renamed, "");
}
