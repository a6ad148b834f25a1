//! Other people's programs, run on the hosts of a lab.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{IpAddr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use ifcast_netlab::Host;

/// How long to wait for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long nothing must come to be taken for silence.
const SILENCE: Duration = Duration::from_millis(100);

/// How long to wait before looking again.
const PAUSE: Duration = Duration::from_millis(1);

/// Runs its arguments until its own input ends, which it does with the process
/// that holds the other end, however that one dies.
const LEASH: &str = r#"trap '' INT; "$@" 2>&1 & read -r line; kill -9 $!; wait"#;

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

/// A program that runs on a host, as long as this lives at most.
///
/// If the test fails, what the program said is shown.
#[must_use = "the program is killed when this is dropped"]
pub(crate) struct Peer {
    name: String,
    shell: Child,
    output: Receiver<String>,
}

impl Peer {
    pub(crate) fn start(host: &Host, program: &str, arguments: &[&str]) -> Self {
        let name = format!("{program} on {}", host.name());
        let spawn = || {
            Command::new("sh")
                .args(["-c", LEASH, "sh", program])
                .args(arguments)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null()) // some shells tell whom they have killed
                .spawn()
        };
        let mut shell = host.run(spawn).unwrap();
        let stdout = BufReader::new(shell.stdout.take().unwrap());
        let (sender, output) = mpsc::channel();
        let prefix = name.clone();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                println!("{prefix}: {line}");
                let _ = sender.send(line);
            }
        });
        Self {
            name,
            shell,
            output,
        }
    }

    /// The next line that it prints, which must come in time.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        match self.output.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(error) => panic!("{} said nothing more: {error}", self.name),
        }
    }

    /// Fails if it prints anything or has ended.
    #[track_caller]
    pub(crate) fn assert_silent(&self) {
        let output = self.output.recv_timeout(SILENCE);
        assert_eq!(output, Err(RecvTimeoutError::Timeout), "{}", self.name);
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.shell.wait(); // which first closes its input
    }
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
