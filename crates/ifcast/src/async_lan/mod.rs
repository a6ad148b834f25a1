//! The same LAN for programs that run on tokio; it knows nothing of other runtimes.

mod backlog;
mod change;
mod crowd;
mod lan;
mod message;
mod state;
mod streams;

pub use self::change::Change;
pub use self::lan::AsyncLan;
pub use self::message::Message;
pub use self::streams::{Changes, Messages};
