//! What a phone sends for digits that are pressed one after the other.

use serde::Serialize;

use super::{
    pattern::{self, MatchKind, PatternMatch},
    plan::{DEFAULT_SECONDS, DEFAULT_TONE, DialMode, Entry, MAX_DIGITS, ProxyRoute, UserParameter},
    rewrite::rewritten,
};

/// What became of dialled digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DialResult {
    /// What the phone sends; empty: it sends nothing.
    pub sent: String,
    /// Seconds after the last digit that counts.
    pub seconds: u32,
    /// The entry that decided; `None`: the digits went out as they were dialled.
    pub rule: Option<MatchedEntry>,
    /// The entry that fits better and wants more digits: why the phone waited.
    pub waits_for: Option<MatchedEntry>,
    /// The dial tones that were heard on the way.
    pub tones: Vec<ToneAt>,
    /// What is appended to the address.
    pub user: Option<UserParameter>,
    /// Where the call goes.
    pub route: ProxyRoute,
    /// The digits that came too late: the call had begun.
    pub unsent: String,
}

/// Which entry of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MatchedEntry {
    /// Its number, from 1.
    pub index: usize,
    /// Its line in the file.
    pub line: u32,
    /// What it is for.
    pub pattern: String,
}

/// A secondary dial tone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ToneAt {
    /// After how many digits.
    pub after: usize,
    /// Its name.
    pub tone: &'static str,
}

impl From<&Entry> for MatchedEntry {
    fn from(entry: &Entry) -> Self {
        Self {
            index: entry.index,
            line: entry.position.line,
            pattern: entry.pattern.clone(),
        }
    }
}

/// An entry and how it fits.
type Candidate<'a> = (&'a Entry, PatternMatch);

/// What a plan makes of the digits so far.
#[derive(Debug, Default)]
pub(super) struct Choice<'a> {
    /// The entry that fits whole, where none that wants more fits better.
    pub(super) winner: Option<&'a Entry>,
    /// The entry that fits best, whole or not.
    best: Option<Candidate<'a>>,
    /// The entry whose rewrite holds: of those that fitted whole, the last that was the best
    /// when the phone came to it.
    rewriter: Option<Candidate<'a>>,
    /// The tone to be heard.
    tone: Option<&'static str>,
}

impl Choice<'_> {
    /// Seconds until the phone sends.
    pub(super) fn seconds(&self) -> u32 {
        self.winner.map_or(DEFAULT_SECONDS, |entry| entry.timeout)
    }

    /// Whether the phone sends now, and takes no more digits.
    pub(super) fn is_over(&self) -> bool {
        self.seconds() == 0
    }
}

/// Finds the best entry: most characters that fit as such, then [`MatchKind`], then order. An
/// entry that wants more digits stands back behind one of the same worth that is whole.
pub(super) fn choose<'a>(
    entries: &'a [Entry],
    line: u8,
    dialled: &[u8],
    mode: DialMode,
) -> Choice<'a> {
    let mut choice = Choice::default();
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

/// Presses `digits` one after the other.
pub(super) fn dial(entries: &[Entry], line: u8, digits: &str, mode: DialMode) -> DialResult {
    let choose = |dialled: &str| choose(entries, line, dialled.as_bytes(), mode);
    // Before the first digit only a pattern without digits is whole: a hotline.
    let hotline = choose("");
    if hotline.winner.is_some() && (hotline.is_over() || digits.is_empty()) {
        return sent(&hotline, "", hotline.seconds(), Vec::new(), digits);
    }
    let mut tones = Vec::new();
    let mut last = Choice::default();
    // What is pressed beyond that a phone does not keep.
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
    choice: &Choice<'_>,
    dialled: &str,
    seconds: u32,
    tones: Vec<ToneAt>,
    unsent: &str,
) -> DialResult {
    let rewriter = choice.rewriter.as_ref();
    // One that was passed over decided only what it changed.
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
