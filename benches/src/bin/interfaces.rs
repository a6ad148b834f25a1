//! `cargo run --release -p ifcast-benches --features peers --bin interfaces`
//!
//! Lists and watches interfaces with ifcast and with its peers.

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    ifcast_benches::interfaces::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("the interfaces are made in Linux's network namespaces");
}
