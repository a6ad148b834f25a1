//! Times as queries write them: small ones as they are, large ones as floating-point numbers.

/// A format of times (RFC 3376, section 4.1.1; RFC 3810, section 5.1.3).
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeCode {
    /// How many bits the mantissa has; an exponent of three and a one are in front of it.
    mantissa: u32,
}

impl TimeCode {
    /// In eight bits.
    pub(super) const IGMP: Self = Self { mantissa: 4 };
    /// In sixteen bits.
    pub(super) const MLD: Self = Self { mantissa: 12 };

    /// What is written for the time, or for the largest below it that can be.
    pub(super) fn encode(self, time: u32) -> u32 {
        let floating = 1 << (self.mantissa + 3);
        if time < floating {
            return time;
        }
        let exponent = time.ilog2() - self.mantissa - 3;
        if exponent > 7 {
            return 2 * floating - 1;
        }
        let mantissa = time >> (exponent + 3) & ((1 << self.mantissa) - 1);
        floating | exponent << self.mantissa | mantissa
    }

    /// The time that was written.
    pub(super) fn decode(self, code: u32) -> u32 {
        let one = 1 << self.mantissa;
        if code < one << 3 {
            return code;
        }
        let exponent = code >> self.mantissa & 7;
        (code & (one - 1) | one) << (exponent + 3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_for_a_time_of_its_own() {
        for (format, codes) in [(TimeCode::IGMP, 1 << 8), (TimeCode::MLD, 1 << 16)] {
            let mut last = None;
            for code in 0..codes {
                let time = format.decode(code);
                assert!(last < Some(time), "{code:#x} is {time}");
                assert_eq!(format.encode(time), code);
                last = Some(time);
            }
            assert_eq!(format.encode(u32::MAX), codes - 1);
        }
    }

    #[test]
    fn the_largest_times_are_those_of_the_rfcs() {
        assert_eq!(TimeCode::IGMP.decode(0xff), 31_744);
        assert_eq!(TimeCode::MLD.decode(0xffff), 8_387_584);
        assert_eq!(TimeCode::IGMP.decode(TimeCode::IGMP.encode(129)), 128);
    }
}
