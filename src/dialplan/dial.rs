//! Simulates dialling: what a phone sends for digits that are pressed one by one.

use serde::Serialize;

use super::{
    pattern::{self, MatchKind, PatternMatch},
    plan::{
        DEFAULT_SECONDS, DEFAULT_TONE, DialMode, MAX_DIGITS, PlanEntry, ProxyRoute, UserParameter,
    },
    rewrite::rewritten,
};

/// The result of dialling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DialResult {
    /// What the phone sends; empty if it sends nothing.
    pub sent: String,
    /// Seconds from the last digit used until the phone sends.
    pub seconds: u32,
    /// The entry that matched; `None` if the digits are sent as dialled.
    pub rule: Option<MatchedEntry>,
    /// The better matching entry that needs more digits, if the phone waited for it.
    pub waits_for: Option<MatchedEntry>,
    /// The secondary dial tones played while dialling.
    pub tones: Vec<ToneAt>,
    /// The parameter appended to the SIP URI.
    pub user: Option<UserParameter>,
    /// The proxy that the call is sent to.
    pub route: ProxyRoute,
    /// The digits dialled after the call had started.
    pub unsent: String,
}

/// Identifies an entry of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MatchedEntry {
    /// Its number, from 1.
    pub index: usize,
    /// Its line in the file.
    pub line: u32,
    /// Its pattern.
    pub pattern: String,
}

/// A secondary dial tone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ToneAt {
    /// Number of digits dialled before the tone.
    pub after: usize,
    /// The name of the tone.
    pub tone: &'static str,
}

impl From<&PlanEntry> for MatchedEntry {
    fn from(entry: &PlanEntry) -> Self {
        Self {
            index: entry.index,
            line: entry.position.line,
            pattern: entry.pattern.clone(),
        }
    }
}

/// An entry and its match.
type Candidate<'a> = (&'a PlanEntry, PatternMatch);

/// The entries selected for the digits dialled so far.
#[derive(Debug, Default)]
pub(super) struct SelectedEntries<'a> {
    /// The complete match, unless an incomplete entry matches better.
    pub(super) winner: Option<&'a PlanEntry>,
    /// The best match, complete or not.
    best: Option<Candidate<'a>>,
    /// The entry whose rewrite applies. The phone goes through the entries in file order and takes
    /// the rewrite of each complete match that is better than all before it, so the last of these
    /// applies.
    rewriter: Option<Candidate<'a>>,
    /// The tone to play.
    tone: Option<&'static str>,
}

impl SelectedEntries<'_> {
    /// Seconds until the phone sends.
    pub(super) fn seconds(&self) -> u32 {
        self.winner.map_or(DEFAULT_SECONDS, |entry| entry.timeout)
    }

    /// Whether the phone sends immediately and ignores further digits.
    pub(super) fn is_over(&self) -> bool {
        self.seconds() == 0
    }
}

/// Selects the best entry: most literal characters matched, then [`MatchKind`], then file
/// order. Of equal entries, a complete match wins over an incomplete one.
pub(super) fn choose<'a>(
    entries: &'a [PlanEntry],
    line: u8,
    dialled: &[u8],
    mode: DialMode,
) -> SelectedEntries<'a> {
    let mut choice = SelectedEntries::default();
    let (mut most, mut kind) = (0, MatchKind::None);
    let (mut begun_most, mut begun_kind) = (0, MatchKind::None);
    let mut tone_wanted = false;
    for entry in entries
        .iter()
        .filter(|entry| [0, line].contains(&entry.line))
    {
        let Some(fit) = pattern::fit(entry.pattern.as_bytes(), dialled, mode) else {
            continue;
        };
        if (fit.literals, fit.kind) > (begun_most, begun_kind) {
            (begun_most, begun_kind) = (fit.literals, fit.kind);
            choice.best = Some((entry, fit));
            choice.winner = None;
            kind = MatchKind::None;
        }
        if fit.complete && (fit.literals, fit.kind) > (most, kind) {
            kind = fit.kind;
            choice.best = Some((entry, fit));
            choice.winner = Some(entry);
            choice.rewriter = choice.best;
        }
        tone_wanted |= fit.wants_tone;
        most = most.max(fit.literals);
    }
    if tone_wanted && kind <= MatchKind::Wild {
        let named = choice
            .best
            .and_then(|(entry, fit)| entry.tones.get(fit.commas));
        choice.tone = Some(named.copied().unwrap_or(DEFAULT_TONE));
    }
    choice
}

/// Dials `digits` one by one.
pub(super) fn dial(entries: &[PlanEntry], line: u8, digits: &str, mode: DialMode) -> DialResult {
    let choose = |dialled: &str| choose(entries, line, dialled.as_bytes(), mode);
    // Before the first digit only an empty pattern, a hotline, is complete.
    let hotline = choose("");
    if hotline.winner.is_some() && (hotline.is_over() || digits.is_empty()) {
        return sent(&hotline, "", hotline.seconds(), Vec::new(), digits);
    }
    let mut tones = Vec::new();
    let mut last = SelectedEntries::default();
    // The phone discards further digits.
    let kept = digits.char_indices().nth(MAX_DIGITS);
    let (kept, late) = digits.split_at(kept.map_or(digits.len(), |(at, _)| at));
    for (count, (at, key)) in (1..).zip(kept.char_indices()) {
        let (dialled, rest) = digits.split_at(at + key.len_utf8());
        let choice = choose(dialled);
        let is_key = choice.best.is_none_or(|(_, fit)| fit.dial_now);
        if key == '#' && mode == DialMode::Proxy && is_key {
            let number = &digits[..at];
            return sent(&choose(number), number, 0, tones, rest);
        }
        if let Some(tone) = choice.tone {
            tones.push(ToneAt { after: count, tone });
        }
        if choice.is_over() {
            return sent(&choice, dialled, 0, tones, rest);
        }
        last = choice;
    }
    sent(&last, kept, last.seconds(), tones, late)
}

fn sent(
    choice: &SelectedEntries<'_>,
    dialled: &str,
    seconds: u32,
    tones: Vec<ToneAt>,
    unsent: &str,
) -> DialResult {
    let rewriter = choice.rewriter.as_ref();
    // An entry that did not win is still reported if its rewrite or its user parameter applies.
    let changed = rewriter.filter(|(entry, _)| !entry.rewrite.is_empty() || entry.user.is_some());
    let rule = choice.winner.or(changed.map(|(entry, _)| *entry));
    let waits = choice.winner.is_none() && seconds > 0;
    let awaited = choice.best.filter(|_| waits);
    DialResult {
        sent: rewriter.map_or_else(
            || dialled.to_owned(),
            |(entry, fit)| rewritten(entry, fit, dialled.as_bytes()),
        ),
        seconds,
        rule: rule.map(Into::into),
        waits_for: awaited.map(|(entry, _)| entry.into()),
        tones,
        user: rewriter.and_then(|(entry, _)| entry.user),
        route: choice
            .winner
            .map_or(ProxyRoute::Default, |entry| entry.route),
        unsent: unsent.to_owned(),
    }
}
