//! Reads the sections of Asterisk's configuration files.
//!
//! The syntax: `[name](template,…)`, `(!)` for a template, `(+)` to continue a section,
//! `key = value` or `key => value`, `;` and `;-- … --;` for comments.

use std::collections::HashMap;

/// One section.
#[derive(Clone)]
pub(super) struct Section {
    pub(super) name: String,
    pub(super) is_template: bool,
    values: HashMap<String, String>,
}

/// The sections of a file, and whether it includes others, which are not read.
pub(super) struct AsteriskConf {
    pub(super) sections: Vec<Section>,
    pub(super) partial: bool,
}

impl Section {
    /// The value of a key as written.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// The value of a key in lower case.
    pub(super) fn lower(&self, key: &str) -> Option<String> {
        self.value(key).map(str::to_ascii_lowercase)
    }

    /// The values of a list, separated by commas.
    pub(super) fn list(&self, key: &str) -> Vec<String> {
        let values = self.value(key).unwrap_or_default().split(',');
        values
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
            .collect()
    }

    pub(super) fn is_on(&self, key: &str, default: bool) -> bool {
        self.lower(key).map_or(default, |on| {
            matches!(on.as_str(), "yes" | "true" | "on" | "1")
        })
    }

    /// The port in an address such as `0.0.0.0:5060`.
    pub(super) fn port_of(&self, key: &str) -> Option<u16> {
        let address = self.value(key)?;
        let (_, after) = address.rsplit_once(':')?;
        // The colons of an IPv6 address without a port.
        let is_port = address.matches(':').count() == 1 || address.contains("]:");
        after.parse().ok().filter(|_| is_port)
    }
}

impl AsteriskConf {
    /// Reads a file. Accepts any text.
    pub(super) fn read(text: &str) -> Self {
        let mut read = Self {
            sections: Vec::new(),
            partial: false,
        };
        let mut in_comment = false;
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = without_comments(line, &mut in_comment);
            let line = line.trim();
            if let Some((name, options)) = head(line) {
                read.open(name, options);
            } else if line.starts_with('#') {
                read.partial = true;
            } else if let (Some((key, value)), Some(section)) =
                (line.split_once('='), read.sections.last_mut())
            {
                let value = value.strip_prefix('>').unwrap_or(value);
                section
                    .values
                    .insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
            }
        }
        read
    }

    /// Starts or continues a section. Values of its templates are copied.
    fn open(&mut self, name: &str, options: &str) {
        let options: Vec<_> = options.split(',').map(str::trim).collect();
        if options.contains(&"+")
            && let Some(at) = self.sections.iter().rposition(|known| known.name == name)
        {
            let section = self.sections.remove(at);
            self.sections.push(section);
            return;
        }
        let mut values = HashMap::new();
        for template in &options {
            let known = self
                .sections
                .iter()
                .find(|known| known.is_template && known.name == *template);
            if let Some(known) = known {
                values.extend(known.values.clone());
            }
        }
        self.sections.push(Section {
            name: name.to_owned(),
            is_template: options.contains(&"!"),
            values,
        });
    }
}

/// `[name]` or `[name](options)`.
fn head(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix('[')?.split_once(']')?;
    let options = rest.trim().strip_prefix('(').unwrap_or_default();
    Some((name.trim(), options.split(')').next().unwrap_or_default()))
}

/// The line without `; …`, and without `;-- … --;` that may span lines.
fn without_comments(line: &str, in_comment: &mut bool) -> String {
    let mut kept = String::new();
    let mut rest = line;
    loop {
        if *in_comment {
            let Some((_, after)) = rest.split_once("--;") else {
                return kept;
            };
            *in_comment = false;
            rest = after;
        }
        let Some(at) = comment(rest) else {
            kept.push_str(rest);
            return kept;
        };
        kept.push_str(&rest[..at]);
        if !rest[at..].starts_with(";--") {
            return kept;
        }
        *in_comment = true;
        rest = &rest[at + ";--".len()..];
    }
}

/// The start of a comment: a `;` without a backslash before it.
fn comment(text: &str) -> Option<usize> {
    text.match_indices(';')
        .map(|(at, _)| at)
        .find(|at| !text[..*at].ends_with('\\'))
}
