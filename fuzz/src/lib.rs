//! What the fuzz targets share: messages as Linux would send them, a kernel that
//! sends them, and what must be true whatever it sends; and what it may say of
//! a datagram.

#![forbid(unsafe_code)]

pub mod audience;
pub mod datagram;
pub mod invariants;
pub mod kernel;
pub mod message;
