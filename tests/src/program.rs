//! Running a program on a host of the lab, at arm's length.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use ifcast_netlab::Host;

/// How long to wait for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long nothing must come to be taken for silence.
const SILENCE: Duration = Duration::from_millis(100);

/// Runs its arguments until its own input ends, which it does with the process
/// that holds the other end, however that one dies.
const LEASH: &str = r#"trap '' INT; "$@" 2>&1 & read -r line; kill -9 $!; wait"#;

/// A program that runs on a host, as long as this lives at most.
///
/// If the test fails, what the program said is shown.
#[must_use = "the program is killed when this is dropped"]
#[derive(Debug)]
pub struct Program {
    name: String,
    shell: Child,
    output: Receiver<String>,
}

impl Program {
    /// Starts it by its name or path.
    pub fn start(host: &Host, program: &str, arguments: &[&str]) -> Self {
        let name = format!("{program} on {}", host.name());
        let spawn = || {
            Command::new("sh")
                .args(["-c", LEASH, "sh", program])
                .args(arguments)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null()) // some shells tell whom they have killed
                .spawn()
        };
        let mut shell = host.run(spawn).unwrap();
        let stdout = BufReader::new(shell.stdout.take().unwrap());
        let (sender, output) = mpsc::channel();
        let prefix = name.clone();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                println!("{prefix}: {line}");
                let _ = sender.send(line);
            }
        });
        Self {
            name,
            shell,
            output,
        }
    }

    /// The next line that it prints, which must come in time.
    #[must_use]
    #[track_caller]
    pub fn line(&self) -> String {
        match self.output.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(error) => panic!("{} said nothing more: {error}", self.name),
        }
    }

    /// Fails if it prints anything or has ended.
    #[track_caller]
    pub fn assert_silent(&self) {
        let output = self.output.recv_timeout(SILENCE);
        assert_eq!(output, Err(RecvTimeoutError::Timeout), "{}", self.name);
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.shell.wait(); // which first closes its input
    }
}
