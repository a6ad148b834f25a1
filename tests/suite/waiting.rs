//! Waiting in every way.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ifcast::socket::BoundSocket;
use ifcast::{Event, EventLoop, Family, Lan, Waiting};
use ifcast_netlab::{Lab, Nic, Task};
use ifcast_tests::{interface, ip};

const PORT: u16 = 2222;
const PATIENCE: Duration = Duration::from_secs(10);
const MOMENT: Duration = Duration::from_millis(20);
const NEVER_ENDING: Duration = Duration::MAX;

/// What one socket may hand over in its turn.
const TURN: usize = 2 * 32;

const WAYS: [Waiting; 8] = [
    Waiting::Park,
    Waiting::SpinThenPark(Duration::ZERO),
    Waiting::SpinThenPark(Duration::from_micros(50)),
    Waiting::SpinThenPark(Duration::from_millis(2)),
    Waiting::SpinThenPark(NEVER_ENDING),
    Waiting::Nap(Duration::ZERO),
    Waiting::Nap(Duration::from_micros(50)),
    Waiting::Nap(Duration::from_millis(2)),
];

/// Two hosts on two segments.
struct Pair {
    _lab: Lab,
    near: [Nic; 2],
    far: [Nic; 2],
}

impl Pair {
    fn new() -> Self {
        let lab = Lab::new();
        let segments = [lab.segment(), lab.segment()];
        let attach = |host: &str, end| {
            let host = lab.host(host);
            let nic = |i: usize| {
                let address = format!("10.71.{i}.{end}/24");
                segments[i].attach(&host, &format!("lan{i}"), &[&address])
            };
            [nic(0), nic(1)]
        };
        let (near, far) = (attach("near", 1), attach("far", 2));
        Self {
            _lab: lab,
            near,
            far,
        }
    }

    fn lan(&self, waiting: Waiting) -> Lan {
        let builder = Lan::builder().port(PORT).receive_buffer(1 << 20);
        let builder = builder.waiting(waiting);
        self.far[0].host().run(|| builder.build()).unwrap()
    }

    /// Broadcasts numbers on one segment, a pause after each so many.
    fn send(&self, segment: usize, numbers: Vec<u32>, burst: usize, pause: Duration) -> Task<()> {
        let interface = interface(&self.near[segment]);
        self.near[segment].host().spawn(move || {
            let socket = BoundSocket::builder(&interface, Family::V4).bind().unwrap();
            let everyone = SocketAddr::new(ip("255.255.255.255"), PORT);
            for numbers in numbers.chunks(burst) {
                for number in numbers {
                    socket.send(&number.to_ne_bytes(), everyone).unwrap();
                }
                thread::sleep(pause);
            }
        })
    }
}

fn number(event: &Event<'_>) -> u32 {
    match event {
        Event::Datagram(datagram) => u32::from_ne_bytes(datagram.payload().try_into().unwrap()),
        event => panic!("{event:?}"),
    }
}

#[test]
fn however_it_waits_everything_arrives_once() {
    let pair = Pair::new();
    for waiting in WAYS {
        let mut lan = pair.lan(waiting);
        for (count, burst, pause) in [
            (200, 1, Duration::from_micros(1)),
            (200, 3, Duration::from_micros(200)),
            (3 * TURN, TURN + 1, Duration::from_millis(3)),
        ] {
            let all: Vec<_> = (0..2 * u32::try_from(count).unwrap()).collect();
            let (first, second) = all.split_at(count);
            let senders = [
                pair.send(0, first.to_vec(), burst, pause),
                pair.send(1, second.to_vec(), burst, pause),
            ];
            let mut heard = Vec::new();
            while heard.len() < all.len() {
                let more = lan.poll(Some(PATIENCE), |event| heard.push(number(&event)));
                let so_far = heard.len();
                assert!(more.unwrap() > 0, "{waiting:?}: {so_far} of {}", all.len());
            }
            heard.sort_unstable();
            assert_eq!(heard, all, "{waiting:?}");
            senders.into_iter().for_each(Task::join);
        }
        let more = lan.poll(Some(MOMENT), |event| panic!("{event:?}"));
        assert_eq!(more.unwrap(), 0);
    }
}

#[test]
fn a_wait_ends_with_its_timeout_or_with_what_arrives_whatever_came_before() {
    let pair = Pair::new();
    for waiting in WAYS {
        let mut lan = pair.lan(waiting);
        let (go, gone) = mpsc::channel();
        let interface = interface(&pair.near[0]);
        let sender = pair.near[0].host().spawn(move || {
            let socket = BoundSocket::builder(&interface, Family::V4).bind().unwrap();
            let everyone = SocketAddr::new(ip("255.255.255.255"), PORT);
            for count in gone {
                (0..count).for_each(|_| socket.send(&[0; 4], everyone).unwrap());
            }
        });
        // One at a time, which makes naps fail, and several, which makes them pay.
        for round in 0..60 {
            for timeout in [Duration::ZERO, Duration::from_nanos(1), MOMENT / 20] {
                let more = lan.poll(Some(timeout), |event| panic!("{event:?}"));
                assert_eq!(more.unwrap(), 0, "{waiting:?}");
            }
            let count = if round % 10 < 5 { 1 } else { 3 };
            go.send(count).unwrap();
            let mut heard = 0;
            while heard < count {
                let timeout = (round % 2 == 0).then_some(PATIENCE);
                let more = lan.poll(timeout, |event| assert_eq!(number(&event), 0));
                let more = more.unwrap();
                assert!(more > 0, "{waiting:?}: {heard} of {count}");
                heard += more;
            }
        }
        drop(go);
        sender.join();
    }
}

#[test]
fn a_wait_that_may_not_last_as_long_as_a_nap_has_none() {
    let pair = Pair::new();
    let mut lan = pair.lan(Waiting::Nap(NEVER_ENDING));
    // Whatever the distance of what comes, it is less than such a nap.
    let sender = pair.send(0, (0..8).collect(), 1, Duration::ZERO);
    let mut heard = 0;
    while heard < 8 {
        let more = lan.poll(Some(PATIENCE), |event| assert!(number(&event) < 8));
        assert!(more.as_ref().is_ok_and(|more| *more > 0), "{more:?}");
        heard += more.unwrap();
    }
    sender.join();
    for timeout in [Duration::ZERO, MOMENT] {
        let more = lan.poll(Some(timeout), |event| panic!("{event:?}"));
        assert_eq!(more.unwrap(), 0);
    }
}

#[test]
fn a_loop_of_sockets_is_told_how_to_wait_at_any_time() {
    let pair = Pair::new();
    let mut sockets = EventLoop::new().unwrap();
    let interface = interface(&pair.far[0]);
    let builder = BoundSocket::builder(&interface, Family::V4).port(PORT);
    let socket = pair.far[0].host().run(|| builder.bind()).unwrap();
    sockets.add(socket).unwrap();
    assert_eq!(sockets.waiting(), Waiting::Park);
    for waiting in WAYS {
        sockets.set_waiting(waiting);
        assert_eq!(sockets.waiting(), waiting);
        let sender = pair.send(0, vec![0; TURN + 5], 50, Duration::ZERO);
        let mut heard = 0;
        while heard < TURN + 5 {
            let more = sockets.poll(Some(PATIENCE), |_, datagram| assert!(datagram.is_ok()));
            let more = more.unwrap();
            assert!(more > 0, "{waiting:?}: {heard}");
            heard += more;
        }
        sender.join();
        let more = sockets.poll(Some(MOMENT), |_, datagram| panic!("{datagram:?}"));
        assert_eq!(more.unwrap(), 0);
    }
}
