//! How long datagrams were on their way, and how evenly they came.

/// One-way delays: from the sender's clock to the receiver's, in nanoseconds. They are
/// worth as much as the two clocks agree, and negative where they do not; jitter does not
/// depend on that.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Delay {
    count: u64,
    least: i64,
    most: i64,
    sum: f64,
    last: i64,
    jitter: f64,
}

impl Delay {
    /// Takes note of the next datagram.
    pub(crate) fn take(&mut self, delay: i64) {
        if self.count == 0 {
            (self.least, self.most) = (delay, delay);
        } else {
            // RFC 3550, section 6.4.1.
            let difference = as_f64(delay.wrapping_sub(self.last)).abs();
            self.jitter += (difference - self.jitter) / 16.0;
            self.least = self.least.min(delay);
            self.most = self.most.max(delay);
        }
        self.count += 1;
        self.last = delay;
        self.sum += as_f64(delay);
    }

    /// The least delay.
    pub(crate) const fn least(&self) -> i64 {
        self.least
    }

    /// The greatest delay.
    pub(crate) const fn most(&self) -> i64 {
        self.most
    }

    /// The average delay.
    pub(crate) fn average(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "an average needs no 53 bits")]
        let count = self.count.max(1) as f64;
        self.sum / count
    }

    /// The interarrival jitter of RFC 3550.
    pub(crate) const fn jitter(&self) -> f64 {
        self.jitter
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "nanoseconds of 100 days fit into 53 bits"
)]
const fn as_f64(nanoseconds: i64) -> f64 {
    nanoseconds as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(delays: &[i64]) -> Delay {
        let mut delay = Delay::default();
        delays.iter().for_each(|one| delay.take(*one));
        delay
    }

    #[track_caller]
    fn assert_close(value: f64, expected: f64) {
        assert!((value - expected).abs() < 1e-9, "{value} is not {expected}");
    }

    #[test]
    fn least_average_and_most_are_those_of_all() {
        let delay = of(&[30, -10, 40]);
        assert_eq!((delay.least(), delay.most()), (-10, 40));
        assert_close(delay.average(), 20.0);
    }

    #[test]
    fn jitter_follows_the_formula_of_rfc_3550() {
        assert_close(of(&[5]).jitter(), 0.0);
        assert_close(of(&[100, 116]).jitter(), 1.0);
        assert_close(of(&[100, 116, 100]).jitter(), 1.0 + 15.0 / 16.0);
    }

    #[test]
    fn clocks_that_do_not_agree_leave_the_jitter_as_it_is() {
        let apart = of(&[1_000_100, 1_000_116, 1_000_100]);
        assert_close(apart.jitter(), of(&[100, 116, 100]).jitter());
    }

    #[test]
    fn clocks_from_nowhere_do_no_harm() {
        let delay = of(&[i64::MIN, i64::MAX, 0]);
        assert_eq!((delay.least(), delay.most()), (i64::MIN, i64::MAX));
    }
}
