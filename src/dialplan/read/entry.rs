//! One `TEMPLATE`.

use roxmltree::{Attribute, Node};

use super::position::{position, position_at};
use crate::{
    diagnose::{Finding, Severity},
    dialplan::{
        finding::finding,
        plan::{
            DEFAULT_SECONDS, Entry, MAX_TONES, MAX_VALUE_BYTES, Position, ProxyRoute, TONES,
            UserParameter, shown, tone,
        },
    },
};

/// Attributes as they are known; names count in any case.
const KNOWN: &str = "MATCH, Line, Timeout, UserParameter, Rewrite, ProxyRoute and Tone";

/// The entry, or `None` where a phone refuses it: then the first new finding says why.
pub(super) fn read(node: Node<'_, '_>, findings: &mut Vec<Finding>) -> Option<Entry> {
    let mut reader = Reader {
        entry: Entry {
            index: 0,
            position: position(node),
            pattern: String::new(),
            timeout: DEFAULT_SECONDS,
            rewrite: String::new(),
            user: None,
            route: ProxyRoute::Default,
            line: 0,
            tones: Vec::new(),
            pattern_position: position(node),
            rewrite_position: position(node),
        },
        warnings: Vec::new(),
    };
    let read = node
        .attributes()
        .try_for_each(|attribute| reader.attribute(node, attribute))
        .and_then(|()| content(node));
    match read {
        Ok(()) => {
            findings.append(&mut reader.warnings);
            Some(reader.entry)
        }
        Err(refused) => {
            findings.push(refused);
            findings.append(&mut reader.warnings);
            None
        }
    }
}

struct Reader {
    entry: Entry,
    /// What a phone takes, and its owner may not have meant.
    warnings: Vec<Finding>,
}

impl Reader {
    fn attribute(
        &mut self,
        node: Node<'_, '_>,
        attribute: Attribute<'_, '_>,
    ) -> Result<(), Finding> {
        let text = node.document().input_text();
        let there = position_at(node, attribute.range().start);
        let name = &text[attribute.range_qname()];
        // As it stands: phones know no `&amp;`.
        let value = &text[attribute.range_value()];
        if text[..attribute.range_value().start].ends_with('\'') {
            return Err(finding(
                "single-quotes",
                Severity::Error,
                there,
                format!("the value of {} stands in single quotes", shown(name)),
                "Write it in double quotes: phones know no others",
            ));
        }
        let value = self.cut(name, value, there);
        match name.to_ascii_lowercase().as_str() {
            "match" => {
                value.clone_into(&mut self.entry.pattern);
                self.entry.pattern_position = there;
            }
            "rewrite" => {
                value.clone_into(&mut self.entry.rewrite);
                self.entry.rewrite_position = there;
            }
            "timeout" => self.entry.timeout = self.seconds(value, there)?,
            "line" => {
                let number = self.number("Line", value, there);
                // A phone keeps the lowest eight bits.
                self.entry.line = number.to_le_bytes()[0];
            }
            "user" => {
                let user = UserParameter::from_name(value);
                self.entry.user =
                    Some(user.ok_or_else(|| bad("User", value, there, "Phone or IP"))?);
            }
            "route" => {
                let all = "Default, Emergency or FQDN";
                self.entry.route =
                    ProxyRoute::from_name(value).ok_or_else(|| bad("Route", value, there, all))?;
            }
            "tone" => self.tone(value, there)?,
            _ => {
                return Err(finding(
                    "unknown-attribute",
                    Severity::Error,
                    there,
                    format!("'{}' is no attribute that phones know", shown(name)),
                    format!("Use {KNOWN}; a phone refuses the entry"),
                ));
            }
        }
        Ok(())
    }

    /// What a phone keeps of a value.
    fn cut<'v>(&mut self, name: &str, value: &'v str, there: Position) -> &'v str {
        let kept = &value[..value.floor_char_boundary(MAX_VALUE_BYTES)];
        if kept.len() < value.len() {
            self.warnings.push(finding(
                "value-too-long",
                Severity::Error,
                there,
                format!(
                    "{} bytes in {}: a phone cuts it off after {MAX_VALUE_BYTES}",
                    value.len(),
                    shown(name)
                ),
                "Write it shorter",
            ));
        }
        kept
    }

    fn seconds(&mut self, value: &str, there: Position) -> Result<u32, Finding> {
        let number = self.number("Timeout", value, there);
        u32::try_from(number).map_err(|_| bad("Timeout", value, there, "0 or more seconds"))
    }

    fn tone(&mut self, value: &str, there: Position) -> Result<(), Finding> {
        if self.entry.tones.len() >= MAX_TONES {
            return Err(finding(
                "too-many-tones",
                Severity::Error,
                there,
                format!("more than {MAX_TONES} tones in one entry: a phone refuses it"),
                "Name a tone for each ',' of the pattern, three at most",
            ));
        }
        let known = tone(value).ok_or_else(|| {
            bad(
                "Tone",
                value,
                there,
                &format!("one of {}", TONES.join(", ")),
            )
        })?;
        self.entry.tones.push(known);
        Ok(())
    }

    /// The number that a value begins with, as C's `atoi` finds it: none is 0.
    fn number(&mut self, name: &str, value: &str, there: Position) -> i32 {
        let trimmed = value.trim_start();
        let digits = trimmed.strip_prefix(['-', '+']).unwrap_or(trimmed);
        let end = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        let signed = if trimmed.starts_with('-') { "-" } else { "" };
        let number = match digits[..end].len() {
            0 => 0,
            // More digits than an i32 has can only be too many.
            _ => format!("{signed}{}", &digits[..end])
                .parse()
                .unwrap_or(if signed.is_empty() {
                    i32::MAX
                } else {
                    i32::MIN
                }),
        };
        if end == 0 || end < digits.len() {
            self.warnings.push(finding(
                "bad-value",
                Severity::Warning,
                there,
                format!(
                    "{name}=\"{}\" is no number: a phone reads {number}",
                    shown(value)
                ),
                "Write a number without anything else",
            ));
        }
        number
    }
}

fn bad(name: &str, value: &str, there: Position, expected: &str) -> Finding {
    finding(
        "bad-value",
        Severity::Error,
        there,
        format!("{name}=\"{}\": a phone refuses the entry", shown(value)),
        format!("expected {expected}"),
    )
}

/// Nothing may stand between `<TEMPLATE …>` and `</TEMPLATE>`.
fn content(node: Node<'_, '_>) -> Result<(), Finding> {
    let is_something = |child: &Node<'_, '_>| {
        child.is_element()
            || child
                .text()
                .is_some_and(|text| child.is_text() && !text.trim().is_empty())
    };
    match node.children().find(is_something) {
        None => Ok(()),
        Some(child) => Err(finding(
            "entry-with-content",
            Severity::Error,
            position(child),
            "something stands inside a TEMPLATE: a phone refuses the entry",
            "close the entry with '/>' and put the next one behind it",
        )),
    }
}
