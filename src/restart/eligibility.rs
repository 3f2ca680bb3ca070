//! Whether a phone may be ordered to restart now. The rules, in the order in which they are checked:
//!
//! 1. It is listed, and registered from its own address.
//! 2. It is not converted, and the load that it would be given differs from the one that runs: a phone
//!    that restarts for nothing would do so for ever.
//! 3. It reads what this program serves: it has no trust list, and no diagnosis is active that a
//!    restart does not resolve.
//! 4. It fetches and writes nothing, and its last image is at least [`AFTER_IMAGE`] old.
//! 5. It is in no call.
//! 6. Its last order is at least [`BETWEEN_ORDERS`] old, and it got fewer than [`MAX_ORDERS`].

use std::time::Duration;

use crate::{
    phone::Protocol,
    track::{NotOrdered, RestartFacts, State},
};

/// The time from the last request for an image, or acknowledgement of one, to an order.
pub const AFTER_IMAGE: Duration = Duration::from_mins(10);

/// The time between two orders to one phone.
pub const BETWEEN_ORDERS: Duration = Duration::from_mins(5);

/// Orders to one phone in one run.
pub const MAX_ORDERS: u32 = 3;

/// Whether the phone may be ordered now. `again`: the Reset is repeated on the connection on which the
/// newest order was given, which is no new order.
///
/// # Errors
/// Why not.
pub fn check(facts: &RestartFacts, again: bool) -> Result<(), NotOrdered> {
    if !facts.registration.is_listed {
        return Err(NotOrdered::NotListed);
    }
    if !facts.registration.is_own_address {
        return Err(NotOrdered::OtherAddress);
    }
    if !facts.is_served {
        return Err(NotOrdered::NotServing);
    }
    check_load(facts)?;
    if facts.loads.has_trust_list {
        return Err(NotOrdered::TrustList);
    }
    if facts.progress.state == State::Failed {
        return Err(NotOrdered::Diagnosed);
    }
    check_progress(facts)?;
    if facts.registration.is_in_call {
        return Err(NotOrdered::InCall);
    }
    match facts.ordered {
        Some(_) if again => Ok(()),
        Some((_, MAX_ORDERS..)) => Err(NotOrdered::OrderedThreeTimes),
        Some((at, _)) if facts.now.saturating_sub(at) < BETWEEN_ORDERS => {
            Err(NotOrdered::OrderedRecently)
        }
        _ => Ok(()),
    }
}

fn check_load(facts: &RestartFacts) -> Result<(), NotOrdered> {
    let loads = &facts.loads;
    if matches!(
        facts.progress.state,
        State::Confirmed | State::Already | State::Flashed
    ) {
        return Err(NotOrdered::Converted);
    }
    if !loads.is_model_known {
        return Err(NotOrdered::ModelUnknown);
    }
    let Some(offered) = &loads.offered else {
        return Err(NotOrdered::NothingStaged);
    };
    let is_same = match &loads.running {
        Some(running) => running.as_str().eq_ignore_ascii_case(offered.as_str()),
        // It registers by SCCP, so its load is not a SIP load.
        None => offered.protocol() != Some(Protocol::Sip),
    };
    if is_same {
        return Err(NotOrdered::SameLoad);
    }
    Ok(())
}

fn check_progress(facts: &RestartFacts) -> Result<(), NotOrdered> {
    let progress = &facts.progress;
    if progress.is_fetching {
        return Err(NotOrdered::Fetching);
    }
    if progress.may_be_writing || progress.state.may_be_writing() || progress.state == State::Images
    {
        return Err(NotOrdered::Writing);
    }
    let age = |at| facts.now.saturating_sub(at);
    if progress.last_image.is_some_and(|at| age(at) < AFTER_IMAGE) {
        return Err(NotOrdered::JustWritten);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::{
        phone::{LoadName, MacAddress},
        track::{RestartLoads, RestartProgress, RestartRegistration},
    };

    fn facts() -> RestartFacts {
        RestartFacts {
            mac: MacAddress::new([0, 0x1d, 0x45, 0xaa, 0xbb, 1]),
            address: Ipv4Addr::new(192, 0, 2, 7),
            registration: RestartRegistration {
                is_listed: true,
                is_own_address: true,
                is_in_call: false,
            },
            progress: RestartProgress {
                state: State::Configuring,
                is_fetching: false,
                may_be_writing: false,
                last_image: None,
            },
            loads: RestartLoads {
                running: Some(LoadName::new("SCCP45.8-5-2S")),
                offered: Some(LoadName::new("SIP45.9-3-1SR4-1S")),
                is_model_known: true,
                has_trust_list: false,
            },
            ordered: None,
            is_served: true,
            now: Duration::from_hours(1),
        }
    }

    /// The time this many seconds ago.
    fn before(facts: &RestartFacts, seconds: u64) -> Duration {
        facts.now.saturating_sub(Duration::from_secs(seconds))
    }

    /// What the check says of these facts after a change.
    fn after(change: impl FnOnce(&mut RestartFacts)) -> Result<(), NotOrdered> {
        let mut facts = facts();
        change(&mut facts);
        check(&facts, false)
    }

    #[test]
    fn a_listed_phone_with_another_load_at_its_own_address_is_ordered() {
        assert_eq!(after(|_| {}), Ok(()));
        assert_eq!(
            after(|it| it.registration.is_listed = false),
            Err(NotOrdered::NotListed)
        );
        let other = after(|it| it.registration.is_own_address = false);
        assert_eq!(other, Err(NotOrdered::OtherAddress));
        assert_eq!(
            after(|it| it.registration.is_in_call = true),
            Err(NotOrdered::InCall)
        );
        assert_eq!(
            after(|it| it.loads.has_trust_list = true),
            Err(NotOrdered::TrustList)
        );
        assert_eq!(
            after(|it| it.is_served = false),
            Err(NotOrdered::NotServing)
        );
    }

    #[test]
    fn a_phone_is_never_restarted_for_the_load_that_it_runs() {
        let same = after(|it| it.loads.running = Some(LoadName::new("sip45.9-3-1sr4-1s")));
        assert_eq!(same, Err(NotOrdered::SameLoad));
        assert_eq!(
            after(|it| it.loads.offered = None),
            Err(NotOrdered::NothingStaged)
        );
        let unknown = after(|it| it.loads.is_model_known = false);
        assert_eq!(unknown, Err(NotOrdered::ModelUnknown));
        // A 7940 names no load, and a phone that registers by SCCP runs no SIP load.
        assert_eq!(after(|it| it.loads.running = None), Ok(()));
        let bridge = after(|it| {
            it.loads.running = None;
            it.loads.offered = Some(LoadName::new("SCCP45.8-5-2S"));
        });
        assert_eq!(bridge, Err(NotOrdered::SameLoad));
        for state in [State::Flashed, State::Confirmed, State::Already] {
            let converted = after(|it| it.progress.state = state);
            assert_eq!(converted, Err(NotOrdered::Converted));
        }
    }

    #[test]
    fn a_phone_is_never_restarted_between_its_first_image_and_ten_minutes_after_its_last() {
        let fetching = after(|it| it.progress.is_fetching = true);
        assert_eq!(fetching, Err(NotOrdered::Fetching));
        for state in [State::Images, State::Writing, State::Rebooted] {
            let writing = after(|it| it.progress.state = state);
            assert_eq!(writing, Err(NotOrdered::Writing));
        }
        let writing = after(|it| it.progress.may_be_writing = true);
        assert_eq!(writing, Err(NotOrdered::Writing));
        let image = |seconds| after(|it| it.progress.last_image = Some(before(it, seconds)));
        assert_eq!(image(599), Err(NotOrdered::JustWritten));
        assert_eq!(image(600), Ok(()));
    }

    #[test]
    fn a_phone_is_ordered_once_in_five_minutes_and_three_times_in_a_run() {
        let ordered = |seconds, count| after(|it| it.ordered = Some((before(it, seconds), count)));
        assert_eq!(ordered(299, 1), Err(NotOrdered::OrderedRecently));
        assert_eq!(ordered(300, 2), Ok(()));
        assert_eq!(ordered(3000, 3), Err(NotOrdered::OrderedThreeTimes));
        let mut again = facts();
        again.ordered = Some((again.now, 3));
        assert_eq!(check(&again, true), Ok(()));
        again.registration.is_in_call = true;
        assert_eq!(check(&again, true), Err(NotOrdered::InCall));
    }
}
