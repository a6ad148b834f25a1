//! A LAN lives through what befalls its interfaces, one or many, once or again and
//! again, and is in the end as if it had just been built.

#![cfg(target_os = "linux")]

mod survival;

use ifcast::Sockets;

const WAYS: [Sockets; 2] = [Sockets::PerInterface, Sockets::Shared];
