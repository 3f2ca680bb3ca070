//! More phones than rows: who needs a hand, who must not be unplugged, who is under way.

use std::collections::BTreeMap;

use super::{
    Frame, INDENT, Live, cure, folded,
    phone::Phone,
    row::{Columns, name},
    told,
};
use crate::{
    diagnose::Diagnosis,
    display::format,
    text::measure::{cut, width},
    track::State,
};

/// Rows of names of a group at most.
const NAME_ROWS: usize = 3;

/// Rows of a cure where there is no room for all of it.
const CURE_ROWS: usize = 3;

/// How much is told of the phones that need a hand: the most that there is room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// A row a phone, its evidence, the cure.
    Whole,
    /// Their names and the cure.
    Names,
    /// Their names and how the cure begins.
    Begun,
    /// A row of names, a row of the cure.
    Short,
    /// A row of names.
    Row,
}

/// Phones that have the same in their way, and the same cure for it.
struct Group<'a> {
    /// `None`: nothing is known but the state.
    diagnosis: Option<&'a Diagnosis>,
    phones: Vec<(&'a Phone, Option<&'a Diagnosis>)>,
}

/// Failed first, then stalled, then by what is in the way.
type Key<'a> = (u8, String, &'a str);

impl Live {
    pub(super) fn summary(&self, frame: Frame) -> Vec<String> {
        let mut foot = self.sums(frame);
        foot.truncate(frame.room.div_ceil(2));
        let room = frame.room - foot.len();
        let by_age =
            |phones: &mut Vec<&Phone>| phones.sort_by_key(|phone| (phone.since, phone.named.id));
        let here = || self.phones.values().filter(|phone| !phone.needs_a_hand());
        let mut writing: Vec<&Phone> = here().filter(|p| p.state == State::Writing).collect();
        by_age(&mut writing);
        let mut moving: Vec<&Phone> = here()
            .filter(|phone| phone.is_under_way() && phone.state != State::Writing)
            .collect();
        by_age(&mut moving);
        // Those below get a part of the room whatever stands above them.
        let kept = usize::from(!writing.is_empty()) * 2 + usize::from(!moving.is_empty()) * 2;
        let mut lines = self.attention(frame, room.saturating_sub(kept.min(room / 2)));
        let kept = usize::from(!moving.is_empty()) * 3;
        let left = room - lines.len();
        lines.extend(unplugged(
            frame,
            &writing,
            left.saturating_sub(kept.min(left / 2)),
        ));
        lines.extend(rows(frame, &moving, room - lines.len()));
        lines.extend(foot);
        lines
    }

    /// Who needs a hand, in so many rows.
    fn attention(&self, frame: Frame, room: usize) -> Vec<String> {
        let groups = self.groups();
        let mut lines = Vec::new();
        // A row a phone at least.
        let rows: usize = groups.values().map(|group| group.phones.len()).sum();
        let whole = (rows <= room).then_some(Depth::Whole);
        for depth in whole
            .into_iter()
            .chain([Depth::Names, Depth::Begun, Depth::Short, Depth::Row])
        {
            lines.clear();
            for diagnosis in &self.run {
                let (what, cure) = (
                    told(frame, "", "this run: ", diagnosis),
                    cure(frame, "", diagnosis),
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
            let count = self.phones.values().filter(|p| p.needs_a_hand()).count();
            let text = format!("… {count} need a hand; the report names them all");
            *last = frame.style.bad(&cut(&text, frame.width));
        }
        lines
    }

    fn groups(&self) -> BTreeMap<Key<'_>, Group<'_>> {
        let mut groups: BTreeMap<Key<'_>, Group<'_>> = BTreeMap::new();
        for phone in self.phones.values().filter(|phone| phone.needs_a_hand()) {
            let rank = match phone.state {
                State::Failed => 0,
                State::Stalled => 1,
                _ => 2,
            };
            let known = phone.standing.iter().map(Some);
            let known = known.chain(phone.standing.is_empty().then_some(None));
            for diagnosis in known {
                let (word, _) = format::state(phone.state);
                let code =
                    diagnosis.map_or(word.to_owned(), |diagnosis| diagnosis.code.to_string());
                let cure = diagnosis.map_or("", |diagnosis| &diagnosis.cure);
                let group = groups.entry((rank, code, cure)).or_insert(Group {
                    diagnosis,
                    phones: Vec::new(),
                });
                group.phones.push((phone, diagnosis));
            }
        }
        groups
    }
}

impl Group<'_> {
    fn lines(&self, frame: Frame, depth: Depth) -> Vec<String> {
        let phones: Vec<&Phone> = self.phones.iter().map(|(phone, _)| *phone).collect();
        let mut lines = Vec::new();
        if depth == Depth::Whole {
            let columns = Columns::new(frame, &phones);
            for (phone, diagnosis) in &self.phones {
                lines.push(columns.row(frame, phone));
                lines.extend(
                    diagnosis
                        .map(|it| told(frame, INDENT, "", it))
                        .into_iter()
                        .flatten(),
                );
            }
        } else {
            let state = phones.first().map_or(State::Seen, |phone| phone.state);
            let (word, _) = format::state(state);
            let what = self
                .diagnosis
                .map_or(word.to_owned(), |it| it.code.to_string());
            let most = match depth {
                Depth::Whole | Depth::Names | Depth::Begun => NAME_ROWS,
                Depth::Short | Depth::Row => 1,
            };
            let head = format!("{what}, {}:", count(phones.len()));
            let list = listed(frame, &head, &phones, most);
            lines.extend(list.iter().map(|line| frame.style.bad(line)));
        }
        let cure = self.diagnosis.map(|it| cure(frame, INDENT, it));
        lines.extend(short(frame, cure.unwrap_or_default(), depth));
        lines
    }
}

impl Depth {
    /// Rows of one text at most.
    fn rows(self) -> usize {
        match self {
            Self::Whole | Self::Names => usize::MAX,
            Self::Begun => CURE_ROWS,
            Self::Short => 1,
            Self::Row => 0,
        }
    }
}

/// As many rows of a cure as the depth has; the last one shows that there were more.
fn short(frame: Frame, mut lines: Vec<String>, depth: Depth) -> Vec<String> {
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

/// Those that must not be unplugged: in rows while there is room, else by name.
fn unplugged(frame: Frame, phones: &[&Phone], room: usize) -> Vec<String> {
    if phones.is_empty() || room == 0 {
        return Vec::new();
    }
    if phones.len() <= room {
        return rows(frame, phones, room);
    }
    let head = format!("DO NOT UNPLUG, {} writing:", phones.len());
    let lines = listed(frame, &head, phones, room);
    lines.iter().map(|line| frame.style.warn(line)).collect()
}

/// Names after a word, in so many rows, and how many are not there.
fn listed(frame: Frame, head: &str, phones: &[&Phone], most: usize) -> Vec<String> {
    let mut lines = vec![head.to_owned()];
    // A row may have to say how many are left.
    let more = width(&format!(" and {} more", phones.len()));
    for (at, phone) in phones.iter().enumerate() {
        let name = cut(&name(frame, phone), frame.width / 2);
        let last = lines.len() == most;
        let end = if last && at + 1 < phones.len() {
            more
        } else {
            0
        };
        let line = lines.last_mut().map_or(0, |line| width(line));
        if line + 1 + width(&name) + end <= frame.width {
            if let Some(line) = lines.last_mut() {
                line.push(' ');
                line.push_str(&name);
            }
        } else if last {
            if let Some(line) = lines.last_mut() {
                if at == 0 {
                    line.truncate(line.trim_end_matches(':').len());
                } else {
                    let text = format!(" and {} more", phones.len() - at);
                    line.push_str(&text);
                }
            }
            break;
        } else {
            lines.push(format!("{INDENT}{name}"));
        }
    }
    lines.iter().map(|line| cut(line, frame.width)).collect()
}

/// A row a phone, and how many are not there.
fn rows(frame: Frame, phones: &[&Phone], room: usize) -> Vec<String> {
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
