//! What the kernel keeps until it is received, and what it drops.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::time::Duration;

use ifcast::socket::{BoundSocket, DropWatch, KernelDrops, SendBatch, ToSend};
use ifcast::{Event, EventLoop, Family, Interface, Lan, LanBuilder, RecvBatch, Selector};
use ifcast_netlab::{Host, Lab, Nic};
use ifcast_tests::{Ear, interface, ip, pinnings};

const PORT: u16 = 2222;
const PATIENCE: Duration = Duration::from_secs(10);

/// A sender and a receiver with a link between them.
struct Link {
    _lab: Lab,
    near: Nic,
    far: Nic,
    addresses: [IpAddr; 2],
}

impl Link {
    /// A virtual Ethernet of two hosts.
    fn ethernet() -> Self {
        let lab = Lab::new();
        let segment = lab.segment();
        let near = segment.attach(&lab.host("near"), "lan0", &["10.71.0.1/24", "fe80::1/64"]);
        let far = segment.attach(&lab.host("far"), "lan0", &["10.71.0.2/24", "fe80::2/64"]);
        Self {
            _lab: lab,
            near,
            far,
            addresses: [ip("10.71.0.2"), ip("fe80::2")],
        }
    }

    /// The loopback interface of one host, which passes on what is to be split as
    /// it is.
    fn loopback() -> Self {
        let lab = Lab::new();
        let host: Host = lab.host("host");
        Self {
            _lab: lab,
            near: host.nic("lo"),
            far: host.nic("lo"),
            addresses: [ip("127.0.0.1"), ip("::1")],
        }
    }

    fn both() -> [Self; 2] {
        [Self::ethernet(), Self::loopback()]
    }

    fn sender(&self, family: Family) -> BoundSocket {
        let interface = interface(&self.near);
        let builder = BoundSocket::builder(&interface, family).fragments(true);
        self.near.host().run(|| builder.bind()).unwrap()
    }

    fn receiver(&self, family: Family, bytes: usize) -> BoundSocket {
        let interface = interface(&self.far);
        let builder = BoundSocket::builder(&interface, family).port(PORT);
        let builder = builder.receive_buffer(bytes);
        self.far.host().run(|| builder.bind()).unwrap()
    }

    fn lan(&self, family: Family, build: impl FnOnce(LanBuilder) -> LanBuilder + Send) -> Lan {
        let selector = Selector::index(interface(&self.far).index());
        let builder = Lan::builder().interfaces(selector).port(PORT);
        let builder = build(builder.families(&[family]));
        let lan = self.far.host().run(|| builder.build()).unwrap();
        assert!(lan.failures().is_empty(), "{:?}", lan.failures());
        lan
    }

    fn destination(&self, family: Family, port: u16) -> SocketAddr {
        let mut addresses = self.addresses.into_iter();
        let address = addresses.find(|address| Family::of(*address) == family);
        SocketAddr::new(address.unwrap(), port)
    }

    /// Sends datagrams of this length; each has been delivered, or dropped, when
    /// this returns.
    fn send(&self, family: Family, len: usize, count: usize) {
        let payload = vec![0; len];
        let destination = self.destination(family, PORT);
        self.and_wait(family, |sender| {
            for _ in 0..count {
                sender.send(&payload, destination).unwrap();
            }
        });
    }

    /// The same in as few messages as there can be.
    fn send_together(&self, len: usize, count: usize) {
        let payload = vec![0; len];
        let datagram = ToSend {
            payload: &payload,
            destination: self.destination(Family::V4, PORT),
        };
        self.and_wait(Family::V4, |sender| {
            let sent = sender.send_batch(&mut SendBatch::new(), &vec![datagram; count]);
            assert!(sent.is_complete(), "{sent:?}");
        });
    }

    /// Has something sent, and then a datagram that overtakes none, to another
    /// port, where it waits for it.
    fn and_wait(&self, family: Family, send: impl FnOnce(&BoundSocket)) {
        let interface = interface(&self.far);
        let builder = BoundSocket::builder(&interface, family).port(PORT + 1);
        let mut end = Ear::to(self.far.host().run(|| builder.bind()).unwrap());
        let sender = self.sender(family);
        send(&sender);
        let destination = self.destination(family, PORT + 1);
        sender.send(b"the end", destination).unwrap();
        end.hear(1);
    }
}

/// Listens until so many messages of `in_one` datagrams each were received or
/// dropped; returns how many datagrams were received and messages dropped.
#[track_caller]
fn hear(lan: &mut Lan, in_one: usize, messages: usize) -> (usize, usize) {
    let (mut received, mut dropped) = (0, 0);
    while received / in_one + dropped < messages {
        let count = lan.poll(Some(PATIENCE), |event| match event {
            Event::Datagram(_) => {}
            Event::Dropped { count, .. } => {
                assert_ne!(count, 0);
                dropped += usize::try_from(count).unwrap();
            }
            event => panic!("{event:?}"),
        });
        let count = count.unwrap();
        assert!(
            count > 0,
            "{received} and {dropped} of {messages} x {in_one}"
        );
        received += count;
    }
    (received, dropped)
}

#[test]
fn a_buffer_holds_as_many_datagrams_as_it_says() {
    for link in Link::both() {
        for family in Family::ALL {
            for len in [0, 64, 197, 512, 1400, 1472, 4000, 9000, 30_000, 60_000] {
                let receiver = link.receiver(family, 200_000);
                let buffer = receiver.receive_buffer().unwrap();
                let expected = buffer.datagrams(len);
                // Before Linux 6.17 one more finds a place; a rest of a datagram finds
                // one in the fragment before it; before 6.3 small ones cost less.
                let least = expected.saturating_sub(1).max(1);
                let most = expected + expected / 10 + 1;
                link.send(family, len, most + 1);
                let mut kept = 0;
                let mut batch = RecvBatch::new();
                while let Ok(received) = receiver.recv_batch(&mut batch) {
                    kept += received.len();
                }
                assert!(
                    (least..=most).contains(&kept),
                    "{family}, {len} bytes: {kept} of {expected}"
                );
                let dropped = receiver.kernel_drops().unwrap();
                let fresh = KernelDrops::of(link.sender(family)).unwrap();
                assert_eq!(kept + dropped.since(fresh) as usize, most + 1);
            }
        }
    }
}

#[test]
fn a_buffer_says_what_was_asked_for_and_whether_it_was_granted() {
    let link = Link::ethernet();
    let interface = interface(&link.far);
    let bind =
        |builder: ifcast::socket::Builder<&Interface>| link.far.host().run(|| builder.bind());
    let builder = BoundSocket::builder(&interface, Family::V4);
    let plain = bind(builder.clone()).unwrap().receive_buffer().unwrap();
    assert_eq!(plain.asked(), None);
    assert!(!plain.is_less_than_asked());
    assert!(plain.datagrams(64) > plain.datagrams(1472));

    let small = bind(builder.clone().receive_buffer(10_000)).unwrap();
    let small = small.receive_buffer().unwrap();
    assert_eq!((small.asked(), small.granted()), (Some(10_000), 20_000));
    assert!(!small.is_less_than_asked());

    let least = bind(builder.clone().receive_buffer(0)).unwrap();
    let least = least.receive_buffer().unwrap();
    assert!(least.granted() > 0);
    assert_eq!(least.datagrams(60_000), 1);
    assert!(!least.is_less_than_asked());

    for unheard_of in [1 << 31, usize::MAX] {
        let capped = bind(builder.clone().receive_buffer(unheard_of)).unwrap();
        let capped = capped.receive_buffer().unwrap();
        assert_eq!(capped.asked(), Some(unheard_of));
        assert!(capped.granted() >= plain.granted());
        assert!(capped.is_less_than_asked());
    }
}

#[test]
fn drops_are_counted_for_whoever_holds_the_socket() {
    let link = Link::ethernet();
    let receiver = link.receiver(Family::V4, 0);
    let copy = receiver.as_fd().try_clone_to_owned().unwrap();
    let before = receiver.kernel_drops().unwrap();
    link.send(Family::V4, 64, 50);
    let kept = receiver.recv_batch(&mut RecvBatch::new()).unwrap().len();
    for drops in [receiver.kernel_drops(), KernelDrops::of(&copy)] {
        assert_eq!(kept + drops.unwrap().since(before) as usize, 50);
    }
}

#[test]
fn what_a_lan_received_and_what_it_says_was_dropped_is_what_was_sent() {
    for link in Link::both() {
        for family in Family::ALL {
            for bytes in [0, 5000, 50_000, 200_000] {
                for len in [0, 512, 1400, 9000, 60_000] {
                    let mut lan = link.lan(family, |lan| lan.receive_buffer(bytes));
                    // Twice, because it shall not tell twice.
                    for count in [600, 500] {
                        link.send(family, len, count);
                        let (received, dropped) = hear(&mut lan, 1, count);
                        let all = (received + dropped, dropped > 0);
                        assert_eq!(all, (count, true), "{family}, {bytes}, {len}");
                    }
                    link.send(family, 0, 1);
                    assert_eq!(hear(&mut lan, 1, 1), (1, 0));
                }
            }
        }
    }
}

#[test]
fn of_joined_datagrams_each_message_counts() {
    const IN_ONE: usize = 40;
    let link = Link::loopback();
    for bytes in [0, 50_000, 200_000] {
        for len in [100, 1000] {
            let mut lan = link.lan(Family::V4, |lan| lan.receive_buffer(bytes).coalesce(true));
            for _ in 0..100 {
                link.send_together(len, IN_ONE);
            }
            let (received, dropped) = hear(&mut lan, IN_ONE, 100);
            let all = (received + dropped * IN_ONE, dropped > 0);
            assert_eq!(all, (100 * IN_ONE, true), "{bytes}, {len}");
        }
    }
}

#[test]
fn a_long_datagram_that_finds_no_room_beside_short_ones_is_told_of() {
    let link = Link::loopback();
    for pinning in pinnings() {
        for coalesce in [true, false] {
            let build = |lan: LanBuilder| lan.receive_buffer(40_000).coalesce(coalesce);
            let mut lan = link.lan(Family::V4, |lan| build(lan).pinning(pinning));
            link.send(Family::V4, 30_000, 1);
            assert_eq!(hear(&mut lan, 1, 1), (1, 0));
            for _ in 0..3 {
                link.send(Family::V4, 64, 30);
                link.send(Family::V4, 60_000, 2);
                link.send(Family::V4, 64, 1);
                let (received, dropped) = hear(&mut lan, 1, 33);
                assert_eq!(received + dropped, 33);
                assert!(dropped >= 1);
            }
        }
    }
}

#[test]
fn several_sockets_tell_each_of_its_own_drops() {
    let link = Link::ethernet();
    let mut sockets = EventLoop::new().unwrap();
    for family in Family::ALL {
        sockets.add(link.receiver(family, 0)).unwrap();
    }
    let mut sent = [300_u32, 200];
    for (family, count) in Family::ALL.into_iter().zip(sent) {
        link.send(family, 64, count as usize);
    }
    let place = |socket: &BoundSocket| Family::ALL.iter().position(|f| *f == socket.family());
    while sent != [0, 0] {
        let received = sockets.poll(Some(PATIENCE), |socket, datagram| {
            assert!(datagram.is_ok());
            sent[place(socket).unwrap()] -= 1;
        });
        assert!(received.unwrap() > 0, "{sent:?} are lost and not told of");
        sockets.take_drops(|socket, dropped| sent[place(socket).unwrap()] -= dropped.unwrap());
    }
    sockets.take_drops(|socket, dropped| panic!("{socket:?}: {dropped:?}"));
}

#[test]
fn who_keeps_up_never_asks_the_kernel() {
    let link = Link::ethernet();
    let receiver = link.receiver(Family::V4, 100_000);
    let mut watch = DropWatch::new(receiver.endpoint()).unwrap();
    let mut batch = RecvBatch::new();
    let mut read = |watch: &mut DropWatch| {
        let received = receiver.recv_batch(&mut batch).unwrap();
        watch.took(received.taken());
        received.is_drained()
    };
    for _ in 0..200 {
        link.send(Family::V4, 1400, 8);
        assert!(read(&mut watch));
        assert!(!watch.is_due());
    }
    link.send(Family::V4, 1400, 300);
    while !watch.is_due() {
        assert!(!read(&mut watch), "nothing is left, and it did not ask");
    }
    assert!(watch.ask(receiver.endpoint()).unwrap() > 0);
    assert!(!watch.is_due());
}

#[test]
fn less_than_a_batch_of_short_datagrams_is_no_reason_to_ask() {
    let link = Link::ethernet();
    let interface = interface(&link.far);
    let builder = BoundSocket::builder(&interface, Family::V4).port(PORT);
    let receiver = link.far.host().run(|| builder.bind()).unwrap();
    // What the system grants unless told is customarily so much.
    if receiver.receive_buffer().unwrap().granted() < 212_992 {
        return;
    }
    let mut watch = DropWatch::new(receiver.endpoint()).unwrap();
    link.send(Family::V4, 1472, 31);
    let mut batch = RecvBatch::new();
    let received = receiver.recv_batch(&mut batch).unwrap();
    assert!(received.is_drained());
    watch.took(received.taken());
    assert!(!watch.is_due());
}
