//! How the tool ends: told to by signals, by a closed pipe, by mistakes.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use ifcast_netlab::Host;
use ifcast_tests::{is_installed, wait_until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Neighbourhood;
use crate::tool::{Tool, command, run};

const SIGNALS: [Signal; 3] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];

#[test]
fn a_signal_ends_every_command_that_goes_on_with_a_summary_and_without_complaint() {
    let neighbourhood = Neighbourhood::new();
    for signal in SIGNALS {
        let listener = Tool::listen(&neighbourhood.ours, &["listen", "--port", "2222"], 2);
        listener.signal(signal);
        let ended = listener.end();
        assert!(ended.status.success(), "{signal}: {ended:?}");
        assert!(ended.errors.is_empty(), "{ended:?}");
        let [summary] = ended.lines.as_slice() else {
            panic!("{ended:?}");
        };
        assert!(summary.starts_with("0 datagrams, 0 bytes in "), "{summary}");
    }
    let pong = Tool::listen(&neighbourhood.ours, &["pong"], 2);
    assert!(pong.interrupt().is_empty());
    let watch = Tool::listen(&neighbourhood.ours, &["watch"], 0);
    assert_eq!(watch.error(), "watching 3 interfaces");
    assert!(watch.interrupt().is_empty());
}

#[test]
fn a_sender_that_is_ended_says_how_much_it_has_sent() {
    let neighbourhood = Neighbourhood::new();
    let listener = Tool::listen(
        neighbourhood.neighbours[0].host(),
        &["listen", "-p", "2222"],
        1,
    );
    for wait in ["1h", "5ms"] {
        let arguments = [
            "send",
            "-p",
            "2222",
            "--broadcast",
            "--interval",
            wait,
            "--json",
        ];
        let sender = Tool::start(&neighbourhood.ours, &arguments);
        let _ = listener.line();
        for line in sender.interrupt() {
            let record: serde_json::Value = serde_json::from_str(&line).unwrap();
            assert_eq!(record["type"], "sent");
            assert!(record["datagrams"].as_u64() >= Some(1), "{record}");
        }
    }
}

#[test]
fn a_closed_pipe_ends_it_silently() {
    let neighbourhood = Neighbourhood::new();
    let sender = Tool::start(
        neighbourhood.neighbours[0].host(),
        &[
            "send",
            "-p",
            "2222",
            "--broadcast",
            "--interval",
            "2ms",
            "--quiet",
        ],
    );
    let mut listener = command(&["listen", "-p", "2222", "--for", "60s", "--quiet"]);
    listener.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut listener = neighbourhood.ours.run(|| listener.spawn()).unwrap();
    let mut lines = BufReader::new(listener.stdout.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    assert!(line.contains(" lan0 10.71.0.2:"), "{line}");
    drop(lines); // as `head -1` does
    let output = listener.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    drop(sender);
}

/// The second signal, whichever of two that is, since the first one cannot be obeyed: what
/// was heard is more than fits into a pipe from which nobody reads.
#[test]
fn who_insists_is_obeyed_at_once() {
    let neighbourhood = Neighbourhood::new();
    let ours = &neighbourhood.ours;
    let mut listener = command(&["listen", "-p", "2222", "-f", "raw", "--for", "60s"]);
    listener.stdout(Stdio::piped());
    let mut listener = ours.run(|| listener.spawn()).unwrap();
    wait_until("it listens", || udp(ours, "udp").contains(":08AE "));
    let to = [
        "send",
        "-p",
        "2222",
        "--broadcast",
        "--size",
        "1400",
        "-n",
        "100",
        "-q",
    ];
    let to = [&to[..], &["--rate", "max"]].concat();
    assert!(
        run(neighbourhood.neighbours[0].host(), &to)
            .status
            .success()
    );
    wait_until("it has taken more than fits into a pipe", || {
        let table = udp(ours, "snmp");
        let mut numbers = table.lines().filter_map(|line| line.strip_prefix("Udp: "));
        let taken = numbers.nth(1).unwrap().split(' ').next().unwrap();
        taken.parse::<usize>().unwrap() * 1400 > 64 << 10
    });
    let pid = Pid::from_raw(i32::try_from(listener.id()).unwrap());
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        kill(pid, signal).unwrap();
    }
    let code = listener.wait().unwrap().code();
    assert!([Some(128 + 2), Some(128 + 15)].contains(&code), "{code:?}");
}

/// What the kernel of a host says of UDP.
fn udp(host: &Host, table: &str) -> String {
    let table = format!("/proc/thread-self/net/{table}");
    host.run(|| std::fs::read_to_string(table)).unwrap()
}

/// Runs a program on a terminal, and shows what that gets.
const TERMINAL: &str =
    "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

#[test]
fn colours_and_progress_are_for_terminals_and_for_those_who_want_them() {
    if !is_installed("python3") {
        return;
    }
    let neighbourhood = Neighbourhood::new();
    let tool = crate::tool::path();
    let on_terminal = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut python = Command::new("python3");
        python.args(["-c", TERMINAL]).arg(&tool).args(arguments);
        python
            .env("TERM", "xterm")
            .env_remove("NO_COLOR")
            .envs(environment.iter().copied());
        python.stdin(Stdio::null());
        let output = neighbourhood.ours.run(|| python.output()).unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let mistake = ["listen", "-p", "2222", "-i", "nonesuch"];
    assert!(on_terminal(&mistake, &[]).starts_with("\u{1b}[31mifcast:\u{1b}[0m open a LAN"));
    for plain in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let said = on_terminal(&mistake, &[plain]);
        assert!(said.starts_with("ifcast: open a LAN"), "{said}");
    }
    let send = [
        "send",
        "-p",
        "2222",
        "--broadcast",
        "--rate",
        "100/s",
        "--for",
        "700ms",
    ];
    let said = on_terminal(&send, &[]);
    let (progress, result) = said.split_once("\r\u{1b}[K").unwrap();
    assert!(
        progress.starts_with('\r') && progress.contains(" sent in "),
        "{said:?}"
    );
    assert!(
        result.starts_with("lan0 (index ") && !result.contains('\u{1b}'),
        "{said:?}"
    );
    let quiet = on_terminal(&[&send[..], &["--quiet"]].concat(), &[]);
    assert_eq!(quiet, "");
}

#[test]
fn mistakes_are_one_line_on_standard_error_with_a_hint_where_there_is_one() {
    let neighbourhood = Neighbourhood::new();
    let ours = &neighbourhood.ours;
    let _owner = ours
        .run(|| std::net::UdpSocket::bind("0.0.0.0:7777"))
        .unwrap();
    for (arguments, complaint) in [
        (
            &["listen", "-p", "2222", "-i", "nonesuch"][..],
            "ifcast: open a LAN: no interface is selected by \"name nonesuch\": \
             `ifcast interfaces --explain` says why not",
        ),
        (
            &["send", "-p", "2222", "--to", "192.0.2.1"],
            "ifcast: no interface has 192.0.2.1 in a subnet: say with --interface by which to send",
        ),
        (
            &["send", "-p", "2222", "--broadcast", "--file", "/nonesuch"],
            "ifcast: read /nonesuch: No such file or directory (os error 2)",
        ),
        (
            &[
                "send",
                "-p",
                "2222",
                "--broadcast",
                "--size",
                "9",
                "--sequence",
            ],
            "ifcast: the header of --sequence takes 32 bytes, more than --size 9",
        ),
        (
            &[
                "send",
                "-p",
                "2222",
                "--broadcast",
                "-i",
                "lan0",
                "--size",
                "1473",
            ],
            "ifcast: send 1473 bytes on lan0 ",
        ),
        (
            &["listen", "-p", "7777", "-i", "lan0", "--for", "10ms", "-q"],
            "ifcast: bind IPv4 UDP port 7777 on lan0 ",
        ),
    ] {
        let output = run(ours, arguments);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.starts_with(complaint), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn who_waits_in_vain_fails() {
    let neighbourhood = Neighbourhood::new();
    let quick = ["--for", "10ms", "--quiet"];
    assert_fails(
        &neighbourhood.ours,
        &[&["listen", "-p", "2222", "-n", "1"], &quick[..]].concat(),
    );
    assert_fails(
        &neighbourhood.ours,
        &[&["pong", "-n", "1"], &quick[..]].concat(),
    );
    assert_fails(
        &neighbourhood.ours,
        &[&["watch", "-n", "1"], &quick[..]].concat(),
    );
    assert_fails(
        &neighbourhood.ours,
        &["ping", "--broadcast", "-n", "1", "--wait", "10ms", "-q"],
    );
}

/// Whatever it says to a person or to a program.
#[track_caller]
fn assert_fails(host: &Host, arguments: &[&str]) {
    for manner in [&[][..], &["--json"]] {
        let output = run(host, &[arguments, manner].concat());
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        assert!(
            output.stdout.is_empty() && output.stderr.is_empty(),
            "{output:?}"
        );
    }
}
