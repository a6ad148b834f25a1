//! What is received, and what is sent.

use ifcast::{
    AsyncLan, Cast, Change, Changes, Family, Message, Messages, Metadata, Pinning, Sockets, To,
};
use ifcast_tests::{Ear, Judge, Star, interface, ip, socket_on, tightest};
use tokio_stream::StreamExt;

use crate::{EVERYBODY, GROUPS, PORT, Speaker, builder, current_thread, everywhere, number, soon};

#[test]
fn messages_and_changes_come_as_streams() {
    everywhere::<2>(async |lan, star| {
        let mut speaker = Speaker::all(&star).remove(0);
        speaker.say(200);
        let messages = lan.messages().take(200);
        let numbers: Vec<u32> =
            soon(messages.map(|message| number(&message.unwrap())).collect()).await;
        assert!(numbers.into_iter().eq(0..200));

        let mut changes = lan.changes();
        let mut await_word = async |expected: &str| {
            let change = soon(changes.next()).await.unwrap().unwrap();
            let said = match change {
                Change::InterfaceJoined { interface } => format!("{} joined", interface.name()),
                Change::InterfaceLeft { interface, why } => {
                    format!("{} left: {why}", interface.name())
                }
                other => panic!("{other:?}"),
            };
            assert_eq!(said, expected);
        };
        star.nics[1].plug(false);
        await_word("lan1 left: it is not selected any more").await;
        star.nics[1].plug(true);
        await_word("lan1 joined").await;
    });
}

#[test]
fn a_reply_comes_from_the_address_that_was_asked_and_by_the_interface_where_it_was() {
    everywhere::<2>(async |lan, star| {
        // If the kernel tells no sockets of ours apart, the last one gets the unicasts.
        let has_many = lan.with(|lan| lan.sockets().count()) > Family::ALL.len();
        let gives_all_to_the_last = has_many && tightest() == Pinning::AddressFree;
        for (i, end) in star.ends.iter().enumerate() {
            let is_last = i == star.ends.len() - 1;
            let asked_and_from = [
                (
                    EVERYBODY.to_owned(),
                    format!("10.71.{i}.1"),
                    Cast::LimitedBroadcast,
                ),
                (
                    format!("10.71.{i}.9"),
                    format!("10.71.{i}.9"),
                    Cast::Unicast,
                ),
                (
                    GROUPS[0].to_owned(),
                    format!("10.71.{i}.1"),
                    Cast::Multicast,
                ),
                (
                    GROUPS[1].to_owned(),
                    format!("fe80::{i:x}:1"),
                    Cast::Multicast,
                ),
            ];
            star.nics[i].add_address(&format!("10.71.{i}.9/24"));
            for (asked, from, cast) in asked_and_from {
                let asked = ip(&asked);
                let mut ear = Ear::to(socket_on(end, Family::of(asked)));
                ear.socket()
                    .send(b"who is there?", (asked, PORT).into())
                    .unwrap();
                if cast == Cast::Unicast && !is_last && gives_all_to_the_last {
                    continue; // so it is lost, and what is received next is the next
                }
                let question = soon(lan.recv()).await.unwrap();
                assert_eq!(question.payload(), b"who is there?");
                assert_eq!(question.destination(), asked);
                assert_eq!(question.cast(), cast);
                assert_eq!(question.interface().index().get(), star.nics[i].index());
                assert!(!question.is_truncated());
                lan.reply(&question, b"I am").unwrap();
                let answer = ear.hear(1).remove(0);
                assert_eq!(answer.payload, b"I am");
                assert_eq!(
                    (answer.source.ip(), answer.source.port()),
                    (ip(&from), PORT)
                );
                assert_eq!(answer.cast, Cast::Unicast);
            }
        }
    });
}

#[test]
fn what_is_sent_goes_out_on_each_interface_and_the_report_is_ones_own() {
    everywhere::<2>(async |lan, star| {
        let judges = star
            .ends
            .each_ref()
            .map(|end| Judge::listen(end, PORT, &[]));
        let one = interface(&star.nics[0]).id();
        let sent = lan.with(|lan| lan.send(b"news", To::AllHosts.on(one)).sent());
        assert_eq!(sent, 1);
        let report = lan.send(b"news", To::AllHosts);
        assert_eq!(report.sent(), 2, "{report}");
        for (i, judge) in judges.iter().enumerate() {
            for (payload, source) in judge.hear(2 - i) {
                assert_eq!(payload, b"news");
                assert_eq!(source.ip(), ip(&format!("10.71.{i}.1")));
            }
        }
        // Nothing has failed, so nothing is sent again: neither of this nor of that report.
        let mut report = report;
        lan.resend(b"news", &mut report);
        assert_eq!(report.sent(), 2);
        assert_eq!(lan.with(|lan| lan.resend(b"news").sent()), 1);
        judges.iter().for_each(Judge::assert_silent);
    });
}

#[test]
fn what_is_asked_for_is_told_of_each_message() {
    let star = Star::<1>::new();
    let metadata = Metadata {
        hops: true,
        traffic_class: true,
        timestamp: true,
        drops: true,
    };
    star.hub.run(|| {
        current_thread().block_on(async {
            let builder = builder(Sockets::PerInterface).metadata(metadata);
            let lan = builder.build_async().unwrap();
            socket_on(&star.ends[0], Family::V4)
                .send(b"", (ip("10.71.0.1"), PORT).into())
                .unwrap();
            let message = soon(lan.recv()).await.unwrap();
            assert_eq!(message.hops(), Some(64));
            assert_eq!(message.traffic_class(), Some(0));
            assert!(message.timestamp().is_some());
            assert_eq!(message.drops(), None);
            assert_eq!(message.source().ip(), ip("10.71.0.2"));
            assert_eq!(message.cast(), Cast::Unicast);
            assert!(message.into_payload().is_empty());
        });
    });
}

#[test]
fn it_goes_from_thread_to_thread() {
    fn is_sent_and_shared<T: Send + Sync>() {}
    fn is_sent<T: Send>(_: &T) {}
    is_sent_and_shared::<AsyncLan>();
    is_sent_and_shared::<Messages<'_>>();
    is_sent_and_shared::<Changes<'_>>();
    is_sent_and_shared::<Message>();
    is_sent_and_shared::<Change>();
    let _futures = |lan: &AsyncLan| {
        is_sent(&lan.recv());
        is_sent(&lan.next_change());
        is_sent(&lan.recv_many(&mut Vec::new(), 1));
    };
}
