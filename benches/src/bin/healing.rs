//! `cargo run --release -p ifcast-benches --features healing --bin healing`
//!
//! Has everything happen to a LAN that can happen to interfaces.

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    ifcast_benches::healing::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("the interfaces are made in Linux's network namespaces");
}
