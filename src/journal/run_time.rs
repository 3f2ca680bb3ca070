//! Run times as whole nanoseconds, exact, so that a replay gives the same states.

use serde::{Deserialize as _, Deserializer, Serializer};

use crate::track::RunTime;

pub(super) fn serialize<S: Serializer>(
    run_time: &RunTime,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(run_time.as_nanos()).unwrap_or(u64::MAX))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RunTime, D::Error> {
    u64::deserialize(deserializer).map(RunTime::from_nanos)
}
