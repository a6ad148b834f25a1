//! How much memory is allocated once everything has settled: none, for a datagram
//! or for a wake, whichever way it goes.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::VecDeque;
use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use ifcast::socket::{BoundSocket, Course, PacketInfo, SendBatch, SharedSocket, ToSend};
use ifcast::{
    AsyncLan, Datagram, Deduplication, Event, Family, Group, Incoming, Lan, LanBuilder, Metadata,
    PayloadPool, RateLimit, RecvBatch, Sockets, To, Waiting,
};
use ifcast_netlab::{Host, Lab};
use ifcast_tests::{Star, interface, ip, socket_on};

const PORT: u16 = 2222;
const PATIENCE: Duration = Duration::from_secs(10);
const EVERYBODY: &str = "255.255.255.255";
const GROUPS: [&str; 2] = ["239.71.7.1", "ff15::71:1"];
const HOLDINGS: [Sockets; 2] = [Sockets::PerInterface, Sockets::Shared];
const WAITINGS: [Waiting; 3] = [
    Waiting::Park,
    Waiting::SpinThenPark(MOMENT),
    Waiting::Nap(MOMENT),
];
const MOMENT: Duration = Duration::from_micros(100);
/// How often to do what is to settle, and then what is counted.
const REPETITIONS: usize = 10;
const ALL: Metadata = Metadata {
    hops: true,
    traffic_class: true,
    timestamp: true,
    drops: true,
};

/// All interfaces of the host, in all groups.
fn lan_of(star: &Star<3>, sockets: Sockets, waiting: Waiting) -> Lan {
    let builder = Lan::builder()
        .port(PORT)
        .sockets(sockets)
        .waiting(waiting)
        .metadata(ALL)
        .multicast_loopback(false)
        .receive_buffer(4 << 20);
    let builder = GROUPS.iter().fold(builder, |builder, group| {
        builder.join(group.parse().unwrap())
    });
    let lan = star.hub.run(|| builder.build()).unwrap();
    assert!(lan.failures().is_empty(), "{:?}", lan.failures());
    lan
}

/// How often the calling thread allocates memory during `work`.
fn allocations(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).count_total
}

/// A sender and a receiver on the loopback interface of a host, which passes on
/// what the kernel was to split as it is.
struct Loopback {
    _host: Host,
    sender: BoundSocket,
    receiver: BoundSocket,
}

impl Loopback {
    fn new(coalesce: bool) -> Self {
        let host = Lab::new().host("host");
        let lo = interface(&host.nic("lo"));
        let builder = BoundSocket::builder(&lo, Family::V4);
        let receiver = builder.clone().coalesce(coalesce).metadata(ALL);
        let receiver = receiver.receive_buffer(4 << 20);
        Self {
            sender: host.run(|| builder.bind()).unwrap(),
            receiver: host.run(|| receiver.bind()).unwrap(),
            _host: host,
        }
    }

    /// Of `count` datagrams, so many bytes long, passes on what is received.
    fn pass(&self, room: &mut Room, count: usize, len: usize, visit: impl FnMut(&Datagram<'_>)) {
        let payload = vec![7; len];
        let destination = SocketAddr::from((Ipv4Addr::LOCALHOST, self.receiver.port()));
        let to_send = ToSend {
            payload: &payload,
            destination,
        };
        let sent = self
            .sender
            .send_batch(&mut room.sending, &vec![to_send; count]);
        assert!(sent.is_complete(), "{sent:?}");
        room.allocations += allocations(|| self.receive(&mut room.receiving, count, visit));
    }

    fn receive(&self, batch: &mut RecvBatch, count: usize, mut visit: impl FnMut(&Datagram<'_>)) {
        let (deadline, mut received) = (Instant::now() + PATIENCE, 0);
        while received < count {
            assert!(Instant::now() < deadline, "{received} of {count}");
            let Ok(datagrams) = self.receiver.recv_batch_where(batch, |_| Ok(())) else {
                continue; // which is a wake for nothing
            };
            for datagram in datagrams {
                visit(&datagram);
                received += 1;
            }
        }
        assert!(self.receiver.recv_batch(batch).is_err());
    }
}

/// What is used again and again, and what receiving has allocated.
#[derive(Default)]
struct Room {
    sending: SendBatch,
    receiving: RecvBatch,
    allocations: u64,
}

/// Asks for everything.
fn look(datagram: &Datagram<'_>) {
    black_box((
        datagram.payload(),
        datagram.source(),
        datagram.destination(),
        datagram.cast(),
        datagram.interface(),
        (datagram.hops(), datagram.traffic_class()),
        (datagram.timestamp(), datagram.drops()),
    ));
}

fn to(address: &str) -> SocketAddr {
    SocketAddr::new(ip(address), PORT)
}

/// Polls until there were so many datagrams.
fn poll(lan: &mut Lan, count: usize, mut visit: impl FnMut(&Incoming<'_>)) {
    let (deadline, mut received) = (Instant::now() + PATIENCE, 0);
    while received < count {
        assert!(Instant::now() < deadline, "{received} of {count}");
        let turn = lan.poll(Some(PATIENCE), |event| match event {
            Event::Datagram(incoming) => visit(&incoming),
            other => panic!("{other:?}"),
        });
        received += turn.unwrap();
    }
    assert_eq!(received, count);
}

/// Each way to hold interfaces, with each to wait.
fn ways() -> impl Iterator<Item = (Sockets, Waiting)> {
    let ways = |sockets| WAITINGS.map(|waiting| (sockets, waiting));
    HOLDINGS.into_iter().flat_map(ways)
}

/// Does something until it has settled, and then counts.
#[track_caller]
fn assert_allocates_nothing(mut work: impl FnMut()) {
    (0..REPETITIONS).for_each(|_| work());
    assert_eq!(allocations(|| (0..REPETITIONS).for_each(|_| work())), 0);
}

#[test]
fn what_is_allocated_is_counted_and_what_is_freed_is_not() {
    let count = allocations(|| {
        let mut bytes = Vec::<u8>::with_capacity(10);
        bytes.reserve_exact(1000);
        drop(black_box(bytes));
        black_box(vec![0; 10]);
    });
    assert_eq!(count, 3);
}

#[test]
fn a_lan_receives_without_allocating_whether_one_comes_or_many() {
    let star = Star::<3>::new();
    for (sockets, waiting) in ways() {
        let mut lan = lan_of(&star, sockets, waiting);
        for (family, address) in [
            (Family::V4, EVERYBODY),
            (Family::V4, GROUPS[0]),
            (Family::V6, GROUPS[1]),
        ] {
            let speakers = star.ends.each_ref().map(|end| socket_on(end, family));
            for burst in [1, 50] {
                assert_allocates_nothing(|| {
                    for _ in 0..burst {
                        for speaker in &speakers {
                            speaker.send(b"payload", to(address)).unwrap();
                        }
                    }
                    poll(&mut lan, 3 * burst, |incoming| look(incoming));
                });
            }
        }
    }
}

#[test]
fn a_lan_screens_without_allocating_what_it_hands_over_and_what_it_keeps_back() {
    let star = Star::<3>::new();
    let screen = |lan: LanBuilder| {
        // So little that it forgets, and finds sources anew, all the time.
        let window = Duration::from_nanos(1);
        lan.suppress_own(true)
            .accept_from("10.71.0.0/16".parse().unwrap())
            .on_link_only(true)
            .rate_limit(RateLimit::per_second(1).burst(100_000).sources(1))
            .deduplicate(Deduplication::within(window).datagrams(2))
    };
    for sockets in HOLDINGS {
        let builder = Lan::builder().port(PORT).sockets(sockets);
        let mut lan = star.hub.run(|| screen(builder).build()).unwrap();
        let speakers = star.ends.each_ref().map(|end| socket_on(end, Family::V4));
        let mut number = 0u64;
        assert_allocates_nothing(|| {
            lan.send(b"own", To::AllHosts);
            for _ in 0..10 {
                number += 1;
                for speaker in &speakers {
                    speaker.send(&number.to_ne_bytes(), to(EVERYBODY)).unwrap();
                }
            }
            poll(&mut lan, 30, |incoming| look(incoming));
        });
        let kept_back: u64 = lan
            .interfaces()
            .map(|own| lan.screened(own).unwrap().own)
            .sum();
        assert_eq!(kept_back, 3 * 2 * REPETITIONS as u64);
    }
}

#[test]
fn a_lan_that_waits_in_vain_allocates_nothing() {
    let star = Star::<3>::new();
    for (sockets, waiting) in ways() {
        let mut lan = lan_of(&star, sockets, waiting);
        for timeout in [Duration::ZERO, 2 * MOMENT] {
            assert_allocates_nothing(|| {
                let count = lan.poll(Some(timeout), |event| panic!("{event:?}"));
                assert_eq!(count.unwrap(), 0);
            });
        }
    }
}

#[test]
fn a_lan_sends_without_allocating_to_whomever() {
    let star = Star::<3>::new();
    star.nics[1].add_address("10.79.0.1/24"); // two subnets
    for sockets in HOLDINGS {
        let mut lan = lan_of(&star, sockets, Waiting::Park);
        let [v4, v6] = GROUPS.map(|group| To::Group(group.parse::<Group>().unwrap()));
        for to in [To::AllHosts, To::Subnets, v4, v6] {
            assert_allocates_nothing(|| {
                let report = lan.send(b"who is there?", to);
                assert_eq!(report.sent(), 3, "{report}");
            });
        }
    }
}

#[test]
fn a_lan_answers_without_allocating() {
    let star = Star::<3>::new();
    // The last one, which gets the unicasts also where the kernel tells none apart.
    let speaker = socket_on(&star.ends[2], Family::V4);
    for sockets in HOLDINGS {
        let mut lan = lan_of(&star, sockets, Waiting::Park);
        for destination in [EVERYBODY, "10.71.2.1"] {
            assert_allocates_nothing(|| {
                speaker.send(b"who is there?", to(destination)).unwrap();
                poll(&mut lan, 1, |question| question.reply(b"here").unwrap());
            });
        }
    }
}

#[test]
fn a_socket_receives_without_allocating_what_came_together_or_one_by_one() {
    for coalesce in [false, true] {
        let loopback = Loopback::new(coalesce);
        let mut room = Room::default();
        for (count, len) in [(1, 64), (50, 1000), (200, 512), (10, 0)] {
            for _ in 0..REPETITIONS {
                loopback.pass(&mut room, count, len, look);
            }
        }
        assert_eq!(room.allocations, 0); // not even at first
    }
}

#[test]
fn a_socket_sends_without_allocating_one_or_many() {
    let star = Star::<3>::new();
    for (family, address) in [(Family::V4, GROUPS[0]), (Family::V6, GROUPS[1])] {
        let socket = socket_on(&star.ends[0], family);
        let sender = socket.sender();
        let info = PacketInfo {
            source: Some(if family == Family::V4 {
                ip("10.71.0.2")
            } else {
                ip("fe80::0:2")
            }),
            ..PacketInfo::default()
        };
        assert_allocates_nothing(|| {
            socket.send(b"one", to(address)).unwrap();
            sender.send(b"one", to(address)).unwrap();
            sender.send_with(b"one", to(address), info).unwrap();
        });
        let payload = [7; 1000];
        let datagrams = [ToSend {
            payload: &payload,
            destination: to(address),
        }; 150];
        for max_burst in [1, 64] {
            let mut batch = SendBatch::new().max_burst(max_burst);
            assert_allocates_nothing(|| {
                assert!(socket.send_batch(&mut batch, &datagrams).is_complete());
            });
        }
    }
}

#[test]
fn a_shared_socket_fans_out_without_allocating() {
    let star = Star::<3>::new();
    for (family, address) in [(Family::V4, EVERYBODY), (Family::V6, GROUPS[1])] {
        let open = || SharedSocket::builder(family).bind();
        let mut socket = star.hub.run(open).unwrap();
        for nic in &star.nics {
            socket.add(&interface(nic)).unwrap();
        }
        let courses = star.nics.each_ref().map(|nic| Course {
            interface: interface(nic).index(),
            destination: to(address),
            source: None,
        });
        let courses = courses.repeat(50);
        let mut batch = SendBatch::new();
        assert_allocates_nothing(|| {
            assert!(socket.fan_out(&mut batch, b"here", &courses).is_complete());
            let sender = socket.sender(courses[0].interface).unwrap();
            sender.send(b"here", to(address)).unwrap();
        });
    }
}

#[test]
fn a_kept_copy_is_one_allocation() {
    let loopback = Loopback::new(false);
    let (mut room, mut kept) = (Room::default(), Vec::with_capacity(100));
    for len in [64, 1472] {
        room.allocations = 0;
        loopback.pass(&mut room, 100, len, |datagram| {
            kept.push(datagram.to_bytes());
        });
        assert_eq!(room.allocations, 100);
        kept.clear();
    }
}

#[test]
fn a_pool_keeps_without_allocating_what_is_dropped_before_it_is_full() {
    let loopback = Loopback::new(false);
    let (mut room, mut pool) = (Room::default(), PayloadPool::new());
    let mut kept = VecDeque::with_capacity(40);
    for is_settled in [false, true] {
        room.allocations = 0;
        for len in [0, 1, 64, 1472] {
            for _ in 0..REPETITIONS {
                loopback.pass(&mut room, 100, len, |datagram| {
                    if kept.len() == 40 {
                        kept.pop_front();
                    }
                    kept.push_back(pool.keep(datagram.payload()));
                });
            }
        }
        assert!(!is_settled || room.allocations == 0, "{}", room.allocations);
    }
}

#[test]
fn a_pool_of_which_everything_is_kept_allocates_two_things_a_slab() {
    let loopback = Loopback::new(false);
    let (mut room, mut pool) = (Room::default(), PayloadPool::new());
    let mut kept = Vec::with_capacity(REPETITIONS * 100);
    for _ in 0..REPETITIONS {
        loopback.pass(&mut room, 100, 1024, |datagram| {
            kept.push(pool.keep(datagram.payload()));
        });
    }
    let slabs = (REPETITIONS * 100 * 1024).div_ceil(pool.slab_capacity());
    assert_eq!(room.allocations, u64::try_from(2 * slabs).unwrap()); // a slab, and who keeps it
    assert!(kept.iter().all(|payload| payload[..] == [7; 1024]));
}

#[test]
fn a_lan_on_tokio_waits_and_receives_without_allocating() {
    let star = Star::<3>::new();
    let speaker = socket_on(&star.ends[0], Family::V4);
    for sockets in HOLDINGS {
        let lan = lan_of(&star, sockets, Waiting::Park);
        star.hub.run(|| {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build().unwrap();
            let _inside = runtime.enter();
            let lan = AsyncLan::new(lan).unwrap();
            let round = async |count| {
                tokio::select! {
                    biased;
                    message = lan.recv() => panic!("{message:?}"),
                    change = lan.next_change() => panic!("{change:?}"),
                    () = tokio::task::yield_now() => {}
                }
                for _ in 0..count {
                    speaker.send(b"hello", to(EVERYBODY)).unwrap();
                }
                for _ in 0..count {
                    let message = lan.recv().await.unwrap();
                    assert_eq!(message.payload(), b"hello");
                }
            };
            let rounds = |rounds| {
                allocations(|| {
                    runtime.block_on(async {
                        for _ in 0..rounds {
                            round(1).await;
                            round(50).await;
                        }
                    });
                })
            };
            rounds(REPETITIONS);
            // What the runtime allocates each time that it begins is not ours.
            assert_eq!(rounds(REPETITIONS), rounds(1));
        });
    }
}
