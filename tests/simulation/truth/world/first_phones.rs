//! Fleets of 7940 and 7960.

use reflash::track::Plan;

use super::{
    super::{
        bundles::{Bundle, Bundles, views_of_first_phones},
        scenario::Scenario,
    },
    Played, World,
};

/// A fleet of 7940 and 7960.
pub(crate) fn play(seed: u64, bundles: &Bundles, steps: &[Bundle]) -> Played {
    let scenario = Scenario::first_phones(seed);
    let steps = match scenario.steps {
        Some(true) => steps,
        _ => &[],
    };
    let plan = Plan {
        stages: vec![bundles.target.plan.clone()],
        bridge: steps.iter().map(|step| step.plan.clone()).collect(),
        ..Plan::default()
    };
    let views = views_of_first_phones(&bundles.target, steps);
    let mut world = World::with(scenario, bundles, plan, views);
    world.run();
    world.result()
}
