//! The tool as it is built, running on a host of the lab.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use ifcast_netlab::Host;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// How long to wait for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long nothing must come to be taken for silence.
const SILENCE: Duration = Duration::from_millis(100);

/// The path of the tool, which `cargo test --workspace` builds beside the tests.
pub(crate) fn path() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let path = tests.parent().unwrap().with_file_name("ifcast");
    assert!(
        path.is_file(),
        "{} is missing: `cargo build -p ifcast-cli`",
        path.display()
    );
    path
}

/// The tool with these arguments.
pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(path());
    command.args(arguments).env_remove("NO_COLOR");
    command
}

/// Runs the tool on a host until it has ended, which it must by itself.
pub(crate) fn run(host: &Host, arguments: &[&str]) -> Output {
    host.run(|| command(arguments).stdin(Stdio::null()).output())
        .unwrap()
}

/// Runs the tool likewise; it must say nothing but these lines, and be content.
#[track_caller]
pub(crate) fn assert_says(host: &Host, arguments: &[&str], expected: &[&str]) {
    let output = run(host, arguments);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.lines().collect::<Vec<_>>(), expected);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

/// Runs the tool with `--json`; what it says, record by record.
#[track_caller]
pub(crate) fn records(host: &Host, arguments: &[&str]) -> Vec<Value> {
    let output = run(host, &[arguments, &["--json"]].concat());
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    let records = said.lines().map(serde_json::from_str);
    records.collect::<Result<_, _>>().unwrap()
}

/// The tool while it runs on a host.
#[derive(Debug)]
pub(crate) struct Tool {
    child: Child,
    lines: Receiver<String>,
    errors: Receiver<String>,
}

/// How it ended, and what it had not been asked for yet.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) lines: Vec<String>,
    pub(crate) errors: Vec<String>,
}

impl Tool {
    /// Starts it, for a minute at most, lest it outlives a test that is killed.
    pub(crate) fn start(host: &Host, arguments: &[&str]) -> Self {
        let mut command = command(arguments);
        command
            .args(["--for", "60s"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = host.run(|| command.spawn()).unwrap();
        Self {
            lines: read(child.stdout.take().unwrap()),
            errors: read(child.stderr.take().unwrap()),
            child,
        }
    }

    /// Starts it to listen, and waits until it does so on so many interfaces.
    #[track_caller]
    pub(crate) fn listen(host: &Host, arguments: &[&str], interfaces: usize) -> Self {
        let tool = Self::start(host, arguments);
        for _ in 0..interfaces {
            let line = tool.error();
            assert!(line.contains("ing on "), "{line}");
        }
        tool
    }

    /// The next line that it prints, which must come in time.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        next(&self.lines)
    }

    /// The next line that it prints, as JSON.
    #[track_caller]
    pub(crate) fn record(&self) -> Value {
        serde_json::from_str(&self.line()).unwrap()
    }

    /// The next line that it prints on standard error, which must come in time.
    #[track_caller]
    pub(crate) fn error(&self) -> String {
        next(&self.errors)
    }

    /// Fails if it prints anything or has ended.
    #[track_caller]
    pub(crate) fn assert_silent(&self) {
        let output = self.lines.recv_timeout(SILENCE);
        assert_eq!(output, Err(RecvTimeoutError::Timeout));
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill(Pid::from_raw(pid), signal).unwrap();
    }

    /// Waits until it ends by itself.
    #[track_caller]
    pub(crate) fn end(mut self) -> Ended {
        let rest = |lines: &Receiver<String>| {
            let mut rest = Vec::new();
            loop {
                match lines.recv_timeout(PATIENCE) {
                    Ok(line) => rest.push(line),
                    Err(RecvTimeoutError::Disconnected) => return rest,
                    Err(RecvTimeoutError::Timeout) => panic!("it does not end: {rest:?}"),
                }
            }
        };
        Ended {
            lines: rest(&self.lines),
            errors: rest(&self.errors),
            status: self.child.wait().unwrap(),
        }
    }

    /// Has it end, as Ctrl-C does; it must be content, and have no complaints.
    #[track_caller]
    pub(crate) fn interrupt(self) -> Vec<String> {
        self.signal(Signal::SIGINT);
        let ended = self.end();
        assert!(ended.status.success(), "{ended:?}");
        assert_eq!(ended.errors, [""; 0]);
        ended.lines
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the tool with something on its standard input until it has ended.
pub(crate) fn run_with_input(host: &Host, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = command(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = host.run(|| command.spawn()).unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

/// Runs a program that is not ours on a host until it has ended.
#[track_caller]
pub(crate) fn run_peer(host: &Host, program: &str, arguments: &[&str]) -> String {
    let output = host.run(|| Command::new(program).args(arguments).output());
    let output = output.unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn read(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    lines
}

#[track_caller]
fn next(lines: &Receiver<String>) -> String {
    match lines.recv_timeout(PATIENCE) {
        Ok(line) => line,
        Err(error) => panic!("it said nothing more: {error}"),
    }
}
