//! Series of phones: families that look alike on the label and have loads of their own.

use super::Family;

/// Families whose loads differ and whose phones are easily mistaken for each other.
const SERIES: &[&[Family]] = &[
    &[Family::F6901, Family::F6911, Family::F69, Family::F6945],
    &[Family::F8961, Family::F9951, Family::F9971],
    &[Family::F78, Family::F7832],
    &[
        Family::F88,
        Family::F8845,
        Family::F8821,
        Family::F8831,
        Family::F8832,
    ],
];

impl Family {
    /// The other families of its series: their phones reject its loads by name.
    pub fn siblings(self) -> impl Iterator<Item = Self> {
        let series = SERIES.iter().find(|series| series.contains(&self));
        let all = series.copied().unwrap_or_default().iter().copied();
        all.filter(move |family| *family != self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_are_the_rest_of_the_series() {
        let of_6945: Vec<_> = Family::F6945.siblings().collect();
        assert_eq!(of_6945, [Family::F6901, Family::F6911, Family::F69]);
        assert_eq!(Family::F45.siblings().count(), 0);
    }
}
