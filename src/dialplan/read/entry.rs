//! Reads one `TEMPLATE` element.

use roxmltree::{Attribute, Node};

use super::position::{position, position_at};
use crate::{
    diagnose::{Finding, Severity},
    dialplan::{
        finding::finding,
        plan::{
            DEFAULT_SECONDS, MAX_TONES, MAX_VALUE_BYTES, PlanEntry, PlanPosition, ProxyRoute,
            TONES, UserParameter, shown, tone,
        },
    },
};

/// The known attributes; their names ignore case.
const KNOWN: &str = "MATCH, Line, Timeout, UserParameter, Rewrite, ProxyRoute and Tone";

/// Reads the entry. `None` if a phone rejects it; the first new finding gives the reason.
pub(super) fn read(node: Node<'_, '_>, findings: &mut Vec<Finding>) -> Option<PlanEntry> {
    let mut reader = EntryReader {
        entry: PlanEntry {
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

struct EntryReader {
    entry: PlanEntry,
    /// Findings about values that a phone accepts but that are probably wrong.
    warnings: Vec<Finding>,
}

impl EntryReader {
    fn attribute(
        &mut self,
        node: Node<'_, '_>,
        attribute: Attribute<'_, '_>,
    ) -> Result<(), Finding> {
        let text = node.document().input_text();
        let position = position_at(node, attribute.range().start);
        let name = &text[attribute.range_qname()];
        // Raw text: phones do not decode `&amp;`.
        let value = &text[attribute.range_value()];
        if text[..attribute.range_value().start].ends_with('\'') {
            return Err(finding(
                "single-quotes",
                Severity::Error,
                position,
                format!("the value of {} is in single quotes", shown(name)),
                "Use double quotes: phones accept no others",
            ));
        }
        let value = self.cut(name, value, position);
        match name.to_ascii_lowercase().as_str() {
            "match" => {
                value.clone_into(&mut self.entry.pattern);
                self.entry.pattern_position = position;
            }
            "rewrite" => {
                value.clone_into(&mut self.entry.rewrite);
                self.entry.rewrite_position = position;
            }
            "timeout" => self.entry.timeout = self.seconds(value, position)?,
            "line" => {
                let number = self.number("Line", value, position);
                // Phones keep the lowest eight bits.
                self.entry.line = number.to_le_bytes()[0];
            }
            "user" => {
                let user = UserParameter::from_name(value);
                self.entry.user =
                    Some(user.ok_or_else(|| bad("User", value, position, "Phone or IP"))?);
            }
            "route" => {
                let all = "Default, Emergency or FQDN";
                self.entry.route = ProxyRoute::from_name(value)
                    .ok_or_else(|| bad("Route", value, position, all))?;
            }
            "tone" => self.tone(value, position)?,
            _ => {
                return Err(finding(
                    "unknown-attribute",
                    Severity::Error,
                    position,
                    format!("phones do not know the attribute '{}'", shown(name)),
                    format!("Use {KNOWN}; phones reject the entry"),
                ));
            }
        }
        Ok(())
    }

    /// Truncates a value as a phone does, with a finding.
    fn cut<'v>(&mut self, name: &str, value: &'v str, position: PlanPosition) -> &'v str {
        let kept = &value[..value.floor_char_boundary(MAX_VALUE_BYTES)];
        if kept.len() < value.len() {
            self.warnings.push(finding(
                "value-too-long",
                Severity::Error,
                position,
                format!(
                    "the value of {1} has {0} bytes: phones truncate it to {MAX_VALUE_BYTES}",
                    value.len(),
                    shown(name)
                ),
                "Shorten it",
            ));
        }
        kept
    }

    fn seconds(&mut self, value: &str, position: PlanPosition) -> Result<u32, Finding> {
        let number = self.number("Timeout", value, position);
        u32::try_from(number).map_err(|_| bad("Timeout", value, position, "0 or more seconds"))
    }

    fn tone(&mut self, value: &str, position: PlanPosition) -> Result<(), Finding> {
        if self.entry.tones.len() >= MAX_TONES {
            return Err(finding(
                "too-many-tones",
                Severity::Error,
                position,
                format!("more than {MAX_TONES} tones in one entry: phones reject it"),
                "Name at most three tones, one for each ',' in the pattern",
            ));
        }
        let known = tone(value).ok_or_else(|| {
            bad(
                "Tone",
                value,
                position,
                &format!("one of {}", TONES.join(", ")),
            )
        })?;
        self.entry.tones.push(known);
        Ok(())
    }

    /// The leading number of a value as C's `atoi` reads it; 0 if there is none.
    fn number(&mut self, name: &str, value: &str, position: PlanPosition) -> i32 {
        let trimmed = value.trim_start();
        let digits = trimmed.strip_prefix(['-', '+']).unwrap_or(trimmed);
        let end = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        let signed = if trimmed.starts_with('-') { "-" } else { "" };
        let number = match digits[..end].len() {
            0 => 0,
            // Only overflow can fail here.
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
                position,
                format!(
                    "{name}=\"{}\" is not a number: phones read {number}",
                    shown(value)
                ),
                "Write only a number",
            ));
        }
        number
    }
}

fn bad(name: &str, value: &str, position: PlanPosition, expected: &str) -> Finding {
    finding(
        "bad-value",
        Severity::Error,
        position,
        format!(
            "{name}=\"{}\" is not valid: phones reject the entry",
            shown(value)
        ),
        format!("Use {expected}"),
    )
}

/// Reports content between `<TEMPLATE …>` and `</TEMPLATE>`.
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
            "a TEMPLATE element has content: phones reject the entry",
            "Close the element with '/>' and put the next one after it",
        )),
    }
}
