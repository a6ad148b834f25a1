//! Streams of `ifcast send --sequence`, as `ifcast listen --stats` and the wire have them.

use ifcast_netlab::{Host, Lab, Passage};
use ifcast_tests::is_installed;
use serde_json::{Value, json};

use crate::Neighbourhood;
use crate::tool::{Tool, assert_says, records, run_peer};

const GROUP: &str = "239.71.7.7";

/// Where a frame has the number of its datagram, if it is one of ours: behind the
/// headers of Ethernet, IPv4 and UDP.
fn number(frame: &[u8]) -> Option<u64> {
    let header = frame.get(42..)?;
    let number = header.get(16..24)?.try_into().ok()?;
    header
        .starts_with(b"ifcs\x01\0")
        .then(|| u64::from_be_bytes(number))
}

/// Starts a listener that measures, and waits until it listens.
#[track_caller]
fn measure(host: &Host, interfaces: usize) -> Tool {
    let arguments = ["listen", "-p", "2222", "-g", GROUP, "--stats", "--json"];
    let listener = Tool::start(host, &arguments);
    for _ in 0..interfaces {
        assert_eq!(listener.record()["type"], "listening");
    }
    listener
}

/// What is said at the end: of each stream, and of all.
#[track_caller]
fn interrupt(listener: Tool) -> (Vec<Value>, Value) {
    let mut said: Vec<Value> = listener
        .interrupt()
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let summary = said.pop().unwrap();
    assert_eq!(summary["type"], "summary");
    said.retain(|record| record["type"] != "dropped");
    assert!(
        said.iter().all(|record| record["type"] == "stream"),
        "{said:?}"
    );
    (said, summary)
}

/// Two streams at 50000 a second each: what the sender, the links and the listener count
/// is the same, but for what the kernel says that it dropped.
#[test]
fn of_fast_streams_on_two_interfaces_every_datagram_is_accounted_for() {
    const COUNT: u64 = 50_000;
    let lab = Lab::new();
    let [sender, receiver] = ["sender", "receiver"].map(|name| lab.host(name));
    for (i, name) in ["lan0", "lan1"].into_iter().enumerate() {
        let segment = lab.segment();
        segment.attach(&sender, name, &[&format!("10.71.{i}.1/24")]);
        segment.attach(&receiver, name, &[&format!("10.71.{i}.2/24")]);
    }
    let listener = measure(&receiver, 2);
    let before = Counts::of(&receiver);
    let count = COUNT.to_string();
    let to = [
        "send",
        "-p",
        "2222",
        "-g",
        GROUP,
        "--sequence",
        "--size",
        "100",
    ];
    let sent = records(
        &sender,
        &[&to[..], &["--rate", "50000/s", "-n", &count]].concat(),
    );
    let mut now = before;
    ifcast_tests::wait_until("all have come or are dropped", || {
        now = Counts::of(&receiver);
        now.udp - before.udp + now.backlog - before.backlog >= 2 * COUNT
    });
    for (i, record) in sent.iter().enumerate() {
        assert_eq!(
            (&record["datagrams"], &record["failed"]),
            (&COUNT.into(), &0.into())
        );
        assert_eq!(now.links[i] - before.links[i], COUNT, "on lan{i}");
    }
    // No more than what other tests may have had dropped.
    let arrived = now.udp - before.udp;
    assert!(arrived <= 2 * COUNT);
    assert!(2 * COUNT - arrived <= now.backlog - before.backlog);

    await_that_all_is_taken(&receiver);
    let (streams, summary) = interrupt(listener);
    let heard = summary["datagrams"].as_u64().unwrap();
    assert_eq!(
        heard + summary["dropped"].as_u64().unwrap(),
        arrived,
        "{summary}"
    );
    assert_eq!(streams.len(), 2, "{streams:?}");
    let mut received = 0;
    for stream in &streams {
        let is_of = |sent: &&Value| sent["interface"]["name"] == stream["interface"]["name"];
        assert_eq!(stream["stream"], sent.iter().find(is_of).unwrap()["stream"]);
        let number = |what: &str| stream["sequence"][what].as_u64().unwrap();
        assert_eq!(
            number("received") + number("lost"),
            number("expected"),
            "{stream}"
        );
        assert!(number("expected") <= COUNT, "{stream}");
        assert_eq!(
            ["duplicates", "reordered", "stale"].map(number),
            [0; 3],
            "{stream}"
        );
        received += number("received");
    }
    assert_eq!(received, heard);
}

/// What the kernel of a host counts.
#[derive(Clone, Copy)]
struct Counts {
    /// What arrived on `lan0` and on `lan1`.
    links: [u64; 2],
    /// What reached a UDP socket, and found room there or not.
    udp: u64,
    /// What found no room before that; of all hosts.
    backlog: u64,
}

impl Counts {
    fn of(host: &Host) -> Self {
        let read = |file: &str| {
            let file = format!("/proc/thread-self/net/{file}");
            host.run(|| std::fs::read_to_string(file).unwrap())
        };
        let [snmp, dev, softnet] = ["snmp", "dev", "softnet_stat"].map(read);
        // A line of names, then a line of numbers.
        let udp: Vec<Vec<_>> = snmp
            .lines()
            .filter_map(|line| line.strip_prefix("Udp: "))
            .map(|line| line.split(' ').collect())
            .collect();
        let of_udp = |name| {
            let place = udp[0].iter().position(|each| *each == name).unwrap();
            udp[1][place].parse::<u64>().unwrap()
        };
        let of_link = |name: &str| {
            let mut lines = dev.lines();
            let line = lines
                .find_map(|line| line.trim().strip_prefix(name))
                .unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap() // behind the bytes
        };
        let dropped = softnet.lines().map(|line| {
            let second = line.split(' ').nth(1).unwrap();
            u64::from_str_radix(second, 16).unwrap()
        });
        Self {
            links: ["lan0:", "lan1:"].map(of_link),
            udp: of_udp("InDatagrams") + of_udp("RcvbufErrors"),
            backlog: dropped.sum(),
        }
    }
}

/// Waits until nothing is queued for a listener any more.
#[track_caller]
fn await_that_all_is_taken(host: &Host) {
    ifcast_tests::wait_until("the listener has taken all", || {
        let sockets = host.run(|| std::fs::read_to_string("/proc/thread-self/net/udp"));
        let sockets = sockets.unwrap();
        let ours = sockets.lines().filter(|line| line.contains(":08AE "));
        // Behind the number, both addresses and the state: what is queued, each way.
        ours.filter_map(|line| line.split_whitespace().nth(4))
            .all(|queues| queues.ends_with(":00000000"))
    });
}

/// What a wire does with a datagram, and what the listener is to say of all of them.
#[track_caller]
fn assert_told(policy: fn(u64) -> Passage, expected: &Value, heard: u64) {
    const COUNT: &str = "1000";
    let lab = Lab::new();
    let [sender, receiver] = ["sender", "receiver"].map(|name| lab.host(name));
    let _wire = lab.unruly_wire(
        (&sender, "lan0", &["10.71.0.1/24"]),
        (&receiver, "lan0", &["10.71.0.2/24"]),
        move |frame| number(frame).map_or(Passage::Copies(1), policy),
    );
    let listener = measure(&receiver, 1);
    let to = [
        "send",
        "-p",
        "2222",
        "-g",
        GROUP,
        "--sequence",
        "--rate",
        "500/s",
        "-n",
        COUNT,
    ];
    let sent = records(&sender, &to);
    assert_eq!(sent[0]["datagrams"], 1000);
    let end = ["send", "-p", "2222", "-g", GROUP, "-q", "--payload", "end"];
    assert_says(&sender, &end, &[]);
    ifcast_tests::wait_until("the last has come", || {
        let snmp = receiver.run(|| std::fs::read_to_string("/proc/thread-self/net/snmp"));
        let snmp = snmp.unwrap();
        let mut lines = snmp.lines().filter_map(|line| line.strip_prefix("Udp: "));
        let came = lines
            .nth(1)
            .and_then(|line| line.split(' ').next().map(str::to_owned));
        came.unwrap().parse::<u64>().unwrap() > heard
    });
    let (streams, summary) = interrupt(listener);
    assert_eq!(
        (&summary["datagrams"], &summary["dropped"]),
        (&(heard + 1).into(), &0.into())
    );
    let stream = streams
        .iter()
        .find(|stream| stream["stream"] == sent[0]["stream"]);
    let stream = stream.unwrap();
    assert_eq!(stream["datagrams"], heard, "{stream}");
    assert_eq!(&stream["sequence"], expected);
    assert_eq!(stream["source"], "10.71.0.1");
    assert_eq!(
        (&stream["cast"], &stream["destination"]),
        (&"multicast".into(), &GROUP.into())
    );
}

#[test]
fn what_the_wire_loses_is_told_exactly() {
    let losing = |number| Passage::Copies(usize::from(number % 10 != 5));
    let expected = json!({
        "expected": 1000, "received": 900, "lost": 100,
        "duplicates": 0, "reordered": 0, "stale": 0,
    });
    assert_told(losing, &expected, 900);
}

#[test]
fn what_the_wire_doubles_is_told_exactly() {
    let doubling = |number| Passage::Copies(if number % 100 == 0 { 3 } else { 1 });
    let expected = json!({
        "expected": 1000, "received": 1000, "lost": 0,
        "duplicates": 20, "reordered": 0, "stale": 0,
    });
    assert_told(doubling, &expected, 1020);
}

#[test]
fn what_the_wire_reorders_is_told_exactly() {
    let reordering = |number| match number % 50 {
        7 => Passage::Behind(3),
        20 => Passage::Behind(1),
        _ => Passage::Copies(1),
    };
    let expected = json!({
        "expected": 1000, "received": 1000, "lost": 0,
        "duplicates": 0, "reordered": 40, "stale": 0,
    });
    assert_told(reordering, &expected, 1000);
}

#[test]
fn a_wire_that_does_all_of_it_is_told_exactly() {
    let unruly = |number| match number % 100 {
        3 | 4 => Passage::Copies(0),
        50 => Passage::Copies(2),
        80 => Passage::Behind(5),
        _ => Passage::Copies(1),
    };
    let expected = json!({
        "expected": 1000, "received": 980, "lost": 20,
        "duplicates": 10, "reordered": 10, "stale": 0,
    });
    assert_told(unruly, &expected, 990);
}

#[test]
fn a_stream_of_iperf_is_counted_although_it_has_other_numbers() {
    if !is_installed("iperf") {
        return;
    }
    let neighbourhood = Neighbourhood::new();
    let neighbour = &neighbourhood.neighbours[1];
    neighbour.host().add_route("224.0.0.0/4", neighbour, None);
    let listener = measure(&neighbourhood.ours, 2);
    // 200 of 100 bytes and the last one, sent again and again until somebody answers.
    run_peer(
        neighbour.host(),
        "iperf",
        &[
            "-c", GROUP, "-u", "-p", "2222", "-l", "100", "-b", "800k", "-n", "20000",
        ],
    );
    let (streams, summary) = interrupt(listener);
    assert_eq!(streams.len(), 1, "{streams:?}");
    let stream = &streams[0];
    assert_eq!(stream["interface"]["name"], "lan1");
    assert_eq!(
        (&stream["source"], &stream["sequence"]),
        (&"10.71.1.2".into(), &Value::Null)
    );
    assert!(stream["datagrams"].as_u64() > Some(200), "{stream}");
    assert_eq!(
        stream["bytes"].as_u64(),
        stream["datagrams"].as_u64().map(|count| count * 100)
    );
    assert_eq!(summary["datagrams"], stream["datagrams"]);
}

#[test]
fn the_table_of_streams_says_it_in_words() {
    let neighbourhood = Neighbourhood::new();
    let arguments = ["listen", "-p", "2222", "--stats", "-n", "10"];
    let listener = Tool::listen(neighbourhood.neighbours[0].host(), &arguments, 1);
    let to = [
        "send",
        "-p",
        "2222",
        "--broadcast",
        "-n",
        "10",
        "--rate",
        "1k/s",
        "--sequence",
    ];
    assert!(crate::tool::run(&neighbourhood.ours, &to).status.success());
    let ended = listener.end();
    assert!(ended.status.success(), "{ended:?}");
    let [header, stream, summary] = ended.lines.as_slice() else {
        panic!("{ended:?}");
    };
    let columns: Vec<_> = header.split_whitespace().collect();
    assert_eq!(
        columns[..8],
        [
            "interface",
            "source",
            "destination",
            "datagrams",
            "rate",
            "lost",
            "twice",
            "late"
        ]
    );
    let values: Vec<_> = stream.split_whitespace().collect();
    assert_eq!(values[0], "lan0");
    assert!(values[1].starts_with("10.71.0.1:"), "{stream}");
    assert_eq!(values[2..4], ["255.255.255.255", "10"]);
    assert_eq!(values[5..8], ["0", "0", "0"]);
    assert!(
        summary.starts_with("10 datagrams, 320 bytes in "),
        "{summary}"
    );
}
