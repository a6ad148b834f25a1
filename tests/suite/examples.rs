//! The examples, run as a person would run them on a LAN.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::path::PathBuf;
use std::process::{Command, Output};

use ifcast_netlab::{Host, Lab};
use ifcast_tests::Program;

/// A host on two segments, and one on each of them.
struct Neighbourhood {
    _lab: Lab,
    middle: Host,
    ends: [Host; 2],
}

impl Neighbourhood {
    fn new() -> Self {
        let lab = Lab::new();
        let segments = [lab.segment(), lab.segment()];
        let middle = lab.host("middle");
        segments[0].attach(&middle, "lan0", &["10.71.0.1/24", "fe80::71:1/64"]);
        segments[1].attach(&middle, "lan1", &["10.71.1.1/24", "fe80::72:1/64"]);
        let ends = ["left", "right"].map(|name| lab.host(name));
        segments[0].attach(&ends[0], "lan0", &["10.71.0.2/24", "fe80::71:2/64"]);
        segments[1].attach(&ends[1], "lan0", &["10.71.1.2/24", "fe80::72:2/64"]);
        Self {
            _lab: lab,
            middle,
            ends,
        }
    }
}

/// The path of an example, which `cargo test --workspace` builds beside the tests.
fn example(name: &str) -> String {
    let tests: PathBuf = std::env::current_exe().unwrap();
    let path = tests
        .parent()
        .unwrap()
        .with_file_name("examples")
        .join(name);
    assert!(
        path.is_file(),
        "{} is missing: `cargo build --examples`",
        path.display()
    );
    path.into_os_string().into_string().unwrap()
}

fn run(host: &Host, name: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(example(name));
    host.run(|| command.args(arguments).output()).unwrap()
}

#[track_caller]
fn assert_said(output: &Output, expected: &[&str]) {
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    let said: Vec<_> = said.lines().collect();
    assert_eq!(said.len(), expected.len(), "{said:?}");
    for (line, expected) in said.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line:?} is not {expected:?}");
    }
}

#[test]
fn a_broadcast_sent_on_all_interfaces_is_heard_on_each_segment() {
    let neighbourhood = Neighbourhood::new();
    let arguments = ["--port", "2222", "--count", "2"];
    let listeners = neighbourhood
        .ends
        .each_ref()
        .map(|end| Program::start(end, &example("broadcast_listen"), &arguments));
    for listener in &listeners {
        assert!(listener.line().starts_with("listening on lan0 "));
    }
    for option in [&["hello"][..], &["--directed", "hello"]] {
        let arguments = [&["--port", "2222"], option].concat();
        let output = run(&neighbourhood.middle, "broadcast_send", &arguments);
        assert_said(&output, &["lan0 (index ", "lan1 (index "]);
    }
    for (i, listener) in listeners.iter().enumerate() {
        for (cast, destination) in [
            ("limited", "255.255.255.255".to_owned()),
            ("directed", format!("10.71.{i}.255")),
        ] {
            let line = listener.line();
            let start = format!("{cast} broadcast from 10.71.{i}.1:");
            assert!(line.starts_with(&start), "{line}");
            assert!(
                line.contains(&format!(": {destination} on lan0 ")),
                "{line}"
            );
            assert!(line.ends_with(": hello"), "{line}");
        }
    }
}

#[test]
fn a_multicast_sent_on_one_interface_is_heard_on_that_segment_only() {
    let neighbourhood = Neighbourhood::new();
    for (group, source) in [("239.71.7.7", "10.71.1.1:"), ("ff02::71:7", "[fe80::72:1%")] {
        let arguments = ["--port", "2222", "--group", group];
        let [left, right] = neighbourhood.ends.each_ref().map(|end| {
            let listener = Program::start(end, &example("multicast_listen"), &arguments);
            for family in ["IPv4", "IPv6"] {
                let line = listener.line();
                assert!(line.starts_with("listening on lan0 "), "{line}");
                assert!(line.ends_with(family), "{line}");
            }
            listener
        });
        let arguments = [&arguments[..], &["--interface", "lan1", "hello"]].concat();
        let output = run(&neighbourhood.middle, "multicast_send", &arguments);
        assert_said(&output, &["lan1 (index "]);
        let line = right.line();
        assert!(
            line.starts_with(&format!("multicast from {source}")),
            "{line}"
        );
        assert!(line.contains(&format!(": {group} on lan0 ")), "{line}");
        left.assert_silent();
    }
}

#[test]
fn the_interfaces_are_listed_with_what_they_can_do() {
    let neighbourhood = Neighbourhood::new();
    let output = run(&neighbourhood.middle, "interfaces", &[]);
    let said = String::from_utf8_lossy(&output.stdout);
    for expected in [
        "lan0",
        "lan1",
        "10.71.0.1/24",
        "fe80::72:1/64",
        "virtual (veth)",
        "yes, it can broadcast and multicast",
        "no, it reaches only this host",
    ] {
        assert!(said.contains(expected), "{expected} is not in {said}");
    }
}

#[test]
fn what_changes_is_printed_as_it_happens() {
    let lab = Lab::new();
    let host = lab.host("host");
    let nic = lab.segment().attach(&host, "lan0", &["10.71.0.1/24"]);
    let watcher = Program::start(&host, &example("watch_interfaces"), &["--seconds", "60"]);
    assert!(watcher.line().starts_with("watching "));
    nic.set_mtu(1400);
    let name = format!("lan0 (index {})", nic.index());
    assert_eq!(watcher.line(), format!("{name}: MTU 1500 -> 1400"));
    nic.delete();
    assert_eq!(watcher.line(), format!("{name} is gone"));
}

#[test]
fn neighbours_find_each_other_whenever_and_wherever_they_come_and_go() {
    for ours in ["discovery", "discovery_tokio"] {
        for theirs in ["discovery", "discovery_tokio"] {
            find_each_other(ours, theirs);
        }
    }
}

fn find_each_other(ours: &str, theirs: &str) {
    let lab = Lab::new();
    let segments = [lab.segment(), lab.segment()];
    let [middle, left, right] = ["middle", "left", "right"].map(|name| lab.host(name));
    segments[0].attach(&middle, "lan0", &["10.71.0.1/24"]);
    segments[0].attach(&left, "lan0", &["10.71.0.2/24"]);
    segments[1].attach(&right, "lan0", &["10.71.1.2/24"]);
    let start = |host: &Host, program: &str, name: &str| {
        let arguments = ["--name", name, "--interval", "0.5"];
        Program::start(host, &example(program), &arguments)
    };
    let middles = start(&middle, ours, "middle");
    let lefts = start(&left, theirs, "left");
    assert_eq!(middles.line(), "+ left at 10.71.0.2:2222 on lan0");
    assert_eq!(lefts.line(), "+ middle at 10.71.0.1:2222 on lan0");
    // An interface that comes later leads to a neighbour too.
    let rights = start(&right, theirs, "right");
    segments[1].attach(&middle, "lan1", &["10.71.1.1/24"]);
    assert_eq!(middles.line(), "+ right at 10.71.1.2:2222 on lan1");
    assert_eq!(rights.line(), "+ middle at 10.71.1.1:2222 on lan0");
    drop(lefts);
    assert_eq!(middles.line(), "- left at 10.71.0.2:2222 on lan0");
}

#[test]
fn mistakes_are_one_line_on_standard_error_and_a_failure() {
    let neighbourhood = Neighbourhood::new();
    for (arguments, complaint) in [
        (
            &["--interface", "nonesuch", "--port", "2222", "hello"][..],
            "open a LAN: no interface is selected by \"name nonesuch\"\n",
        ),
        (
            &["--interface", "lo", "--port", "2222", "hello"],
            "", // it says so on standard output: the link has no broadcast
        ),
    ] {
        let output = run(&neighbourhood.middle, "broadcast_send", arguments);
        assert!(!output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), complaint);
    }
}
