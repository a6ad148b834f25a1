//! What the systems that descend from 4.4BSD have in common: Apple's and the
//! BSDs. Only decodes and puts together, so that it can be tested everywhere.

pub(crate) mod dialect;
pub(crate) mod link_type;
pub(crate) mod listing;
pub(crate) mod sockaddr_dl;

#[cfg(test)]
pub(crate) mod fixture;
