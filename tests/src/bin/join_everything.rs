//! Another program on the host: joins groups on interfaces and receives all it
//! can until its standard input ends. `join-everything INDEX... GROUP...`
//!
//! It does without this package's library, which would move it to a LAN of its
//! own.

#[cfg(target_os = "linux")]
#[path = "../join.rs"]
mod join;

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    use std::io::Read;
    use std::net::{IpAddr, UdpSocket};

    let arguments = || std::env::args().skip(1);
    let v4 = UdpSocket::bind("0.0.0.0:0")?;
    let v6 = UdpSocket::bind("[::]:0")?;
    for group in arguments().filter_map(|argument| argument.parse::<IpAddr>().ok()) {
        let socket = if group.is_ipv4() { &v4 } else { &v6 };
        for index in arguments().filter_map(|argument| argument.parse::<u32>().ok()) {
            join::join(socket, group, index)?;
        }
    }
    println!("joined");
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("join-everything: only on Linux");
}
