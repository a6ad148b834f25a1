//! How the tool ends: told to by signals, by a closed pipe, by mistakes.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use ifcast_netlab::Host;
use nix::sys::signal::Signal;

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

#[track_caller]
fn assert_fails(host: &Host, arguments: &[&str]) {
    let output = run(host, arguments);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(
        output.stdout.is_empty() && output.stderr.is_empty(),
        "{output:?}"
    );
}
