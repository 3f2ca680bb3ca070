//! How much a phone needs a person's attention: the order and the colour of every rendering.

/// How much a phone needs attention, most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attention {
    /// It failed.
    Failed,
    /// It stalled.
    Stalled,
    /// It has an active diagnosis.
    Diagnosed,
    /// It is under way, or it was only seen.
    UnderWay,
    /// Its application is in normal operation and no conversion is in progress.
    Up,
    /// It is done.
    Done,
}

impl Attention {
    /// The class of its colour: `bad`, `warn` or `good`.
    pub(crate) fn color(self) -> &'static str {
        match self {
            Self::Failed | Self::Stalled => "bad",
            Self::Diagnosed | Self::UnderWay => "warn",
            Self::Up | Self::Done => "good",
        }
    }
}
