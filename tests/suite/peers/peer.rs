//! Whether other people's programs are there, and ready.

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use ifcast_netlab::Host;

/// How long to wait for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(1);

/// Whether a program can be run; the name is also that of Debian's package.
/// One line on standard error says what is skipped because it cannot.
///
/// # Panics
/// If it cannot, and `IFCAST_REQUIRE_PEERS` is set.
#[track_caller]
#[expect(
    clippy::explicit_write,
    reason = "of a test that passes, what `eprintln` prints is hidden"
)]
pub(crate) fn is_installed(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    if env::split_paths(&path).any(|folder| folder.join(program).is_file()) {
        return true;
    }
    let missing = format!("{program} is not installed (Debian: apt-get install {program})");
    assert!(env::var_os("IFCAST_REQUIRE_PEERS").is_none(), "{missing}");
    let test = thread::current().name().unwrap_or("a test").to_owned();
    writeln!(io::stderr(), "{test} is skipped: {missing}").unwrap();
    false
}

/// Waits until a socket on `host` would hear what is sent to `destination`.
#[track_caller]
pub(crate) fn await_listener(host: &Host, destination: SocketAddr) {
    let (sockets, groups) = if destination.is_ipv4() {
        ("udp", "igmp")
    } else {
        ("udp6", "igmp6")
    };
    let port = format!(":{:04X}", destination.port());
    let group = Some(destination.ip()).filter(IpAddr::is_multicast);
    let group = group.map(as_the_kernel_prints);
    let has_port = |line: &str| {
        let local_address = line.split_whitespace().nth(1);
        local_address.is_some_and(|address| address.ends_with(&port))
    };
    host.run(|| {
        wait_until("a peer listens", || {
            let bound = table(sockets).lines().any(has_port);
            let joined = |group: &String| table(groups).contains(group);
            bound && group.as_ref().is_none_or(joined)
        });
    });
}

/// Reads a table of the network namespace that this thread is in.
pub(crate) fn table(name: &str) -> String {
    fs::read_to_string(format!("/proc/thread-self/net/{name}")).unwrap()
}

/// Waits until `condition` holds, which it must in time.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        thread::sleep(PAUSE);
    }
}

fn as_the_kernel_prints(group: IpAddr) -> String {
    match group {
        IpAddr::V4(group) => format!("{:08X}", u32::from_ne_bytes(group.octets())),
        IpAddr::V6(group) => format!("{:032x}", group.to_bits()),
    }
}
