//! Which load a phone is offered next.

use crate::track::route::{BridgeProgress, PlannedRoute, StageRole};

/// What one phone is offered, and why.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::track) struct Routing {
    /// The role of the bundle that the phone is offered.
    pub stage: StageRole,
    pub bridge: BridgeProgress,
    /// The phone fetched the target too often: its `XMLDefault` names no load any more.
    pub suppress_load: bool,
    /// The route that the survey found, once the survey has ended.
    pub planned: Option<PlannedRoute>,
}

impl Routing {
    /// Offers the bridge.
    pub(super) fn offer_bridge(&mut self) {
        self.stage = StageRole::Bridge(0);
        self.bridge = BridgeProgress::Offered;
    }

    /// Offers the target (again), with this result of the bridge.
    pub(super) fn leave_bridge(&mut self, result: BridgeProgress) {
        self.stage = StageRole::Target;
        self.bridge = result;
    }

    /// `idle`: nothing was observed in the later part of the history.
    pub(super) fn absorb_earlier(&mut self, earlier: Self, idle: bool) {
        self.suppress_load |= earlier.suppress_load;
        self.bridge = self.bridge.max(earlier.bridge);
        self.planned = self.planned.or(earlier.planned);
        if idle {
            self.stage = earlier.stage;
        }
    }
}
