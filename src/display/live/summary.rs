//! The rows when there are more phones than rows: phones that need attention, phones that must not
//! be unplugged, phones under way.

use std::collections::BTreeMap;

use super::{
    footer::sums,
    frame::{DrawFrame, INDENT, cure_lines, diagnosis_lines, folded, listed},
    row::{Columns, name},
    run::LiveRun,
};
use crate::{
    diagnose::Diagnosis,
    run_view::{Attention, PhoneView, format},
    text::measure::cut,
    track::State,
};

/// Maximum number of rows of names of a group.
const NAME_ROWS: usize = 3;

/// Rows of a cure where there is no room for all of it.
const CURE_ROWS: usize = 3;

/// How much is shown of the phones that need attention: the most that there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// A row for each phone, its evidence, the cure.
    Whole,
    /// Their names and the cure.
    Names,
    /// Their names and the beginning of the cure.
    Begun,
    /// A row of names, a row of the cure.
    Short,
    /// A row of names.
    Row,
}

/// Phones with the same diagnosis and the same cure.
struct Group<'a> {
    /// `None`: only the state is known.
    diagnosis: Option<&'a Diagnosis>,
    phones: Vec<(&'a PhoneView, Option<&'a Diagnosis>)>,
}

/// Sorts failed phones first, then stalled ones, then by diagnosis.
type SortKey<'a> = (Attention, String, &'a str);

/// The rows of a screen that is too small for a row for each phone.
pub(super) fn summary(run: &LiveRun, frame: DrawFrame) -> Vec<String> {
    let mut footer = sums(run, frame);
    footer.truncate(frame.room.div_ceil(2));
    let room = frame.room - footer.len();
    let by_age =
        |phones: &mut Vec<&PhoneView>| phones.sort_by_key(|phone| (phone.since, phone.phone.id));
    let others = || run.view.phones().filter(|phone| !phone.needs_attention());
    let mut writing: Vec<&PhoneView> = others()
        .filter(|phone| phone.state.may_be_writing())
        .collect();
    by_age(&mut writing);
    let mut moving: Vec<&PhoneView> = others()
        .filter(|phone| phone.is_under_way() && !phone.state.may_be_writing())
        .collect();
    by_age(&mut moving);
    // The groups below get a part of the room whatever is above them.
    let kept = usize::from(!writing.is_empty()) * 2 + usize::from(!moving.is_empty()) * 2;
    let mut lines = attention(run, frame, room.saturating_sub(kept.min(room / 2)));
    let kept = usize::from(!moving.is_empty()) * 3;
    let left = room - lines.len();
    lines.extend(unplugged(
        frame,
        &writing,
        left.saturating_sub(kept.min(left / 2)),
    ));
    lines.extend(rows(frame, &moving, room - lines.len()));
    lines.extend(footer);
    lines
}

/// Phones that need attention, in `room` rows.
fn attention(run: &LiveRun, frame: DrawFrame, room: usize) -> Vec<String> {
    let groups = groups(run);
    let mut lines = Vec::new();
    // At least a row for each phone.
    let rows: usize = groups.values().map(|group| group.phones.len()).sum();
    let whole = (rows <= room).then_some(Depth::Whole);
    for depth in whole
        .into_iter()
        .chain([Depth::Names, Depth::Begun, Depth::Short, Depth::Row])
    {
        lines.clear();
        for diagnosis in run.view.diagnoses() {
            let (what, cure) = (
                diagnosis_lines(frame, "", "this run: ", diagnosis),
                cure_lines(frame, "", diagnosis),
            );
            lines.extend(what.into_iter().take(depth.rows()));
            lines.extend(short(frame, cure, depth));
        }
        lines.extend(groups.values().flat_map(|group| group.lines(frame, depth)));
        if lines.len() <= room {
            return lines;
        }
    }
    let mut lines: Vec<String> = lines.into_iter().take(room).collect();
    if let Some(last) = lines.last_mut() {
        let count = run.view.phones().filter(|p| p.needs_attention()).count();
        let text = format!("… {count} need attention; the report names them all");
        *last = frame.style.bad(&cut(&text, frame.width));
    }
    lines
}

fn groups(run: &LiveRun) -> BTreeMap<SortKey<'_>, Group<'_>> {
    let mut groups: BTreeMap<SortKey<'_>, Group<'_>> = BTreeMap::new();
    for phone in run.view.phones().filter(|phone| phone.needs_attention()) {
        let known = phone.diagnoses.iter().map(Some);
        let known = known.chain(phone.diagnoses.is_empty().then_some(None));
        for diagnosis in known {
            let state = phone.state_text().to_owned();
            let code = diagnosis.map_or(state, |diagnosis| diagnosis.code.to_string());
            let cure = diagnosis.map_or("", |diagnosis| &diagnosis.cure);
            let group = groups
                .entry((phone.attention(), code, cure))
                .or_insert(Group {
                    diagnosis,
                    phones: Vec::new(),
                });
            group.phones.push((phone, diagnosis));
        }
    }
    groups
}

impl Group<'_> {
    fn lines(&self, frame: DrawFrame, depth: Depth) -> Vec<String> {
        let phones: Vec<&PhoneView> = self.phones.iter().map(|(phone, _)| *phone).collect();
        let mut lines = Vec::new();
        if depth == Depth::Whole {
            let columns = Columns::new(frame, &phones);
            for (phone, diagnosis) in &self.phones {
                lines.push(columns.row(frame, phone));
                lines.extend(
                    diagnosis
                        .map(|it| diagnosis_lines(frame, INDENT, "", it))
                        .into_iter()
                        .flatten(),
                );
            }
        } else {
            let state = phones.first().map_or(State::Seen, |phone| phone.state);
            let state = format::state_name(state).to_owned();
            let what = self.diagnosis.map_or(state, |it| it.code.to_string());
            let most = match depth {
                Depth::Whole | Depth::Names | Depth::Begun => NAME_ROWS,
                Depth::Short | Depth::Row => 1,
            };
            let head = format!("{what}, {}:", count(phones.len()));
            let list = listed(frame, &head, &names(frame, &phones), most);
            lines.extend(list.iter().map(|line| frame.style.bad(line)));
        }
        let cure = self.diagnosis.map(|it| cure_lines(frame, INDENT, it));
        lines.extend(short(frame, cure.unwrap_or_default(), depth));
        lines
    }
}

impl Depth {
    /// Maximum number of rows of one text.
    fn rows(self) -> usize {
        match self {
            Self::Whole | Self::Names => usize::MAX,
            Self::Begun => CURE_ROWS,
            Self::Short => 1,
            Self::Row => 0,
        }
    }
}

/// The first rows of a cure, as many as the depth allows; the last one shows whether rows are left
/// out.
fn short(frame: DrawFrame, mut lines: Vec<String>, depth: Depth) -> Vec<String> {
    if lines.len() > depth.rows() {
        lines.truncate(depth.rows());
        if let Some(last) = lines.last_mut() {
            *last = cut(&format!("{last} …"), frame.width);
        }
    }
    lines
}

fn count(phones: usize) -> String {
    match phones {
        1 => "1 phone".to_owned(),
        many => format!("{many} phones"),
    }
}

/// Phones that must not be unplugged: in rows while there is room, else by name.
fn unplugged(frame: DrawFrame, phones: &[&PhoneView], room: usize) -> Vec<String> {
    if phones.is_empty() || room == 0 {
        return Vec::new();
    }
    if phones.len() <= room {
        return rows(frame, phones, room);
    }
    let head = format!("DO NOT UNPLUG, {} writing:", phones.len());
    let lines = listed(frame, &head, &names(frame, phones), room);
    lines.iter().map(|line| frame.style.warn(line)).collect()
}

fn names(frame: DrawFrame, phones: &[&PhoneView]) -> Vec<String> {
    phones.iter().map(|phone| name(frame, phone)).collect()
}

/// A row for each phone, and how many are left out.
fn rows(frame: DrawFrame, phones: &[&PhoneView], room: usize) -> Vec<String> {
    if phones.is_empty() || room == 0 {
        return Vec::new();
    }
    let fit = if phones.len() <= room { room } else { room - 1 };
    let shown = &phones[..phones.len().min(fit)];
    let columns = Columns::new(frame, shown);
    let mut lines: Vec<String> = shown
        .iter()
        .map(|phone| columns.row(frame, phone))
        .collect();
    let hidden = phones.len() - shown.len();
    if hidden > 0 {
        let text = format!("… and {hidden} more under way");
        lines.extend(
            folded(frame, &text, "", "", str::to_owned)
                .into_iter()
                .take(1),
        );
    }
    lines
}
