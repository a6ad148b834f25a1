//! `ifcast ping` and `ifcast pong`, each other's peers and Python's.

use ifcast_netlab::Host;
use ifcast_tests::{Program, is_installed, wait_until};
use serde_json::Value;

use crate::Neighbourhood;
use crate::tool::{Tool, records, run, run_peer};

/// Answers as the documentation of the header says, each question twice.
const RESPONDER: &str = r#"
import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 47474))
print("ready", flush=True)
while True:
    data, who = s.recvfrom(2048)
    magic, version, kind, length, stream, number, sent = struct.unpack(">4sBBHQQQ", data[:32])
    assert (magic, version, kind, length) == (b"ifcs", 1, 1, 32), data
    def answer(stream):
        s.sendto(struct.pack(">4sBBHQQQ", magic, version, 2, length, stream, number, sent), who)
    answer(stream ^ 1) # somebody else's
    answer(stream)
    answer(stream)
"#;

/// Asks as the documentation of the header says, and prints what comes.
const QUESTIONER: &str = r#"
import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.settimeout(10)
question = struct.pack(">4sBBHQQQ", b"ifcs", 1, 1, 32, 77, 5, 9) + b"and more"
an_answer = struct.pack(">4sBBHQQQ", b"ifcs", 1, 2, 32, 77, 4, 9)
for datagram in b"ifcs, but not a question", an_answer, question:
    s.sendto(datagram, ("10.71.0.255", 47474))
answer, who = s.recvfrom(2048)
print(who[0], who[1], struct.unpack(">4sBBHQQQ", answer[:32]), answer[32:])
"#;

fn responder<'a>(records: &'a [Value], source: &str) -> &'a Value {
    let mut responders = records
        .iter()
        .filter(|record| record["type"] == "responder");
    let found = responders.find(|record| record["source"] == source);
    found.unwrap_or_else(|| panic!("{source} is not in {records:?}"))
}

#[test]
fn everybody_answers_on_the_interface_where_he_is() {
    let neighbourhood = Neighbourhood::new();
    let third = neighbourhood.lab.host("third");
    neighbourhood.segments[1].attach(&third, "lan0", &["10.71.1.3/24", "fe80::71:3/64"]);
    let [left, right] = neighbourhood.neighbours.each_ref().map(|nic| nic.host());
    for (whom, sources) in [
        (
            &["--broadcast"][..],
            ["10.71.0.2", "10.71.1.2", "10.71.1.3"],
        ),
        (
            &["--group", "239.71.7.7"],
            ["10.71.0.2", "10.71.1.2", "10.71.1.3"],
        ),
        (
            &["--group", "ff02::71:7"],
            ["fe80::70:2", "fe80::71:2", "fe80::71:3"],
        ),
    ] {
        let pong = ["pong", "-g", "239.71.7.7", "-g", "ff02::71:7", "-n", "3"];
        let pongs = [left, right, &third].map(|host| Tool::listen(host, &pong, 1));
        let ping = [&["ping", "-n", "3", "--interval", "20ms"], whom].concat();
        let records = records(&neighbourhood.ours, &ping);
        for (i, source) in sources.into_iter().enumerate() {
            let nic = &neighbourhood.nics[i.min(1)];
            let source = match source.contains(':') {
                true => format!("{source}%{}", nic.index()),
                false => source.to_owned(),
            };
            let record = responder(&records, &source);
            assert_eq!(record["interface"]["index"], nic.index());
            let counts = ["asked", "answered", "lost", "duplicates"];
            assert_eq!(
                counts.map(|what| record[what].as_u64().unwrap()),
                [3, 3, 0, 0]
            );
            let times = &record["round_trip_ns"];
            let times = ["least", "average", "p99", "most"].map(|what| times[what].as_u64());
            assert!(times[0] > Some(0) && times[0] <= times[1], "{record}");
            assert!(times[1] <= times[3] && times[2] <= times[3], "{record}");
        }
        let summary = records.last().unwrap();
        assert_eq!(
            (&summary["asked"], &summary["responders"]),
            (&6.into(), &3.into())
        );
        let answers = records.iter().filter(|record| record["type"] == "answer");
        assert_eq!(answers.count(), 9);
        for pong in pongs {
            let ended = pong.end();
            assert!(
                ended.status.success() && ended.lines.len() == 3,
                "{ended:?}"
            );
            assert!(ended.lines[0][16..].starts_with("answered "), "{ended:?}");
        }
    }
}

#[test]
fn a_program_that_knows_only_the_documented_header_answers_and_is_answered() {
    if !is_installed("python3") {
        return;
    }
    let neighbourhood = Neighbourhood::new();
    let left = neighbourhood.neighbours[0].host();
    let python = Program::start(left, "python3", &["-c", RESPONDER]);
    assert_eq!(python.line(), "ready");
    let records = records(
        &neighbourhood.ours,
        &["ping", "--broadcast", "-n", "2", "--interval", "1ms"],
    );
    let record = responder(&records, "10.71.0.2");
    let counts = ["asked", "answered", "lost", "duplicates"];
    assert_eq!(
        counts.map(|what| record[what].as_u64().unwrap()),
        [2, 2, 0, 2],
        "{record}"
    );
    drop(python);

    let pong = Tool::listen(&neighbourhood.ours, &["pong"], 2);
    let said = run_peer(left, "python3", &["-c", QUESTIONER]);
    assert_eq!(
        said.trim(),
        "10.71.0.1 47474 (b'ifcs', 1, 2, 32, 77, 5, 9) b'and more'"
    );
    assert!(pong.line().ends_with(" on lan0, number 5"));
    assert!(pong.interrupt().is_empty());
}

#[test]
fn who_does_not_answer_every_question_is_told_to_have_missed_some() {
    let neighbourhood = Neighbourhood::new();
    let left = neighbourhood.neighbours[0].host();
    let pong = Tool::listen(left, &["pong", "-n", "2"], 1);
    let ping = [
        "ping",
        "--broadcast",
        "-n",
        "5",
        "--interval",
        "10ms",
        "--wait",
        "100ms",
    ];
    let output = run(&neighbourhood.ours, &ping);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    let last = said.lines().last().unwrap();
    assert_eq!(last, "10 questions, 1 responder, 3 answers missing");
    assert!(pong.end().status.success());
}

/// Whether anybody listens for questions on a host.
fn listens(host: &Host) -> bool {
    let sockets = host.run(|| std::fs::read_to_string("/proc/thread-self/net/udp"));
    sockets.unwrap().contains(&format!(":{:04X} ", 47474))
}

#[test]
fn an_interrupted_ping_says_who_answered_so_far() {
    let neighbourhood = Neighbourhood::new();
    let left = neighbourhood.neighbours[0].host();
    let _pong = Tool::start(left, &["pong", "--quiet"]);
    wait_until("somebody answers", || listens(left));
    let mut ping = crate::tool::command(&["ping", "--broadcast", "--interval", "10ms", "--json"]);
    ping.stdout(std::process::Stdio::piped());
    let mut ping = neighbourhood.ours.run(|| ping.spawn()).unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(ping.stdout.take().unwrap()));
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(next()["type"], "answer");
    let pid = nix::unistd::Pid::from_raw(i32::try_from(ping.id()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).unwrap();
    let last = std::iter::from_fn(|| Some(next())).find(|record| record["type"] != "answer");
    assert_eq!(last.unwrap()["source"], "10.71.0.2");
    assert!(ping.wait().unwrap().success());
}
