//! The waves in which phones are ordered to restart: a pilot, then a few, then as many as asked for.
//!
//! The account is a function of what became of the phones that were ordered, so a resumed run
//! continues it. The pilot is repeated with another phone until one is converted. A wave ends when each
//! of its phones is converted or given up; its free places are taken by phones that come later.

use std::{collections::BTreeSet, time::Duration};

use crate::{
    phone::MacAddress,
    track::{MemberOutcome, RestartMember, RunTime},
};

/// The time between two orders.
pub const SPACING: Duration = Duration::from_secs(2);

/// Phones of the pilot unless given.
pub const PILOT: u32 = 1;

/// Most phones of the second wave.
pub const SECOND: u32 = 5;

/// Phones of a later wave unless given.
pub const WAVE: u32 = 20;

/// Failures in one wave that stop the waves.
pub const MAX_FAILURES: usize = 2;

/// How many phones the waves have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaveSizes {
    /// Of the first wave.
    pub pilot: u32,
    /// Of the third and later waves; the second has [`SECOND`] at most.
    pub wave: u32,
}

impl Default for WaveSizes {
    fn default() -> Self {
        Self {
            pilot: PILOT,
            wave: WAVE,
        }
    }
}

impl WaveSizes {
    /// How many phones this wave has, from 1.
    #[must_use]
    pub fn of(&self, wave: u32) -> usize {
        let size = match wave {
            0 | 1 => self.pilot,
            2 => self.wave.min(SECOND),
            _ => self.wave,
        };
        size.max(1) as usize
    }
}

/// Why no further phone is ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// This phone refused its load.
    LoadRefused(MacAddress),
    /// These phones failed, in one wave.
    Failures(Vec<MacAddress>),
}

/// What may happen next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// A phone may be ordered in this wave from this time on.
    Order {
        /// The wave, from 1.
        wave: u32,
        /// The earliest time.
        from: RunTime,
    },
    /// Every place of this wave is taken, and its phones are not done.
    Full {
        /// The wave, from 1.
        wave: u32,
    },
    /// No phone is ordered any more.
    Stopped(Stop),
}

/// What may happen next. `members`: the phones that were ordered. `excused`: those of them that had
/// failed before the operator agreed to go on.
#[must_use]
pub fn next(sizes: WaveSizes, members: &[RestartMember], excused: &BTreeSet<MacAddress>) -> Next {
    let counts = |member: &&RestartMember| !excused.contains(&member.mac);
    let failed = |outcome| {
        members
            .iter()
            .filter(counts)
            .filter(move |it| it.outcome == outcome)
    };
    if let Some(member) = failed(MemberOutcome::LoadRefused).next() {
        return Next::Stopped(Stop::LoadRefused(member.mac));
    }
    let mut wave = members
        .iter()
        .map(|member| member.wave)
        .max()
        .unwrap_or(1)
        .max(1);
    let failures: Vec<MacAddress> = failed(MemberOutcome::Failed)
        .filter(|member| member.wave == wave)
        .map(|member| member.mac)
        .collect();
    if failures.len() >= MAX_FAILURES {
        return Next::Stopped(Stop::Failures(failures));
    }
    let from = members
        .iter()
        .map(|member| member.ordered_at + SPACING)
        .max()
        .unwrap_or_default();
    let of_wave = || members.iter().filter(|member| member.wave == wave);
    let with = |outcome| of_wave().filter(|member| member.outcome == outcome).count();
    let (done, under_way) = (with(MemberOutcome::Done), with(MemberOutcome::UnderWay));
    let size = sizes.of(wave);
    // Only a converted phone ends the pilot.
    let taken = if wave == 1 {
        done + under_way
    } else {
        of_wave().count()
    };
    if taken >= size {
        if under_way > 0 {
            return Next::Full { wave };
        }
        wave += 1;
    }
    Next::Order { wave, from }
}

#[cfg(test)]
mod tests {
    use MemberOutcome::{Done, Failed, GivenUp, LoadRefused, UnderWay};

    use super::*;

    /// The phones of these waves with these outcomes, ordered 3 s apart from 0 s on.
    fn members(outcomes: &[(u32, MemberOutcome)]) -> Vec<RestartMember> {
        let numbered = (0_u8..).zip(outcomes);
        let member = |(number, (wave, outcome)): (u8, &(u32, MemberOutcome))| RestartMember {
            mac: mac(number),
            wave: *wave,
            ordered_at: Duration::from_secs(3 * u64::from(number)),
            outcome: *outcome,
        };
        numbered.map(member).collect()
    }

    fn mac(number: u8) -> MacAddress {
        MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, number])
    }

    fn after(outcomes: &[(u32, MemberOutcome)]) -> Next {
        next(WaveSizes::default(), &members(outcomes), &BTreeSet::new())
    }

    fn order(wave: u32, seconds: u64) -> Next {
        let from = Duration::from_secs(seconds);
        Next::Order { wave, from }
    }

    #[test]
    fn a_pilot_of_one_then_five_then_twenty() {
        assert_eq!(after(&[]), order(1, 0));
        assert_eq!(after(&[(1, UnderWay)]), Next::Full { wave: 1 });
        assert_eq!(after(&[(1, Done)]), order(2, 2));
        let mut outcomes = vec![(1, Done), (2, Done), (2, UnderWay), (2, Done), (2, Done)];
        assert_eq!(after(&outcomes), order(2, 14), "a place is free");
        outcomes.push((2, Done));
        assert_eq!(after(&outcomes), Next::Full { wave: 2 });
        outcomes[2].1 = Done;
        assert_eq!(after(&outcomes), order(3, 17));
        outcomes.extend([(3, Done); 19]);
        assert_eq!(after(&outcomes), order(3, 74));
        outcomes.push((3, GivenUp));
        assert_eq!(after(&outcomes), order(4, 77));
        let small = WaveSizes { pilot: 2, wave: 3 };
        assert_eq!([1, 2, 3].map(|wave| small.of(wave)), [2, 3, 3]);
    }

    #[test]
    fn the_pilot_is_repeated_until_a_phone_is_converted() {
        assert_eq!(after(&[(1, GivenUp)]), order(1, 2));
        assert_eq!(
            after(&[(1, GivenUp), (1, UnderWay)]),
            Next::Full { wave: 1 }
        );
        assert_eq!(after(&[(1, Failed), (1, Done)]), order(2, 5));
    }

    #[test]
    fn a_refused_load_or_two_failures_in_a_wave_stop_the_waves() {
        let refused = [(1, Done), (2, UnderWay), (2, LoadRefused)];
        assert_eq!(after(&refused), Next::Stopped(Stop::LoadRefused(mac(2))));
        assert_eq!(after(&[(1, Failed)]), order(1, 2));
        let failures = Stop::Failures(vec![mac(0), mac(1)]);
        assert_eq!(after(&[(1, Failed), (1, Failed)]), Next::Stopped(failures));
        let apart = [(1, Failed), (1, Done), (2, Failed), (2, GivenUp)];
        assert_eq!(after(&apart), order(2, 11), "one in each wave");
        let members = members(&refused);
        let excused = BTreeSet::from([mac(2)]);
        let next = next(WaveSizes::default(), &members, &excused);
        assert_eq!(next, order(2, 8), "the operator agreed to go on");
    }
}
