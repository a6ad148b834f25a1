//! `cargo run --release -p ifcast-benches --features peers --bin datapath`
//!
//! Sends and receives with ifcast and with its peers.

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    ifcast_benches::datapath::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("the interfaces are made in Linux's network namespaces");
}
