//! `ifcast wake`.

use ifcast_netlab::{Capture, Frame};
use ifcast_tests::is_installed;

use crate::Neighbourhood;
use crate::tool::{assert_says, run, run_peer};

const MAC: &str = "02:00:5e:10:00:fe";

#[test]
fn the_packet_is_that_of_wakeonlan_and_goes_out_on_every_segment() {
    if !is_installed("wakeonlan") {
        return;
    }
    let neighbourhood = Neighbourhood::new();
    let (ours, neighbours) = (&neighbourhood.ours, &neighbourhood.neighbours);
    let mut captures = neighbourhood
        .segments
        .each_ref()
        .map(|segment| segment.capture());
    for neighbour in neighbours {
        let network = neighbour
            .host()
            .name()
            .replace("left", "0")
            .replace("right", "1");
        let all = format!("10.71.{network}.255");
        run_peer(neighbour.host(), "wakeonlan", &["-i", &all, MAC]);
    }
    let theirs = captures.each_mut().map(magic_packet);

    let [first, second] = neighbourhood.nics.each_ref().map(|nic| nic.index());
    assert_says(
        ours,
        &["wake", MAC],
        &[
            &format!("lan0 (index {first}): sent to 255.255.255.255:9 from 10.71.0.1"),
            &format!("lan1 (index {second}): sent to 255.255.255.255:9 from 10.71.1.1"),
        ],
    );
    for (i, (capture, theirs)) in captures.iter_mut().zip(&theirs).enumerate() {
        let frame = magic_packet(capture);
        let (udp, theirs) = (frame.udp().unwrap(), theirs.udp().unwrap());
        assert_eq!(udp.payload, theirs.payload);
        assert_eq!(udp.destination, "255.255.255.255:9".parse().unwrap());
        assert_eq!(udp.source.ip().to_string(), format!("10.71.{i}.1"));
        assert_eq!(frame.destination(), [0xff; 6]);
    }

    // On one interface only: what is sent on the other after it comes first there.
    let output = run(ours, &["wake", MAC, "--interface", "lan1", "--quiet"]);
    assert!(
        output.status.success() && output.stdout.is_empty(),
        "{output:?}"
    );
    let output = run(ours, &["wake", MAC, "--interface", "lan0", "--port", "7"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        magic_packet(&mut captures[0])
            .udp()
            .unwrap()
            .destination
            .port(),
        7
    );
}

fn magic_packet(capture: &mut Capture) -> Frame {
    let frames = capture.frames_until(|frame| {
        let payload = frame.udp().map(|udp| udp.payload.len());
        payload == Some(102)
    });
    frames.last().unwrap().clone()
}
