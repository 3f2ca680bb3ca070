//! All phones of a run.

use std::{net::Ipv4Addr, time::Duration};

use jiff::Timestamp;

use super::{Event, Moment, Report, Sighting};
use crate::{
    phone::{LoadName, MacAddress, Model},
    stage::View,
};

/// What a run serves and of whom it expects what.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The staged bundles (all of them targets, for different models).
    pub stages: Vec<StagePlan>,
    /// The phones that alone are converted (`--only`).
    pub only: Option<Vec<MacAddress>>,
    /// How many phones are expected (`--expect`).
    pub expect: Option<usize>,
    /// Failed phones that end the run (`--max-failures`).
    pub max_failures: Option<usize>,
    /// How long the run may take (`--timeout`).
    pub timeout: Option<Duration>,
}

/// One staged bundle, as far as tracking needs it.
#[derive(Debug, Clone)]
pub struct StagePlan {
    /// The load that its phones will run: `SIP45.9-3-1SR4-1S`.
    pub load: LoadName,
    /// The models it is for.
    pub models: Vec<&'static Model>,
    /// Its manifests: the load's own and the recovery ones.
    pub manifests: Vec<ManifestPlan>,
}

/// One manifest of a staged bundle.
#[derive(Debug, Clone)]
pub struct ManifestPlan {
    /// Its file name as staged.
    pub name: String,
    /// The images that it names and their bytes, in its order.
    pub images: Vec<(String, u64)>,
}

/// What an address may have now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Names are resolved in this view.
    Serve(View),
    /// The run is ending and this phone is not between two images.
    Stopping,
}

/// Whether a run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Somebody is expected, or nobody said when to end.
    Running,
    /// Every expected phone is done or has failed, the time is up, or too many failed:
    /// begin to drain.
    Ended,
}

/// All phones of a run: sightings in, events out.
#[derive(Debug)]
pub struct Fleet {
    plan: Plan,
}

impl Fleet {
    /// An empty fleet for this plan.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self { plan }
    }

    /// What `address` may have now if it asks for `name`.
    #[must_use]
    pub fn admit(&self, address: Ipv4Addr, name: &str) -> Admission {
        let _ = (address, name);
        todo!()
    }

    /// Folds one sighting in. `at` never goes back.
    pub fn see(&mut self, at: Moment, sighting: &Sighting) -> Vec<Event> {
        let _ = (at, sighting);
        todo!()
    }

    /// Lets time pass: phones settle and stall.
    pub fn tick(&mut self, at: Moment) -> Vec<Event> {
        let _ = at;
        todo!()
    }

    /// When [`Fleet::tick`] next has something to do.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Moment> {
        todo!()
    }

    /// Whether the run should end by itself.
    #[must_use]
    pub fn run_state(&self, at: Moment) -> RunState {
        let _ = at;
        todo!()
    }

    /// From now on no new phone is admitted; a phone that took a manifest gets the rest
    /// of its images.
    pub fn drain(&mut self, at: Moment) {
        let _ = at;
        todo!()
    }

    /// Whether no phone is between two images any more, or the drain's limit has passed.
    #[must_use]
    pub fn drained(&self, at: Moment) -> bool {
        let _ = at;
        todo!()
    }

    /// The phones that must not be unplugged now.
    #[must_use]
    pub fn fragile(&self) -> Vec<super::PhoneRef> {
        todo!()
    }

    /// Whether every expected phone is done, and at least one came.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        todo!()
    }

    /// Everything known, with moments turned into times of day by the run's beginning.
    #[must_use]
    pub fn report(&self, began: Timestamp) -> Report {
        let _ = (began, &self.plan);
        todo!()
    }
}
