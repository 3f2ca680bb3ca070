//! Joins two parts of one phone's history, and separates them again.

use super::{core::Conversion, reachability::Reachability, routing::Routing};
use crate::{diagnose::Code, track::observation::RunTime};

impl Conversion {
    /// Becomes the continuation of what the same phone did `earlier`. `renumber`: the passes
    /// of this part were counted from 1.
    pub(in crate::track) fn absorb_earlier(&mut self, mut earlier: Self, renumber: bool) {
        let carried = !renumber;
        let idle = self.activity.requests == 0 && self.findings.evidence.is_empty();
        if renumber {
            self.delivery.shift_passes(i64::from(earlier.delivery.pass));
        }
        if idle {
            self.state = earlier.state;
            self.stalled = earlier.stalled;
            self.configuration = earlier.configuration;
            self.registration = earlier.registration;
            self.early = earlier.early;
        }
        if !idle {
            // What the phone requested since decides.
            earlier.activity.running_since = None;
        }
        self.activity.absorb_earlier(earlier.activity);
        self.device.absorb_earlier(earlier.device);
        self.loads.absorb_earlier(earlier.loads, idle, carried);
        self.delivery
            .absorb_earlier(earlier.delivery, idle, carried);
        if !carried {
            self.routing.absorb_earlier(earlier.routing, idle);
        }
        self.reachability.absorb_earlier(earlier.reachability, idle);
        // An episode already contains the counters and the active diagnoses of the phone that it
        // continues.
        self.findings
            .absorb_earlier(earlier.findings, idle, carried);
    }

    /// What a boot loader does at this phone's address: a history of its own that continues
    /// this one.
    pub(in crate::track) fn episode(&self, at: RunTime) -> Self {
        let mut episode = Self::new(at);
        episode.stalled = self.stalled;
        episode.device.hardware = self.device.hardware;
        episode.loads.reported.clone_from(&self.loads.reported);
        episode.routing = self.routing;
        episode.delivery.pass = self.delivery.pass;
        episode.delivery.complete_passes = self.delivery.complete_passes;
        episode.delivery.pass_is_unused = self.delivery.pass_is_unused();
        episode.delivery.failing.clone_from(&self.delivery.failing);
        episode
            .delivery
            .manifest_deliveries
            .clone_from(&self.delivery.manifest_deliveries);
        episode.delivery.interrupted_file = self.interrupted_work(true);
        episode.reachability = self.reachability.clone();
        episode.findings.active.clone_from(&self.findings.active);
        episode
    }

    /// This episode was not of the phone that was known `before` it: removes what it took over from
    /// that phone.
    pub(in crate::track) fn detach_episode(&mut self, before: &Self) {
        self.delivery.renumber_from(&before.delivery);
        let earlier = &before.findings.active;
        self.findings.active.retain(|active| {
            !earlier.contains(active) && active.diagnosis.code != Code::RebootedMidImage
        });
        self.routing = Routing::default();
        self.loads.reported = None;
        self.device.hardware = None;
        self.delivery.failing.clear();
        // A late ACK may have completed a pass of that phone meanwhile.
        let own = self.delivery.complete_passes;
        self.delivery.complete_passes = own.saturating_sub(before.delivery.complete_passes);
        self.delivery.forget_before(self.activity.first);
        self.reachability = Reachability::default();
    }
}
