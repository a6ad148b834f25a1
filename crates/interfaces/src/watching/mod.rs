//! Following what changes.

mod change;
pub(crate) mod diff;
pub(crate) mod live;
pub(crate) mod untold;
pub(crate) mod watch;
mod watcher;

pub use self::change::{Change, Difference};
pub use self::watcher::{Watcher, WatcherBuilder};
