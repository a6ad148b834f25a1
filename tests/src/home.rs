//! A host whose interfaces suffer, its LAN, and those who speak to it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use ifcast::socket::BoundSocket;
use ifcast::{Event, Family, Group, Lan, LanBuilder, Sockets};
use ifcast_netlab::{Host, Lab, Nic, Victim};

use crate::ledger::Ledger;
use crate::{interface, ip};

/// A host with one interface on each of several segments, a LAN on all of them, and a
/// neighbour on each segment. The thread that has it must be on the host.
///
/// On segment i the host has `10.71.i.1` and `fe80::i:1` or, once readdressed, `.3` and
/// `:3`, and its interface is called `lan` and the number.
#[derive(Debug)]
pub struct Home {
    /// The interfaces.
    pub victims: Vec<Victim>,
    /// On all of them.
    pub lan: Lan,
    /// What the LAN says.
    pub ledger: Ledger,
    /// By how many bytes what the LAN keeps has grown since it was built.
    pub growth: i64,
    neighbours: Vec<Neighbour>,
    /// To which of the interfaces an index belongs, or belonged.
    owners: HashMap<u32, usize>,
    sockets: Sockets,
    /// How often each neighbour was heard in each way, of what is said now.
    heard: Vec<[usize; WAYS.len()]>,
    now: u32,
}

#[derive(Debug)]
struct Neighbour {
    _nic: Nic,
    speakers: [BoundSocket; 2],
}

impl Home {
    /// The groups in which the LAN is.
    pub const GROUPS: [&str; 2] = ["239.71.7.7", "ff02::71:7"];
    /// Its port. What is compared with it has the next.
    pub const PORT: u16 = 2222;

    /// Furnishes `host`, on which the calling thread must be.
    #[must_use]
    pub fn new(lab: &Lab, host: &Host, interfaces: usize, sockets: Sockets) -> Self {
        // Or an interface that has IPv6 again gets an address of its own accord, after a
        // second or two, and is looked at again for that.
        host.sysctl("net/ipv6/conf/default/addr_gen_mode", "1");
        let elsewhere = lab.host("elsewhere");
        let (mut victims, mut neighbours) = (Vec::new(), Vec::new());
        for i in 0..interfaces {
            let segment = lab.segment();
            let own = [1, 3].map(|end| addresses(i, end));
            let own = own.each_ref().map(|own| own.each_ref().map(String::as_str));
            let name = format!("lan{i}");
            victims.push(Victim::attach(&segment, host, &name, own, &elsewhere));
            let far = lab.host(&format!("neighbour{i}"));
            let theirs = addresses(i, 2);
            let nic = segment.attach(&far, "lan0", &theirs.each_ref().map(String::as_str));
            let card = interface(&nic);
            let speakers = Family::ALL.map(|family| {
                let builder = BoundSocket::builder(&card, family);
                far.run(|| builder.bind()).unwrap()
            });
            neighbours.push(Neighbour {
                _nic: nic,
                speakers,
            });
        }
        let lan = Self::builder(Self::PORT, sockets).build().unwrap();
        assert!(lan.failures().is_empty(), "{:?}", lan.failures());
        Self {
            owners: HashMap::new(),
            victims,
            ledger: Ledger::of(&lan),
            lan,
            growth: 0,
            neighbours,
            sockets,
            heard: vec![[0; WAYS.len()]; interfaces],
            now: 0,
        }
    }

    /// A LAN as that of a home.
    pub fn builder(port: u16, sockets: Sockets) -> LanBuilder {
        let builder = Lan::builder().port(port).sockets(sockets);
        let groups = Self::GROUPS.iter().map(|group| group.parse().unwrap());
        groups.fold(builder, |builder, group: Group| builder.join(group))
    }

    /// Polls once.
    ///
    /// # Panics
    /// If what is heard is said to have arrived elsewhere than it did, or what is told
    /// cannot be true.
    #[track_caller]
    pub fn poll(&mut self, timeout: Duration) {
        for (i, victim) in self.victims.iter().enumerate() {
            self.owners.insert(victim.nic().index(), i);
        }
        let Self {
            lan,
            ledger,
            owners,
            heard,
            now,
            ..
        } = self;
        let mut visit = |event: Event<'_>| {
            ledger.note(&event);
            let Event::Datagram(datagram) = event else {
                return;
            };
            let owner = owners[&datagram.interface().index().get()];
            let destination = datagram.destination();
            let way = WAYS.iter().position(|(to, _)| ip(to) == destination);
            let payload = datagram.payload();
            assert_eq!(payload[0], byte(owner), "{datagram:?}");
            if payload[1..] == now.to_be_bytes() {
                heard[owner][way.unwrap()] += 1;
            }
        };
        let info = allocation_counter::measure(|| {
            let poll = lan.poll(Some(timeout), |event| {
                allocation_counter::opt_out(|| visit(event));
            });
            poll.unwrap();
        });
        self.growth += info.bytes_current;
    }

    /// Polls for so long.
    #[track_caller]
    pub fn poll_for(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.poll(MOMENT);
        }
    }

    /// Polls until this is so, which it must be in time.
    #[track_caller]
    pub fn poll_until(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            let so_far = (&self.ledger, &self.heard);
            assert!(Instant::now() < deadline, "in vain for {what}: {so_far:?}");
            self.poll(MOMENT);
        }
    }

    /// A neighbour says who it is to everybody and to the members of both groups.
    pub fn say(&self, i: usize) {
        let mut payload = vec![byte(i)];
        payload.extend(self.now.to_be_bytes());
        for (to, family) in WAYS {
            let speaker = &self.neighbours[i].speakers[family];
            speaker.send(&payload, (ip(to), Self::PORT).into()).unwrap();
        }
    }

    /// Waits until all of what all neighbours say from now on is heard.
    #[track_caller]
    pub fn await_hearing(&mut self) {
        self.begin_to_say();
        self.poll_until("all that is said", |home| {
            for i in 0..home.neighbours.len() {
                if home.heard[i].contains(&0) {
                    home.say(i);
                }
            }
            home.is_all_heard()
        });
    }

    /// What is said once is heard once, and on the interface where it arrived.
    #[track_caller]
    pub fn assert_hears_once(&mut self) {
        self.begin_to_say();
        (0..self.neighbours.len()).for_each(|i| self.say(i));
        self.poll_until("all that is said", |home| home.is_all_heard());
        self.poll_for(SILENCE);
        let is_once = |heard: &[usize; WAYS.len()]| *heard == [1; WAYS.len()];
        assert!(self.heard.iter().all(is_once), "{:?}", self.heard);
    }

    fn begin_to_say(&mut self) {
        self.now += 1;
        self.heard.fill([0; WAYS.len()]);
    }

    fn is_all_heard(&self) -> bool {
        self.heard.iter().all(|heard| !heard.contains(&0))
    }

    /// Waits until the LAN is as if it had just been built, and has said so.
    #[track_caller]
    pub fn await_truth(&mut self) {
        let groups = Self::GROUPS.map(ip);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let fresh = Self::builder(Self::PORT + 1, self.sockets);
            let Err(difference) = self.ledger.compare(&self.lan, &groups, fresh) else {
                return;
            };
            assert!(Instant::now() < deadline, "{difference}: {:?}", self.ledger);
            self.poll(MOMENT);
        }
    }
}

fn addresses(i: usize, end: u8) -> [String; 2] {
    [
        format!("10.71.{i}.{end}/24"),
        format!("fe80::{i:x}:{end}/64"),
    ]
}

fn byte(i: usize) -> u8 {
    u8::try_from(i).unwrap()
}

/// What a neighbour speaks to, by the socket with this number.
const WAYS: [(&str, usize); 3] = [
    ("255.255.255.255", 0),
    (Home::GROUPS[0], 0),
    (Home::GROUPS[1], 1),
];
/// How long to wait for what must come.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long nothing must come to be taken for silence.
const SILENCE: Duration = Duration::from_millis(50);
const MOMENT: Duration = Duration::from_millis(5);
