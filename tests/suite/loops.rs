//! A LAN in loops of one's own, in other threads, and when nothing happens.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeMap;
use std::fs;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use ifcast::socket::BoundSocket;
use ifcast::{Event, EventLoop, Family, Group, Lan, Sockets, Waiting, Waker};
use ifcast_netlab::{Host, RecordKind};
use ifcast_tests::{Star, activity, interface, ip, socket_on, wait_until};
use mio::{Events, Interest, Poll, Token};

const PORT: u16 = 2222;
const PATIENCE: Duration = Duration::from_secs(20);
const WAYS: [Sockets; 2] = [Sockets::PerInterface, Sockets::Shared];
const GROUPS: [&str; 2] = ["239.71.7.7", "ff02::71:7"];

fn lan(host: &Host, sockets: Sockets) -> Lan {
    let builder = Lan::builder()
        .port(PORT)
        .sockets(sockets)
        .receive_buffer(8 << 20);
    let groups = GROUPS.iter().map(|group| group.parse().unwrap());
    let builder = groups.fold(builder, |builder, group: Group| builder.join(group));
    host.run(|| builder.build()).unwrap()
}

/// A loop that has other things to do than ours.
struct OwnLoop {
    poll: Poll,
    events: Events,
}

impl OwnLoop {
    fn with(lan: &mut Lan) -> Self {
        let poll = Poll::new().unwrap();
        let registry = poll.registry();
        registry
            .register(lan, Token(7), Interest::READABLE)
            .unwrap();
        Self {
            poll,
            events: Events::with_capacity(1),
        }
    }

    /// Waits as the documentation says; fails if it waits in vain.
    #[track_caller]
    fn turn(&mut self, lan: &mut Lan, visit: impl FnMut(Event<'_>)) {
        let now = Instant::now();
        let left = |deadline: Instant| deadline.saturating_duration_since(now);
        let timeout = lan.next_deadline().map_or(PATIENCE, left);
        self.poll.poll(&mut self.events, Some(timeout)).unwrap();
        let waited = now.elapsed();
        assert!(!self.events.is_empty() || waited < PATIENCE, "it is deaf");
        lan.poll(Some(Duration::ZERO), visit).unwrap();
    }
}

#[test]
fn in_a_loop_of_ones_own_nothing_is_missed_however_much_comes_at_once() {
    const BURST: usize = 700; // more than one turn may take
    let star = Star::<3>::new();
    for sockets in WAYS {
        let mut lan = lan(&star.hub, sockets);
        let mut own = OwnLoop::with(&mut lan);
        for _ in 0..3 {
            for end in &star.ends {
                let speaker = socket_on(end, Family::V4);
                for _ in 0..BURST {
                    speaker
                        .send(b"hello", (ip("255.255.255.255"), PORT).into())
                        .unwrap();
                }
            }
            let mut heard: BTreeMap<u32, usize> = BTreeMap::new();
            star.hub.run(|| {
                while heard.values().sum::<usize>() < 3 * BURST {
                    own.turn(&mut lan, |event| match event {
                        Event::Datagram(datagram) => {
                            *heard.entry(datagram.interface().index().get()).or_default() += 1;
                        }
                        event => panic!("{event:?}"),
                    });
                }
            });
            let expected = star.nics.each_ref().map(|nic| (nic.index(), BURST));
            assert_eq!(heard, BTreeMap::from(expected));
        }
    }
}

#[test]
fn in_a_loop_of_ones_own_it_follows_the_interfaces() {
    let star = Star::<2>::new();
    for sockets in WAYS {
        let mut lan = lan(&star.hub, sockets);
        let mut own = OwnLoop::with(&mut lan);
        let mut await_word = |expected: &str| {
            star.hub.run(|| {
                let mut said = String::new();
                while said != expected {
                    own.turn(&mut lan, |event| match event {
                        Event::InterfaceJoined { interface } => {
                            said = format!("{} joined", interface.name());
                        }
                        Event::InterfaceLeft { interface, .. } => {
                            said = format!("{} left", interface.name());
                        }
                        _ => {}
                    });
                }
            });
        };
        star.nics[1].plug(false);
        await_word("lan1 left");
        star.nics[1].plug(true);
        await_word("lan1 joined");
    }
}

#[test]
fn another_thread_wakes_it_to_stop_and_the_groups_are_left() {
    let star = Star::<1>::new();
    for sockets in WAYS {
        let mut lan = lan(&star.hub, sockets);
        let waker = lan.waker().unwrap();
        let mut capture = star.ends[0].capture();
        let (tell, orders) = mpsc::channel();
        let running = star.hub.spawn(move || {
            let mut woken = 0;
            loop {
                let is_told = lan.poll(None, |event| match event {
                    Event::Woken => woken += 1,
                    event => panic!("{event:?}"),
                });
                assert_eq!(is_told.unwrap(), 0);
                if orders.try_iter().any(|order| order == "stop") {
                    return woken;
                }
            }
        });
        for order in ["go on", "go on", "stop"] {
            tell.send(order).unwrap();
            waker.wake().unwrap();
        }
        // Who is woken again before he has looked was woken once.
        assert!((1..=3).contains(&running.join()));
        for group in GROUPS {
            capture.records_until(&star.nics[0], ip(group), |record| {
                record.kind == RecordKind::ToInclude && record.sources.is_empty()
            });
        }
    }
}

#[test]
fn who_is_woken_before_he_waits_does_not_wait_however_he_waits() {
    let star = Star::<1>::new();
    for waiting in [
        Waiting::Park,
        Waiting::SpinThenPark(Duration::from_millis(1)),
        Waiting::Nap(Duration::from_millis(1)),
    ] {
        let builder = Lan::builder().port(PORT).waiting(waiting);
        let mut lan = star.hub.run(|| builder.build()).unwrap();
        let wakers: [Waker; 2] = [lan.waker().unwrap(), lan.waker().unwrap()];
        for _ in 0..2 {
            wakers.iter().for_each(|waker| waker.wake().unwrap());
            let mut woken = 0;
            lan.poll(Some(PATIENCE), |event| {
                assert!(matches!(event, Event::Woken), "{event:?}");
                woken += 1;
            })
            .unwrap();
            assert_eq!(woken, 1);
            let told = lan.poll(Some(Duration::ZERO), |event| panic!("{event:?}"));
            assert_eq!(told.unwrap(), 0);
        }
    }
}

#[test]
fn in_a_loop_of_ones_own_no_socket_is_forgotten_however_many_there_are() {
    const MANY: usize = 600; // more than can report at once
    let star = Star::<1>::new();
    let mut sockets = EventLoop::new().unwrap();
    let speaker = socket_on(&star.ends[0], Family::V4);
    let mut poll = Poll::new().unwrap();
    let registry = poll.registry();
    registry
        .register(&mut sockets, Token(7), Interest::READABLE)
        .unwrap();
    let open = || socket_on(&star.nics[0], Family::V4);
    let opened: Vec<_> = std::iter::repeat_with(open).take(MANY).collect();
    let ports: Vec<u16> = opened.iter().map(BoundSocket::port).collect();
    for socket in opened {
        sockets.add(socket).unwrap();
    }
    for port in ports {
        speaker
            .send(b"hello", (ip("10.71.0.1"), port).into())
            .unwrap();
    }
    let (mut events, mut heard) = (Events::with_capacity(1), 0);
    while heard < MANY {
        let timeout = if sockets.is_due() {
            Duration::ZERO
        } else {
            PATIENCE
        };
        poll.poll(&mut events, Some(timeout)).unwrap();
        assert!(sockets.is_due() || !events.is_empty(), "{heard} of {MANY}");
        heard += sockets.poll(Some(Duration::ZERO), |_, _| {}).unwrap();
    }
}

#[test]
fn an_event_loop_is_woken_too_and_the_datagrams_are_handed_over() {
    let star = Star::<1>::new();
    let mut sockets = EventLoop::new().unwrap();
    let socket = socket_on(&star.nics[0], Family::V4);
    let to = (ip("10.71.0.1"), socket.port()).into();
    sockets.add(socket).unwrap();
    let waker = sockets.waker().unwrap();
    socket_on(&star.ends[0], Family::V4)
        .send(b"hello", to)
        .unwrap();
    wait_until("it has come", || {
        sockets.poll(Some(PATIENCE), |_, _| {}).unwrap() == 1
    });
    assert!(!sockets.take_woken() && !sockets.is_due());
    let waking = thread::spawn(move || waker.wake());
    assert_eq!(sockets.poll(None, |_, _| {}).unwrap(), 0);
    assert!(sockets.is_due());
    assert!(sockets.take_woken() && !sockets.take_woken());
    waking.join().unwrap().unwrap();
}

#[test]
fn when_nothing_happens_it_sleeps_and_nothing_wakes_it() {
    const WHILE: Duration = Duration::from_secs(3);
    let star = Star::<4>::new();
    for sockets in WAYS {
        let mut lan = lan(&star.hub, sockets);
        let waker = lan.waker().unwrap();
        assert_eq!(lan.next_deadline(), None, "it would wake up by itself");
        let (tell, told) = mpsc::channel();
        let sleeping = star.hub.spawn(move || {
            let thread = fs::read_link("/proc/thread-self").unwrap();
            let thread = thread.file_name().unwrap().to_str().unwrap().to_owned();
            tell.send(thread).unwrap();
            lan.poll(None, |event| {
                assert!(matches!(event, Event::Woken), "{event:?}");
            })
            .unwrap();
            lan
        });
        let thread = told.recv().unwrap();
        // What the interfaces have become of late may have to be heard first.
        let mut before = activity(&thread);
        wait_until("it sleeps", || {
            thread::sleep(WHILE / 10);
            std::mem::replace(&mut before, activity(&thread)) == before
        });
        thread::sleep(WHILE);
        assert_eq!(activity(&thread), before);
        waker.wake().unwrap();
        let lan = sleeping.join();
        assert_eq!(lan.next_deadline(), None, "it would wake up by itself");
        let ours = interface(&star.nics[0]).id();
        assert!(lan.interfaces().any(|interface| interface == ours));
    }
}
