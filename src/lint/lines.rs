//! Checks of the lines of a phone.

use roxmltree::Node;

use super::{
    address::USE_CALL_MANAGER,
    findings::FindingList,
    value,
    xml::{all, child, is, value as text},
};

/// `featureID` of a line; others are speed dials and phone functions.
const LINE: &str = "9";

/// `featureID` of a speed dial, and of one that shows the state of the extension.
const SPEED_DIALS: [&str; 2] = ["2", "21"];

/// The lines of a phone, which register.
pub(super) struct Lines<'a, 'input> {
    root: Node<'a, 'input>,
    /// All buttons of `sipLines`.
    buttons: Vec<Node<'a, 'input>>,
}

impl<'a, 'input> Lines<'a, 'input> {
    pub(super) fn of(root: Node<'a, 'input>) -> Self {
        let buttons = all(root, "line")
            .filter(|line| line.parent().is_some_and(|parent| is(parent, "sipLines")))
            .collect();
        Self { root, buttons }
    }

    /// The buttons that are lines.
    pub(super) fn registering(&self) -> impl Iterator<Item = Node<'a, 'input>> {
        let is_line = |line: &Node<'_, '_>| {
            child(*line, "featureID").is_none_or(|feature| text(feature) == LINE)
        };
        self.buttons.iter().copied().filter(is_line)
    }

    /// Checks the lines and buttons. `most` is the number of buttons of the model, if known.
    pub(super) fn check(&self, findings: &mut FindingList<'_>, most: Option<u8>) {
        for button in &self.buttons {
            speed_dial(findings, *button);
            beyond(findings, *button, most);
        }
        self.first(findings);
        self.same_button(findings);
        for line in self.registering() {
            password(findings, line);
        }
        self.one_register(findings);
    }

    /// Without its first line a phone deletes the file: "Line 1 not configured" (observed).
    fn first(&self, findings: &mut FindingList<'_>) {
        let mut registering = self.registering().peekable();
        let Some(any) = registering.peek().copied() else {
            let place = all(self.root, "sipLines").next();
            if self.in_comment(findings) || self.of_another_feature(findings) {
                return;
            }
            findings.error(
                place
                    .or(child(self.root, "sipProfile"))
                    .unwrap_or(self.root),
                "no-line",
                "there is no line: the phone logs \"Line 1 not configured\" and deletes the file",
                "Add <line button=\"1\"> with featureID 9, name, authName and authPassword to \
                 sipProfile/sipLines",
            );
            return;
        };
        let is_first = |line: &Node<'_, '_>| {
            line.attribute("button") == Some("1") || line.attribute("lineIndex") == Some("1")
        };
        let Some(first) = registering.find(is_first) else {
            findings.warning(
                any,
                "no-line",
                "no line is on button 1: the phone may log \"Line 1 not configured\"",
                "Set button=\"1\" on one line",
            );
            return;
        };
        let name = child(first, "name");
        if name.map(text).unwrap_or_default().is_empty() {
            findings.error(
                name.unwrap_or(first),
                "no-line",
                "the first line has no <name>, which is the user that the phone registers as",
                "Write the extension into the <name> of the line",
            );
        }
    }

    fn same_button(&self, findings: &mut FindingList<'_>) {
        for (index, line) in self.buttons.iter().enumerate() {
            let button = line.attribute("button");
            let is_same = |other: &&Node<'_, '_>| other.attribute("button") == button;
            if button.is_some() && self.buttons[..index].iter().any(|other| is_same(&other)) {
                findings.warning(
                    *line,
                    "repeated",
                    format!(
                        "button {} is set twice: the phone uses one of the two",
                        value::quoted(button.unwrap_or_default())
                    ),
                    "Give each <line> a button of its own",
                );
            }
        }
    }

    /// There is a line, but in a comment.
    fn in_comment(&self, findings: &mut FindingList<'_>) -> bool {
        let has_line =
            |node: &Node<'_, '_>| node.is_comment() && node.text().unwrap_or("").contains("<line");
        let Some(comment) = self.root.descendants().find(has_line) else {
            return false;
        };
        findings.error(
            comment,
            "no-line",
            "the only line is in a comment: the phone logs \"Line 1 not configured\" and deletes \
             the file",
            "Delete <!-- before the line and --> after it",
        );
        true
    }

    /// A button has a user and a password, but not the feature of a line.
    fn of_another_feature(&self, findings: &mut FindingList<'_>) -> bool {
        let filled =
            |line: Node<'_, '_>, name| child(line, name).is_some_and(|node| !text(node).is_empty());
        let mut buttons = self.buttons.iter().copied();
        let button = buttons.find(|line| filled(*line, "name") && filled(*line, "authPassword"));
        let Some(feature) = button.and_then(|line| child(line, "featureID")) else {
            return false;
        };
        findings.error(
            feature,
            "no-line",
            format!(
                "featureID is {}, and no button has {LINE}, that of a line: the phone logs \"Line 1 \
                 not configured\" and deletes the file",
                value::quoted(&text(feature))
            ),
            format!("Write {LINE}"),
        );
        true
    }

    /// With USECALLMANAGER these phones register once, as the user of the first line.
    fn one_register(&self, findings: &mut FindingList<'_>) {
        let managed = |line: &Node<'_, '_>| {
            child(*line, "proxy").is_some_and(|proxy| text(proxy) == USE_CALL_MANAGER)
        };
        let user = |line: Node<'_, '_>| child(line, "name").map(text).unwrap_or_default();
        let mut managed = self
            .registering()
            .filter(|line| managed(line) && !user(*line).is_empty());
        let Some(first) = managed.next() else {
            return;
        };
        if let Some(other) = managed.find(|line| user(*line) != user(first)) {
            findings.warning(
                child(other, "proxy").unwrap_or(other),
                "one-register",
                "a second user with proxy USECALLMANAGER: phones register only their first line \
                 this way, and Asterisk needs a patch for the others",
                "Write the address of the PBX into <proxy> of each line",
            );
        }
    }
}

/// A speed dial without a number does nothing.
fn speed_dial(findings: &mut FindingList<'_>, button: Node<'_, '_>) {
    let feature = child(button, "featureID").map(text).unwrap_or_default();
    let number = child(button, "speedDialNumber");
    // A line with the wrong feature has a finding about that.
    if child(button, "name").is_some_and(|name| !text(name).is_empty()) {
        return;
    }
    if SPEED_DIALS.contains(&feature.as_str()) && number.map(text).unwrap_or_default().is_empty() {
        findings.warning(
            number.unwrap_or(button),
            "speed-dial",
            "a speed dial without speedDialNumber: the button dials nothing",
            "Write <speedDialNumber> with the number",
        );
    }
}

/// A button that the phone does not have.
fn beyond(findings: &mut FindingList<'_>, button: Node<'_, '_>, most: Option<u8>) {
    let number = button
        .attribute("button")
        .and_then(|number| number.trim().parse::<u32>().ok());
    if let (Some(number), Some(most)) = (number, most)
        && number > u32::from(most)
    {
        findings.warning(
            button,
            "button",
            format!("button {number}: the phone has {most}, counting those of expansion modules"),
            "Use a lower number, or delete the button",
        );
    }
}

/// A PBX accepts a phone without a password only if it asks for none.
fn password(findings: &mut FindingList<'_>, line: Node<'_, '_>) {
    let has_name = child(line, "name").is_some_and(|name| !text(name).is_empty());
    let password = child(line, "authPassword");
    if has_name && password.map(text).unwrap_or_default().is_empty() {
        findings.warning(
            password.unwrap_or(line),
            "no-secret",
            "authPassword is empty: a PBX that asks for a password rejects the phone",
            "Write the password that the PBX has for this user",
        );
    }
}
