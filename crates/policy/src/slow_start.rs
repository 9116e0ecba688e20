//! An upstream that is new or back gets less than its share at first: caches are cold and compilers have not seen much.

use std::time::Duration;

/// The weight of an upstream that has been back for `back_for`, where the start takes `over`. One that was there all
/// the time has its whole weight.
pub fn weight(weight: u32, back_for: Option<Duration>, over: Duration) -> u32 {
    let whole = weight.saturating_mul(PARTS);
    let Some(back_for) = back_for.filter(|back_for| *back_for < over) else { return whole };
    let passed = back_for.as_millis() * u128::from(whole) / over.as_millis().max(1);
    u32::try_from(passed).unwrap_or(whole).max(whole / LEAST).max(1)
}

/// Weights are counted in so many parts, so that a small one can grow too.
const PARTS: u32 = 64;

/// The share begins with this part.
const LEAST: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_grows_from_a_tenth_to_the_whole() {
        let over = Duration::from_secs(10);
        let at = |seconds| weight(5, Some(Duration::from_secs(seconds)), over);
        assert_eq!((at(0), at(5), at(10)), (32, 160, 320));
        assert_eq!(weight(5, None, over), 320);
        assert_eq!(weight(5, Some(Duration::ZERO), Duration::ZERO), 320);
    }
}
