//! Many hosts on one segment, and many segments on one host.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use ifcast::socket::BoundSocket;
use ifcast::{Event, Family, Lan, Pinning, Sockets, To};
use ifcast_netlab::{Host, Lab, Nic, Segment};
use ifcast_tests::{Home, Judge, Star, interface, ip, tightest, wait_until};

use crate::WAYS;

const PORT: u16 = 2222;
const PATIENCE: Duration = Duration::from_secs(20);
const SILENCE: Duration = Duration::from_millis(100);
const MOMENT: Duration = Duration::from_millis(5);
const EVERYBODY: &str = "255.255.255.255";
const SEGMENTS: usize = 50;
const CROWD: u8 = 200;
/// How many of the crowd have a namesake on the other segment.
const NAMESAKES: u8 = 20;

/// Hosts that answer, each with its number and that of its segment.
struct Crowd {
    answerers: Vec<(u8, u8, UdpSocket)>,
    _nics: Vec<Nic>,
}

impl Crowd {
    fn gather(lab: &Lab, segments: &[Segment; 2]) -> Self {
        let (mut answerers, mut nics) = (Vec::new(), Vec::new());
        for (which, count) in [(0, CROWD), (1, NAMESAKES)] {
            for number in 1..=count {
                let host = lab.host(&format!("host{which}-{number}"));
                let address = format!("10.71.0.{number}/16");
                nics.push(segments[usize::from(which)].attach(&host, "lan0", &[&address]));
                let socket = host.run(|| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, PORT)));
                let socket = socket.unwrap();
                socket.set_nonblocking(true).unwrap();
                answerers.push((which, number, socket));
            }
        }
        Self {
            answerers,
            _nics: nics,
        }
    }

    /// Waits until everybody was asked, and then has all answer at once.
    fn answer(&self) {
        let mut asked: Vec<Option<SocketAddr>> = vec![None; self.answerers.len()];
        wait_until("everybody was asked", || {
            for ((_, _, socket), asked) in self.answerers.iter().zip(&mut asked) {
                let mut question = [0; 16];
                if asked.is_none() {
                    *asked = socket.recv_from(&mut question).ok().map(|(_, from)| from);
                }
            }
            asked.iter().all(Option::is_some)
        });
        for ((which, number, socket), asked) in self.answerers.iter().zip(asked) {
            socket.send_to(&[*which, *number], asked.unwrap()).unwrap();
        }
    }
}

#[test]
fn two_hundred_hosts_answer_at_once_and_each_is_heard_once_where_it_is() {
    let lab = Lab::new();
    let segments = [lab.segment(), lab.segment()];
    let asker = lab.host("asker");
    // Both are in one subnet, and some hosts there have the same addresses.
    let nics = [0, 1].map(|i: usize| {
        let address = format!("10.71.255.{}/16", 1 + i);
        segments[i].attach(&asker, &format!("lan{i}"), &[&address])
    });
    let crowd = Crowd::gather(&lab, &segments);
    for sockets in WAYS {
        // On a port that is no device's the last socket would get all answers.
        let is_a_devices = tightest() == Pinning::Device;
        let builder = Lan::builder()
            .port(if is_a_devices { PORT + 1 } else { 0 })
            .families(&[Family::V4])
            .sockets(sockets);
        let mut lan = asker.run(|| builder.build()).unwrap();
        let heard = thread::scope(|scope| {
            scope.spawn(|| crowd.answer());
            asker.run(|| ask(&mut lan))
        });
        let mut expected = BTreeMap::new();
        for (which, count) in [(0, CROWD), (1, NAMESAKES)] {
            for number in 1..=count {
                let source = Ipv4Addr::new(10, 71, 0, number);
                let place = (nics[usize::from(which)].index(), source.into());
                expected.insert(place, vec![vec![which, number]]);
            }
        }
        assert_eq!(heard, expected, "{sockets:?}");
        for endpoint in lan.sockets() {
            let counters = endpoint.counters();
            assert_eq!(counters.foreign_interface, 0, "{counters:?}");
        }
    }
}

/// Asks everybody, and returns what was heard on which interface from which address.
fn ask(lan: &mut Lan) -> BTreeMap<(u32, IpAddr), Vec<Vec<u8>>> {
    let report = lan.send(b"who is there?", To::AllHosts.port(PORT));
    assert_eq!(report.sent(), 2, "{report}");
    let (mut heard, mut count) = (BTreeMap::<_, Vec<_>>::new(), 0);
    let deadline = Instant::now() + PATIENCE;
    let mut wait = MOMENT;
    loop {
        let more = lan.poll(Some(wait), |event| {
            let Event::Datagram(answer) = event else {
                panic!("{event:?}");
            };
            let place = (answer.interface().index().get(), answer.source().ip());
            heard
                .entry(place)
                .or_default()
                .push(answer.payload().to_vec());
        });
        let more = more.unwrap();
        count += more;
        if count >= usize::from(CROWD + NAMESAKES) {
            if more == 0 {
                return heard;
            }
            wait = SILENCE; // and there is no more
        }
        assert!(Instant::now() < deadline, "{count}: {heard:?}");
    }
}

#[test]
fn with_fifty_segments_everybody_is_heard_and_reached_on_each() {
    let star = Star::<SEGMENTS>::new();
    let groups = Home::GROUPS.map(ip);
    let speakers = star.ends.each_ref().map(|end| {
        let theirs = interface(end);
        Family::ALL.map(|family| {
            let builder = BoundSocket::builder(&theirs, family);
            end.host().run(|| builder.bind()).unwrap()
        })
    });
    for sockets in [Sockets::PerInterface, Sockets::Shared, Sockets::Automatic] {
        let builder = Home::builder(PORT, sockets).multicast_loopback(false);
        let mut lan = star.hub.run(|| builder.build()).unwrap();
        assert!(lan.failures().is_empty(), "{:?}", lan.failures());
        let open = lan.sockets().count();
        let is_shared = sockets != Sockets::PerInterface;
        assert_eq!(open, if is_shared { 2 } else { 2 * SEGMENTS });

        // They would hear their own hosts too.
        let judges = star
            .ends
            .each_ref()
            .map(|end| Judge::listen(end, PORT, &groups));
        let [v4, v6] = Home::GROUPS.map(|group| group.parse().unwrap());
        for to in [To::AllHosts, To::Subnets, To::Group(v4), To::Group(v6)] {
            let report = star.hub.run(|| lan.send(b"hello, all", to));
            assert_eq!(report.sent(), SEGMENTS, "{report}");
            for (i, judge) in judges.iter().enumerate() {
                let (payload, source) = judge.hear(1).remove(0);
                assert_eq!(payload, b"hello, all");
                let own = [format!("10.71.{i}.1"), format!("fe80::{i:x}:1")];
                let own = own.map(|own| ip(&own));
                assert_eq!(source.ip(), own[usize::from(source.is_ipv6())], "{to}");
            }
        }
        judges[0].assert_silent();
        drop(judges);

        for (i, speakers) in speakers.iter().enumerate() {
            let payload = [u8::try_from(i).unwrap()];
            for (to, family) in [(EVERYBODY, 0), (Home::GROUPS[0], 0), (Home::GROUPS[1], 1)] {
                speakers[family]
                    .send(&payload, (ip(to), PORT).into())
                    .unwrap();
            }
        }
        let mut heard = BTreeMap::<_, usize>::new();
        let deadline = Instant::now() + PATIENCE;
        while heard.values().sum::<usize>() < 3 * SEGMENTS {
            assert!(Instant::now() < deadline, "{heard:?}");
            hear(&star.hub, &mut lan, MOMENT, &mut heard);
        }
        hear(&star.hub, &mut lan, SILENCE, &mut heard);
        let expected = star.nics.iter().zip(0..).flat_map(|(nic, i)| {
            [EVERYBODY, Home::GROUPS[0], Home::GROUPS[1]].map(|to| ((nic.index(), ip(to), i), 1))
        });
        assert_eq!(heard, expected.collect());
    }
}

/// Hears what others say: on which interface, to whom, and who.
fn hear(
    host: &Host,
    lan: &mut Lan,
    wait: Duration,
    heard: &mut BTreeMap<(u32, IpAddr, u8), usize>,
) {
    let visit = |event: Event<'_>| {
        let Event::Datagram(datagram) = event else {
            panic!("{event:?}");
        };
        // Not the own broadcasts.
        if let [who] = *datagram.payload() {
            let index = datagram.interface().index().get();
            *heard
                .entry((index, datagram.destination(), who))
                .or_default() += 1;
        }
    };
    host.run(|| lan.poll(Some(wait), visit)).unwrap();
}
