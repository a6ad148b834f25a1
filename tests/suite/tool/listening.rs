//! `ifcast listen`.

use std::net::UdpSocket;
use std::process::Stdio;

use ifcast_netlab::Nic;
use ifcast_tests::is_installed;
use serde_json::json;

use crate::Neighbourhood;
use crate::tool::{Tool, command, run_peer};

const GROUP: &str = "239.71.7.7";

#[test]
fn each_datagram_of_socat_is_told_with_where_it_came_from_and_where_it_arrived() {
    if !is_installed("socat") {
        return;
    }
    let neighbourhood = Neighbourhood::new();
    let arguments = ["listen", "-p", "2222", "-g", GROUP, "-g", "ff02::71:7"];
    let text = Tool::listen(&neighbourhood.ours, &arguments, 2);
    let json = Tool::start(&neighbourhood.ours, &[&arguments[..], &["--json"]].concat());
    for _ in 0..2 {
        assert_eq!(json.record()["type"], "listening");
    }
    for (i, [left, right]) in [
        ["255.255.255.255", "255.255.255.255"],
        ["10.71.0.255", "10.71.1.255"],
        [GROUP, GROUP],
        ["ff02::71:7", "ff02::71:7"],
    ]
    .into_iter()
    .enumerate()
    {
        for (j, destination) in [left, right].into_iter().enumerate() {
            let cast = ["limited", "directed", "multicast", "multicast"][i];
            let hops = [64, 64, 1, 1][i];
            let nic = &neighbourhood.neighbours[j];
            socat(nic, destination, &format!("hello-{i}"));
            let source = match i {
                3 => format!("fe80::7{j}:2%{}", neighbourhood.nics[j].index()),
                _ => format!("10.71.{j}.2"),
            };
            let shown = if i == 3 {
                format!("[{source}]")
            } else {
                source.clone()
            };
            assert_eq!(
                text.line()[16..],
                format!(
                    "lan{j} {shown}:7777 > {destination} {cast}, hops {hops}, 7 bytes: hello-{i}"
                )
            );
            let mut record = json.record();
            let time = record["time"].take();
            let time = time.as_str().unwrap();
            assert!(time.starts_with("20") && time.ends_with('Z'), "{time}");
            assert_eq!(
                record,
                json!({
                    "type": "datagram",
                    "time": null,
                    "interface": { "index": neighbourhood.nics[j].index(), "name": format!("lan{j}") },
                    "source": source,
                    "source_port": 7777,
                    "destination": destination,
                    "port": 2222,
                    "cast": cast,
                    "hops": hops,
                    "size": 7,
                    "truncated": false,
                    "payload": format!("68656c6c6f2d3{i}"),
                    "text": format!("hello-{i}"),
                })
            );
        }
    }
    let said = text.interrupt();
    let [summary] = said.as_slice() else {
        panic!("{said:?}");
    };
    assert!(
        summary.starts_with("8 datagrams, 56 bytes in "),
        "{summary}"
    );
    assert!(summary.ends_with(" s: 4 on lan0, 4 on lan1"), "{summary}");
    let last = json.interrupt();
    let summary: serde_json::Value = serde_json::from_str(&last[0]).unwrap();
    assert_eq!(
        (&summary["type"], &summary["datagrams"]),
        (&json!("summary"), &json!(8))
    );
}

/// Has `socat` send a text from port 7777.
#[track_caller]
fn socat(nic: &Nic, destination: &str, text: &str) {
    // Its host has no other interface, but may not tie it to this one.
    nic.host().add_default_route(nic, None);
    let target = if destination.contains(':') {
        format!("UDP6-DATAGRAM:[{destination}]:2222,bind=[::]:7777")
    } else {
        format!("UDP4-DATAGRAM:{destination}:2222,broadcast,bind=:7777")
    };
    run_peer(
        nic.host(),
        "socat",
        &["-u", &format!("EXEC:printf {text}"), &target],
    );
}

/// Has a plain socket send these bytes to our directed broadcast address.
fn send(nic: &Nic, payload: &[u8]) {
    nic.host().run(|| {
        let socket = UdpSocket::bind("0.0.0.0:7777").unwrap();
        socket.set_broadcast(true).unwrap();
        socket.send_to(payload, "10.71.0.255:2222").unwrap();
    });
}

#[test]
fn the_payload_is_printed_as_it_is_asked_for() {
    let neighbourhood = Neighbourhood::new();
    let nic = &neighbourhood.neighbours[0];
    let listen = |format| {
        let arguments = ["listen", "-p", "2222", "-f", format, "-n", "2"];
        Tool::listen(&neighbourhood.ours, &arguments, 2)
    };
    let (hex, none) = (listen("hex"), listen("none"));
    let mut raw = command(&[
        "listen", "-p", "2222", "-f", "raw", "-n", "2", "--for", "60s",
    ]);
    raw.stdout(Stdio::piped());
    let raw = neighbourhood.ours.run(|| raw.spawn()).unwrap();
    ifcast_tests::wait_until("there are three listeners", || {
        let sockets = neighbourhood
            .ours
            .run(|| std::fs::read_to_string("/proc/thread-self/net/udp"));
        sockets.unwrap().matches(":08AE ").count() >= 6
    });
    send(nic, b"\x00\x1b[2J~");
    send(nic, b"");
    assert!(hex.line().ends_with(" directed, hops 64, 6 bytes"));
    assert_eq!(
        hex.line(),
        "  0000  00 1b 5b 32 4a 7e                                 ..[2J~"
    );
    assert!(hex.line().ends_with(" 0 bytes"));
    let output = raw.wait_with_output().unwrap();
    assert_eq!(output.stdout, b"\x00\x1b[2J~");
    for tool in [hex, none] {
        let ended = tool.end();
        assert!(ended.status.success(), "{ended:?}");
        assert_eq!(ended.lines.len(), 1, "{ended:?}"); // the summary
        assert!(
            ended.lines[0].starts_with("2 datagrams, 6 bytes in "),
            "{ended:?}"
        );
    }
}

#[test]
fn of_a_group_only_the_sources_are_heard_that_are_asked_for() {
    if !is_installed("socat") {
        return;
    }
    let neighbourhood = Neighbourhood::new();
    let group = "232.71.7.7";
    let from_left = format!("{group}@10.71.0.2");
    let listener = Tool::listen(
        &neighbourhood.ours,
        &["listen", "-p", "2222", "-g", &from_left],
        2,
    );
    socat(&neighbourhood.neighbours[1], group, "unwanted");
    socat(&neighbourhood.neighbours[0], group, "wanted");
    assert!(listener.line().ends_with(": wanted"));
    listener.assert_silent();
}

#[test]
fn interfaces_that_come_and_go_are_followed_and_told() {
    if !is_installed("socat") {
        return;
    }
    let neighbourhood = Neighbourhood::new();
    let arguments = ["listen", "-p", "2222", "-g", GROUP];
    let listener = Tool::listen(&neighbourhood.ours, &arguments, 2);
    let nic = &neighbourhood.nics[0];
    let name = format!("lan0 (index {})", nic.index());
    nic.delete();
    assert_eq!(listener.error(), format!("{name} left: it is gone"));
    nic.recreate(&["10.71.0.1/24"]);
    let name = format!("lan0 (index {})", nic.index());
    loop {
        let line = listener.error();
        if line == format!("{name} joined") {
            break;
        }
    }
    ifcast_tests::wait_until("the group is joined again", || {
        let groups = neighbourhood
            .ours
            .run(|| std::fs::read_to_string("/proc/thread-self/net/igmp"));
        let groups = groups.unwrap();
        // RFC 1112 in the kernel's own words: the address as a number of this machine.
        groups
            .matches(&format!("{:08X}", u32::from_ne_bytes([239, 71, 7, 7])))
            .count()
            == 2
    });
    socat(&neighbourhood.neighbours[0], GROUP, "again");
    assert!(
        listener
            .line()
            .ends_with(" multicast, hops 1, 5 bytes: again")
    );
}

#[test]
fn a_payload_that_speaks_to_terminals_is_disarmed() {
    let neighbourhood = Neighbourhood::new();
    let listener = Tool::listen(&neighbourhood.ours, &["listen", "-p", "2222"], 2);
    send(
        &neighbourhood.neighbours[0],
        "\x1b]0;owned\x07 grüß\n".as_bytes(),
    );
    let line = listener.line();
    assert!(line.ends_with(r": \u{1b}]0;owned\u{7} grüß\n"), "{line}");
}
