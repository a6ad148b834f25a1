//! What rtnetlink is asked and what it tells (rtnetlink(7)): pure functions over
//! bytes.

#![forbid(unsafe_code)]

pub(crate) mod address;
pub(crate) mod group;
pub(crate) mod link;
pub(crate) mod route;
