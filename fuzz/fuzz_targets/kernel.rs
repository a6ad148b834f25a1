//! A kernel that makes sense but has more to say than there is room for: however
//! much is lost, whoever watches knows in the end what there is.

#![no_main]

use std::time::{Duration, Instant};

use arbitrary::Arbitrary;
use ifcast_fuzz::audience::Audience;
use ifcast_fuzz::invariants;
use ifcast_fuzz::kernel::Kernel;
use ifcast_fuzz::message::Message;
use ifcast_interfaces::fuzzing::{self, Watched};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
enum Step {
    Happen(Message),
    /// Of what was said, the last messages find no room.
    Lose(u8),
    /// Time passes, and what was said is read: the last messages only after a
    /// listing, if there is one, as if they were said while it was made.
    Drain {
        after_ms: u8,
        later: u8,
    },
}

const SETTLE: Duration = Duration::from_millis(50);
const MAX_DELAY: Duration = Duration::from_millis(300);

fuzz_target!(|steps: Vec<Step>| {
    let mut now = Instant::now();
    let mut watched = Watched::new(SETTLE, MAX_DELAY, now);
    let (mut kernel, mut audience) = (Kernel::default(), Audience::default());
    for step in steps {
        match step {
            Step::Happen(event) => kernel.happen(event),
            Step::Lose(count) => {
                let kept = kernel.unread.len().saturating_sub(count.into());
                kernel.unread.truncate(kept);
                let system = &mut watched.system;
                system.says.append(&mut system.says_later);
                // That something was lost is said first, and all of this can be
                // read before anything is listed.
                system.says.push_back(None);
                system.says.extend(kernel.unread.drain(..).map(Some));
            }
            Step::Drain { after_ms, later } => {
                now += Duration::from_millis(after_ms.into());
                let system = &mut watched.system;
                system.says.append(&mut system.says_later);
                let at_once = kernel.unread.len().saturating_sub(later.into());
                system.says.extend(kernel.unread.drain(..at_once).map(Some));
                system.says_later.extend(kernel.unread.drain(..).map(Some));
                system.lists = kernel.listing();
                watched.drain(now, |change| audience.hear(change));
                invariants::check(watched.snapshot());
            }
        }
    }

    let system = &mut watched.system;
    system.says.append(&mut system.says_later);
    system.says.extend(kernel.unread.drain(..).map(Some));
    system.lists = kernel.listing();
    watched.drain(now, |change| audience.hear(change));
    while let Some(deadline) = watched.next_deadline(now) {
        assert!(deadline > now);
        now = deadline;
        watched.drain(now, |change| audience.hear(change));
    }
    let listed = fuzzing::list(&watched.system.lists);
    let snapshot = watched.snapshot();
    assert!(snapshot.is_consistent());
    assert_eq!(snapshot.interfaces(), listed.interfaces());
    audience.check(snapshot);
});
