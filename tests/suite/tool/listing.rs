//! `ifcast interfaces` and `ifcast watch`.

use std::collections::BTreeSet;

use ifcast_tests::is_installed;
use serde_json::{Value, json};

use crate::Neighbourhood;
use crate::tool::{Tool, records, run, run_peer};

#[test]
fn all_interfaces_are_listed_with_what_ip_says_of_them() {
    if !is_installed("ip") {
        return;
    }
    let neighbourhood = Neighbourhood::new();
    neighbourhood.ours.add_veth("spare0", "spare1");
    let theirs = run_peer(&neighbourhood.ours, "ip", &["-json", "address"]);
    let theirs: Vec<Value> = serde_json::from_str(&theirs).unwrap();
    let theirs: BTreeSet<_> = theirs
        .iter()
        .map(|link| {
            let own = link["addr_info"].as_array().unwrap().iter();
            let own = own.map(|own| {
                let broadcast = own["broadcast"].as_str().unwrap_or("-");
                format!(
                    "{}/{} {broadcast}",
                    own["local"].as_str().unwrap(),
                    own["prefixlen"]
                )
            });
            let own: BTreeSet<_> = own.collect();
            let flags = link["flags"].as_array().unwrap();
            let is_up = flags.contains(&json!("UP"));
            (
                link["ifindex"].to_string(),
                link["ifname"].to_string(),
                is_up,
                link["mtu"].to_string(),
                own,
            )
        })
        .collect();

    let ours = records(&neighbourhood.ours, &["interfaces", "--all"]);
    let ours: BTreeSet<_> = ours
        .iter()
        .map(|record| {
            assert_eq!(record["type"], "interface");
            let own = record["addresses"].as_array().unwrap().iter();
            let own = own.map(|own| {
                let broadcast = own["broadcast"].as_str().unwrap_or("-");
                format!(
                    "{}/{} {broadcast}",
                    own["address"].as_str().unwrap(),
                    own["prefix_length"]
                )
            });
            let interface = &record["interface"];
            let is_up = record["up"].as_bool().unwrap();
            (
                interface["index"].to_string(),
                interface["name"].to_string(),
                is_up,
                record["mtu"].to_string(),
                own.collect(),
            )
        })
        .collect();
    assert_eq!(ours, theirs);
}

#[test]
fn a_table_has_those_of_the_lan_and_says_of_the_others_why_not() {
    let neighbourhood = Neighbourhood::new();
    neighbourhood.nics[1].plug(false);
    let output = run(&neighbourhood.ours, &["interfaces"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    let lines: Vec<_> = said.lines().collect();
    assert!(lines[0].starts_with("index  name  kind"), "{said}");
    assert!(lines[1].contains("lan0  virtual (veth)  up"), "{said}");
    assert!(
        lines[1].contains("10.71.0.1/24") && lines[1].contains("10.71.0.255"),
        "{said}"
    );
    assert!(!said.contains("lan1") && !said.contains("\u{1b}"), "{said}");
    assert!(
        lines.iter().all(|line| *line == line.trim_end()),
        "{said:?}"
    );

    let output = run(&neighbourhood.ours, &["interfaces", "--explain"]);
    let said = String::from_utf8(output.stdout).unwrap();
    for expected in [
        "no, it reaches only this host",
        "yes, it can broadcast and multicast",
        "no, it has no carrier",
    ] {
        assert!(said.contains(expected), "{expected} is not in {said}");
    }
}

#[test]
fn interfaces_are_chosen_as_every_command_chooses_them() {
    let neighbourhood = Neighbourhood::new();
    let index = neighbourhood.nics[1].index().to_string();
    for (choice, expected) in [
        (&[][..], &["lan0", "lan1"][..]),
        (&["-i", "lan1"], &["lan1"]),
        (&["-i", &index], &["lan1"]),
        (&["-i", "10.71.0.0/24"], &["lan0"]),
        (&["-i", "!lan0"], &["lan1"]),
        (&["-i", "lan0", "-i", "lan1"], &["lan0", "lan1"]),
        (&["-i", "!lan0", "-i", "lo"], &["lo"]),
        (&["-i", "all,!lan0"], &["lo", "lan1"]),
    ] {
        let records = records(&neighbourhood.ours, &[&["interfaces"], choice].concat());
        let names = records
            .iter()
            .map(|record| record["interface"]["name"].as_str());
        assert_eq!(
            names.map(Option::unwrap).collect::<Vec<_>>(),
            expected,
            "{choice:?}"
        );
    }
    let output = run(&neighbourhood.ours, &["interfaces", "-i", "nonesuch"]);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn changes_are_told_as_they_happen() {
    let neighbourhood = Neighbourhood::new();
    let nic = &neighbourhood.nics[0];
    let text = Tool::listen(&neighbourhood.ours, &["watch", "--count", "2"], 0);
    let json = Tool::listen(&neighbourhood.ours, &["watch", "--count", "2", "--json"], 0);
    assert_eq!(text.error(), "watching 3 interfaces");
    assert_eq!(
        json.record(),
        json!({ "type": "watching", "interfaces": 3 })
    );
    nic.set_mtu(1400);
    let name = format!("lan0 (index {})", nic.index());
    // After the time of day.
    assert_eq!(text.line()[16..], format!("{name}: MTU 1500 -> 1400"));
    let record = json.record();
    assert_eq!(record["what"], "mtu");
    assert_eq!(
        record["interface"],
        json!({ "index": nic.index(), "name": "lan0" })
    );
    nic.delete();
    assert_eq!(text.line()[16..], format!("{name} is gone"));
    assert_eq!(json.record()["what"], "removed");
    for tool in [text, json] {
        let ended = tool.end();
        assert!(
            ended.status.success() && ended.lines.is_empty(),
            "{ended:?}"
        );
    }
}
