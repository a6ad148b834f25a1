//! What the tool says of itself, which takes no network.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::process::{Command, Output};

fn ifcast(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ifcast"));
    command.args(arguments).output().unwrap()
}

#[track_caller]
fn said(arguments: &[&str]) -> String {
    let output = ifcast(arguments);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

const COMMANDS: [&str; 9] = [
    "interfaces",
    "watch",
    "listen",
    "send",
    "ping",
    "pong",
    "wake",
    "completions",
    "man",
];

#[test]
fn every_command_is_listed_and_explains_itself() {
    let help = said(&["--help"]);
    assert!(help.contains("Exit status: 0 if all went well"), "{help}");
    for command in COMMANDS {
        assert!(help.contains(&format!("\n  {command} ")), "{help}");
        let of_command = said(&[command, "--help"]);
        assert!(
            of_command.contains(&format!("Usage: ifcast {command} ")),
            "{of_command}"
        );
        assert_eq!(
            said(&[command, "-V"]).trim(),
            said(&["--version"])
                .trim()
                .replace("ifcast", &format!("ifcast-{command}"))
        );
    }
}

#[test]
fn arguments_that_make_no_sense_are_refused_with_2() {
    for arguments in [
        &[][..],
        &["sing"],
        &["listen"],
        &["listen", "--port", "0"],
        &["listen", "--port", "2222", "--group", "192.0.2.1"],
        &["listen", "--port", "2222", "--group", "232.1.1.1@fe80::1"],
        &["listen", "--port", "2222", "--count", "0"],
        &["listen", "--port", "2222", "--for", "soon"],
        &["listen", "--port", "2222", "--interface", "10.0.0.0/33"],
        &["listen", "--port", "2222", "--interface", "!"],
        &["send", "--port", "2222"],
        &[
            "send",
            "--port",
            "2222",
            "--broadcast",
            "--group",
            "239.1.2.3",
        ],
        &[
            "send",
            "--port",
            "2222",
            "--broadcast",
            "--payload",
            "x",
            "--size",
            "3",
        ],
        &[
            "send",
            "--port",
            "2222",
            "--broadcast",
            "--rate",
            "1/s",
            "--interval",
            "1s",
        ],
        &["send", "--port", "2222", "--broadcast", "--rate", "0"],
        &["send", "--port", "2222", "--broadcast", "--hex", "abc"],
        &["send", "--port", "2222", "--broadcast", "--hops", "0"],
        &["ping"],
        &["wake", "02:00:5e:10:00"],
        &["completions", "abacus"],
    ] {
        let output = ifcast(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn every_shell_can_complete_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = said(&["completions", shell]);
        for command in COMMANDS {
            assert!(script.contains(command), "{command} for {shell}");
        }
    }
}

#[test]
fn there_is_a_man_page_for_every_command() {
    let directory = std::env::temp_dir().join(format!("ifcast-man-{}", std::process::id()));
    std::fs::create_dir(&directory).unwrap();
    assert_eq!(said(&["man", directory.to_str().unwrap()]), "");
    for command in COMMANDS {
        let page = std::fs::read_to_string(directory.join(format!("ifcast-{command}.1")));
        assert!(page.unwrap().contains(".TH "), "{command}");
    }
    let page = std::fs::read_to_string(directory.join("ifcast.1")).unwrap();
    assert!(page.contains("Exit status"), "{page}");
    std::fs::remove_dir_all(&directory).unwrap();
    let output = ifcast(&["man", directory.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).starts_with("ifcast: write "),
        "{output:?}"
    );
}
