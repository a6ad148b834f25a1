//! What can be told of streams of datagrams: how many came, what is missing, what came
//! twice or late, how evenly, and how long it took. Nothing here receives, waits or prints.

mod delay;
mod flows;
mod sequence;
mod spread;

pub(crate) use crate::statistics::flows::{Arrival, Flow, FlowKey, Flows};
pub(crate) use crate::statistics::sequence::Sequence;
pub(crate) use crate::statistics::spread::Spread;
