//! Saying which interfaces one means, and hearing why.

mod choose;
mod judge;
mod lan;
mod pattern;
mod rule;
mod selector;
mod subnet;
mod surroundings;
mod verdict;

pub use self::rule::Criterion;
pub use self::selector::{InvalidSelector, Selector};
pub use self::subnet::{InvalidSubnet, Subnet};
pub use self::verdict::{Reason, Verdict};
