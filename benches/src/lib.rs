//! ifcast and its peers on the same work: who is how far from what the kernel
//! allows?
//!
//! Each topic has a module here, with a `main`, and a binary of its name.
//! Everything runs in network namespaces that the process makes for itself,
//! and vanishes with it. Nothing here passes or fails by the clock: the
//! figures are for people to read.
//!
//! # Platform
//! - Linux: everything.
//! - Elsewhere: there is nothing here.

#![cfg(target_os = "linux")]

#[cfg(feature = "datapath")]
pub mod datapath;
#[cfg(feature = "healing")]
pub mod healing;
pub mod interfaces;

mod bar;
mod call;
#[cfg_attr(not(feature = "peers"), path = "no_chart.rs")]
mod chart;
mod machine;
mod markdown;
mod measure;
mod method;
#[cfg(any(feature = "datapath", feature = "healing"))]
mod processors;
mod sys;
mod table;
mod topic;
mod trace;
