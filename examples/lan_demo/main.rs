//! `cargo run --example lan_demo`
//!
//! Three hosts on two private segments send by each interface in turn; a table
//! shows who heard what. Fails if a datagram is missing, doubled or leaked.

mod report;

use std::error::Error;
use std::process::ExitCode;

use ifcast::{Group, Kind, Lan, Selector, Snapshot, To};
use ifcast_netlab::Lab;

const PORT: u16 = 2222;
const HOSTS: [&str; 3] = ["left", "middle", "right"];
const PLACES: [(usize, usize); 4] = [(0, 0), (1, 0), (1, 1), (2, 1)]; // host, segment

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let (v4, v6): (Group, Group) = ("239.255.7.7".parse()?, "ff02::7:7".parse()?);
    let lab = match Lab::try_new() {
        Ok(lab) => lab,
        Err(why) => {
            println!("only IPv4 multicast over loopback, because: {why}");
            return over_loopback(v4);
        }
    };
    let segments = [lab.segment(), lab.segment()];
    let hosts = HOSTS.map(|name| lab.host(name));
    for (host, segment) in PLACES {
        let v4 = format!("10.71.{segment}.{}/24", host + 1);
        let v6 = format!("fe80::{segment}:{}/64", host + 1);
        segments[segment].attach(&hosts[host], &format!("lan{segment}"), &[&v4, &v6]);
    }
    let mut listeners = Vec::new();
    for host in &hosts {
        for interface in host.run(Snapshot::capture)?.select(Selector::lan()) {
            println!(
                "{} has {}, {}",
                host.name(),
                interface.id(),
                interface.kind()
            );
        }
        let lan = Lan::builder().port(PORT).join(v4).join(v6);
        listeners.push((host.name(), host.run(|| lan.build())?));
    }
    for (host, segment) in PLACES {
        let interface = format!("lan{segment}");
        let lan = Lan::builder().interfaces(Selector::name(interface.parse()?));
        let mut lan = hosts[host].run(|| lan.build())?;
        for to in [To::AllHosts, To::Subnets, To::Group(v4), To::Group(v6)] {
            let text = format!("{interface}: from {} to {to}", HOSTS[host]);
            println!("{text}: {}", lan.send(text.as_bytes(), to.port(PORT)));
        }
    }
    let mut rows = Vec::new();
    for (name, lan) in &mut listeners {
        rows.extend(report::heard_by(name, lan)?);
    }
    Ok(report::print(rows, PLACES.len() * 4 * 2)) // both hosts on a segment hear it
}

fn over_loopback(group: Group) -> Result<ExitCode, Box<dyn Error>> {
    let loopback = Lan::builder().interfaces(Selector::kind(Kind::Loopback));
    let mut lan = loopback.port(PORT).join(group).build()?;
    for interface in lan.interfaces().collect::<Vec<_>>() {
        let text = format!("{}: from this host to itself", interface.name());
        println!("{text}: {}", lan.send(text.as_bytes(), To::Group(group)));
    }
    Ok(report::print(report::heard_by("this host", &mut lan)?, 1))
}
