//! What the figures were measured on.

use std::time::SystemTime;
use std::{fmt, fs};

/// The kernel, the processor and the day.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    kernel: String,
    processor: String,
    processors: usize,
    measured: SystemTime,
}

impl Machine {
    /// This one, now.
    pub(crate) fn this() -> Self {
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        Self {
            kernel: kernel.trim().to_owned(),
            processor: model(&processors).to_owned(),
            processors: count(&processors),
            measured: SystemTime::now(),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = humantime::format_rfc3339_seconds(self.measured).to_string();
        let day = time.split('T').next().unwrap_or_default();
        let Self {
            kernel,
            processor,
            processors,
            ..
        } = self;
        write!(
            f,
            "{day}, Linux {kernel}, {processors} processors ({processor})"
        )
    }
}

/// Not every architecture tells of the model.
fn model(cpuinfo: &str) -> &str {
    let models = cpuinfo.lines().filter_map(|line| line.split_once(':'));
    let mut models = models.filter(|(key, _)| key.trim() == "model name");
    models
        .next()
        .map_or(std::env::consts::ARCH, |(_, model)| model.trim())
}

/// All of them, not only those that this thread keeps to.
fn count(cpuinfo: &str) -> usize {
    let keys = cpuinfo.lines().filter_map(|line| line.split_once(':'));
    keys.filter(|(key, _)| key.trim() == "processor").count()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_machine_is_told_in_one_line() {
        let machine = Machine {
            kernel: "6.18.1".to_owned(),
            processor: model("processor : 0\nmodel name\t: Z80 @ 4 MHz\n").to_owned(),
            processors: 2,
            measured: SystemTime::UNIX_EPOCH + Duration::from_secs(86_400 * 365),
        };
        let expected = "1971-01-01, Linux 6.18.1, 2 processors (Z80 @ 4 MHz)";
        assert_eq!(machine.to_string(), expected);
    }

    #[test]
    fn every_processor_has_a_number() {
        let cpuinfo = "processor : 0\nmodel name : Z80\n\nprocessor\t: 1\nmodel name : Z80\n";
        assert_eq!(count(cpuinfo), 2);
    }

    #[test]
    fn a_processor_without_a_model_is_told_by_its_architecture() {
        assert_eq!(model("processor : 0\n"), std::env::consts::ARCH);
    }
}
