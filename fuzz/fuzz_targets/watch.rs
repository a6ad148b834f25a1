//! Any messages in any order, and listings that have nothing to do with them.

#![no_main]

use std::time::{Duration, Instant};

use arbitrary::Arbitrary;
use ifcast_fuzz::audience::Audience;
use ifcast_fuzz::invariants;
use ifcast_fuzz::message::Message;
use ifcast_interfaces::fuzzing::{self, Watched};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
enum Step {
    Say(Message),
    /// Something is lost, so everything is listed anew.
    List(Vec<Message>),
}

fuzz_target!(|steps: Vec<Step>| {
    let mut now = Instant::now();
    let mut watched = Watched::new(Duration::ZERO, Duration::ZERO, now);
    let mut audience = Audience::default();
    for step in steps {
        now += Duration::from_secs(1);
        let listings = watched.system.listings;
        match &step {
            Step::Say(message) => watched.system.says.push_back(Some(message.to_bytes())),
            Step::List(messages) => {
                watched.system.says.push_back(None);
                let messages = messages.iter().flat_map(Message::to_listed_bytes);
                watched.system.lists = messages.collect();
            }
        }
        watched.drain(now, |change| audience.hear(change));
        invariants::check(watched.snapshot());
        audience.check(watched.snapshot());
        if !watched.snapshot().is_consistent() {
            continue; // it will be listed anew, whatever is said
        }
        let before = watched.snapshot().clone();
        match step {
            // Where it was listed, the listing was another one.
            Step::Say(_) if watched.system.listings > listings => continue,
            Step::Say(message) => watched.system.says.push_back(Some(message.to_bytes())),
            Step::List(_) => {
                let listed = fuzzing::list(&watched.system.lists);
                assert_eq!(before.interfaces(), listed.interfaces());
            }
        }
        watched.drain(now, |change| panic!("{change} when nothing did"));
        assert_eq!(before.interfaces(), watched.snapshot().interfaces());
    }
});
