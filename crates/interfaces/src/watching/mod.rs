//! Following what changes.

mod change;
mod diff;
mod live;
mod watch;
mod watcher;

pub use self::change::{AssignedAddress, Change, Difference};
pub use self::watcher::{Watcher, WatcherBuilder};
