//! `ifcast send`.

use ifcast_netlab::{Capture, Frame};
use ifcast_tests::{Judge, ip};

use crate::Neighbourhood;
use crate::tool::{assert_says, records, run, run_with_input};

const PORT: u16 = 2222;

impl Neighbourhood {
    fn judges(&self) -> [Judge; 2] {
        let groups = ["239.71.7.7", "ff02::71:7"].map(ip);
        self.neighbours
            .each_ref()
            .map(|nic| Judge::listen(nic, PORT, &groups))
    }
}

/// What the neighbours hear next: the same payloads, each from our address there.
#[track_caller]
fn assert_heard(judges: &[Judge; 2], payloads: &[&[u8]]) {
    for (i, judge) in judges.iter().enumerate() {
        for ((heard, source), sent) in judge.hear(payloads.len()).iter().zip(payloads) {
            assert_eq!(heard, sent);
            let own = [format!("10.71.{i}.1"), format!("fe80::7{i}:1")].map(|own| ip(&own));
            assert!(own.contains(&source.ip()), "{source}");
        }
    }
}

#[test]
fn what_is_sent_leaves_by_every_interface_and_is_told_for_each() {
    let neighbourhood = Neighbourhood::new();
    let (ours, judges) = (&neighbourhood.ours, neighbourhood.judges());
    let [first, second] = neighbourhood.nics.each_ref().map(|nic| nic.index());
    let sent = |to: [&str; 2], from: [&str; 2]| {
        [
            format!("lan0 (index {first}): sent to {} from {}", to[0], from[0]),
            format!("lan1 (index {second}): sent to {} from {}", to[1], from[1]),
        ]
    };
    let v4 = ["10.71.0.1", "10.71.1.1"];
    let v6 = ["fe80::70:1", "fe80::71:1"];
    for (target, expected) in [
        (&["--broadcast"][..], sent(["255.255.255.255:2222"; 2], v4)),
        (
            &["--broadcast", "limited"],
            sent(["255.255.255.255:2222"; 2], v4),
        ),
        (
            &["--broadcast", "directed"],
            sent(["10.71.0.255:2222", "10.71.1.255:2222"], v4),
        ),
        (&["--group", "239.71.7.7"], sent(["239.71.7.7:2222"; 2], v4)),
        (
            &["--group", "ff02::71:7"],
            sent(["[ff02::71:7]:2222"; 2], v6),
        ),
    ] {
        let arguments = [&["send", "--port", "2222", "--payload", "hello"], target].concat();
        assert_says(ours, &arguments, &expected.each_ref().map(String::as_str));
        assert_heard(&judges, &[b"hello"]);
    }
    for judge in &judges {
        judge.assert_silent();
    }
}

#[test]
fn one_host_is_reached_by_the_interface_that_has_it_in_a_subnet() {
    let neighbourhood = Neighbourhood::new();
    let judges = neighbourhood.judges();
    let index = neighbourhood.nics[1].index();
    let said = format!("lan1 (index {index}): sent to 10.71.1.2:2222 from 10.71.1.1");
    assert_says(
        &neighbourhood.ours,
        &["send", "-p", "2222", "--to", "10.71.1.2"],
        &[&said],
    );
    assert_eq!(judges[1].hear(1)[0].0, b"");
    judges[0].assert_silent();
}

#[test]
fn the_payload_is_what_is_asked_for() {
    let neighbourhood = Neighbourhood::new();
    let (ours, judges) = (&neighbourhood.ours, neighbourhood.judges());
    let file = std::env::temp_dir().join(format!("ifcast-payload-{}", std::process::id()));
    std::fs::write(&file, b"from a\0file\n").unwrap();
    for (option, payload) in [
        (&[][..], &b""[..]),
        (&["--payload", "grüß"], "grüß".as_bytes()),
        (&["--hex", "00 ff:7f"], b"\x00\xff\x7f"),
        (&["--file", file.to_str().unwrap()], b"from a\0file\n"),
        (&["--size", "20"], b"0123456789abcdef0123"),
        (&["--size", "0"], b""),
    ] {
        let arguments = [&["send", "-p", "2222", "--broadcast", "-q"], option].concat();
        assert_says(ours, &arguments, &[]);
        assert_heard(&judges, &[payload]);
    }
    std::fs::remove_file(file).unwrap();
    for (input, lines) in [
        (
            &b"one\n\nthree\x00\nfour"[..],
            &[&b"one"[..], b"", b"three\x00", b"four"][..],
        ),
        (b"", &[]),
    ] {
        let arguments = ["send", "-p", "2222", "--broadcast", "--stdin", "--quiet"];
        let output = run_with_input(ours, &arguments, input);
        assert_eq!(
            output.status.code(),
            Some(i32::from(lines.is_empty())),
            "{output:?}"
        );
        assert_heard(&judges, lines);
    }
}

#[test]
fn so_many_are_sent_at_whatever_rate_with_a_header_if_that_is_asked_for() {
    let neighbourhood = Neighbourhood::new();
    let (ours, judges) = (&neighbourhood.ours, neighbourhood.judges());
    for (pace, count) in [
        (&["--rate", "max"][..], 200),
        (&["--rate", "10k/s"], 200),
        (&["--interval", "1ms"], 20),
    ] {
        let number = count.to_string();
        let to = [
            "send",
            "-p",
            "2222",
            "-g",
            "239.71.7.7",
            "--payload",
            "x",
            "--sequence",
        ];
        let records = records(ours, &[&to, pace, &["-n", &number]].concat());
        for (i, (record, judge)) in records.iter().zip(&judges).enumerate() {
            assert_eq!(record["interface"]["name"], format!("lan{i}"));
            assert_eq!(
                (&record["datagrams"], &record["failed"]),
                (&count.into(), &0.into())
            );
            for (place, (heard, _)) in (0_u64..).zip(judge.hear(count)) {
                assert_eq!(heard[..8], *b"ifcs\x01\0\0\x20");
                let stream = u64::from_be_bytes(heard[8..16].try_into().unwrap());
                assert_eq!(record["stream"], format!("{stream:016x}"));
                assert_eq!(u64::from_be_bytes(heard[16..24].try_into().unwrap()), place);
                assert_eq!(heard[32..], *b"x");
            }
            judge.assert_silent();
        }
        assert_eq!(records.len(), 2);
    }
}

#[test]
fn hops_are_those_asked_for_and_else_one_to_a_group() {
    let neighbourhood = Neighbourhood::new();
    let mut capture = neighbourhood.segments[0].capture();
    let to_group = ["send", "-p", "2222", "--group", "239.71.7.7"];
    for (arguments, hops) in [
        (&to_group[..], 1),
        (&[&to_group[..], &["--hops", "7"]].concat(), 7),
        (&["send", "-p", "2222", "--broadcast", "--hops", "9"], 9),
    ] {
        assert!(run(&neighbourhood.ours, arguments).status.success());
        assert_eq!(datagram(&mut capture).udp().unwrap().hops, hops);
    }
}

#[test]
fn a_directed_broadcast_goes_to_each_subnet_from_the_address_there() {
    let neighbourhood = Neighbourhood::new();
    neighbourhood.nics[0].add_address("10.72.0.1/16");
    let mut capture = neighbourhood.segments[0].capture();
    let arguments = [
        "send",
        "-p",
        "2222",
        "--broadcast",
        "directed",
        "-i",
        "lan0",
    ];
    let arguments = [
        &arguments[..],
        &["-n", "3", "--rate", "max", "--payload", "x"],
    ]
    .concat();
    assert!(run(&neighbourhood.ours, &arguments).status.success());
    for (destination, source) in [("10.71.0.255", "10.71.0.1"), ("10.72.255.255", "10.72.0.1")] {
        for _ in 0..3 {
            let frame = datagram(&mut capture);
            let udp = frame.udp().unwrap();
            assert_eq!(udp.destination.ip(), ip(destination));
            assert_eq!(udp.source.ip(), ip(source));
        }
    }
}

fn datagram(capture: &mut Capture) -> Frame {
    let frames = capture.frames_until(|frame| {
        let port = frame.udp().map(|udp| udp.destination.port());
        port == Some(PORT)
    });
    frames.last().unwrap().clone()
}

#[test]
fn one_interface_that_fails_does_not_stop_the_others_and_is_named() {
    let neighbourhood = Neighbourhood::new();
    let judges = neighbourhood.judges();
    neighbourhood.nics[0].set_mtu(1000);
    let arguments = ["send", "-p", "2222", "--broadcast", "--size", "1400"];
    let output = run(&neighbourhood.ours, &arguments);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.starts_with("lan1 (index ") && said.lines().count() == 1,
        "{said}"
    );
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(
        complaint.starts_with("ifcast: send 1400 bytes on lan0 "),
        "{complaint}"
    );
    assert_eq!(judges[1].hear(1)[0].0.len(), 1400);
    judges[0].assert_silent();
}
