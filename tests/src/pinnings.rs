//! The ways of tying a socket to an interface, where not every host has both.

use ifcast::Pinning;
use ifcast_netlab::is_without_device_binding;

/// Both ways of tying a socket to an interface, or the one that there is: the second
/// is Apple's model, where the kernel filters nothing and this project does.
pub fn pinnings() -> impl Iterator<Item = Pinning> + Clone {
    let all = [Pinning::Device, Pinning::AddressFree];
    let refused = usize::from(is_without_device_binding());
    all.into_iter().skip(refused)
}

/// The way in which the kernel filters most, which is what `Pinning::Automatic`
/// comes to.
#[must_use]
pub fn tightest() -> Pinning {
    if is_without_device_binding() {
        Pinning::AddressFree
    } else {
        Pinning::Device
    }
}
