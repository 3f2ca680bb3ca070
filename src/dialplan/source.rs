//! The dial plan source language, one rule per line; see docs/dialplans.md.

mod check;
mod error;
mod parse;
mod presets;

use quick_xml::escape::escape;

pub use error::SourceError;
pub use presets::PRESETS;

use super::{
    checks,
    plan::{DialPlan, MAX_TONES, PlanEntry, ProxyRoute},
};
use crate::diagnose::Finding;

/// A dial plan parsed from the source language.
///
/// # Examples
///
/// ```
/// use reflash::dialplan::DialPlanSource;
///
/// let source = DialPlanSource::parse("911   now\n2..   after 3\n")?;
/// assert!(source.check().is_empty());
/// assert!(source.to_xml().contains(r#"MATCH="911""#));
///
/// let errors = DialPlanSource::parse("911   soon\n").unwrap_err();
/// assert_eq!(errors[0].line, 1);
/// # Ok::<(), Vec<reflash::dialplan::SourceError>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialPlanSource {
    /// At least one entry. Positions refer to the source.
    entries: Vec<PlanEntry>,
}

impl DialPlanSource {
    /// Parses a source.
    ///
    /// # Errors
    ///
    /// One error for each invalid line, or one if the plan is too large for phones.
    pub fn parse(text: &str) -> Result<Self, Vec<SourceError>> {
        let entries = parse::parse(text)?;
        let source = Self { entries };
        check::size(source.to_xml().len(), source.entries.last())?;
        Ok(source)
    }

    /// A built-in plan by its name, ignoring case; see [`PRESETS`].
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        let text = presets::text(name)?;
        Self::parse(text).ok()
    }

    /// Checks the plan. Positions refer to the source.
    #[must_use]
    pub fn check(&self) -> Vec<Finding> {
        let mut findings = checks::check_entries(&self.entries);
        findings.sort_by_key(|found| (found.line, found.column));
        findings
    }

    /// The plan as a phone reads it. Positions refer to the source.
    #[must_use]
    pub fn template(&self) -> DialPlan {
        DialPlan {
            entries: self.entries.clone(),
            ..DialPlan::default()
        }
    }

    /// The `dialplan.xml`, without comments, because for phones they end at the first `>`.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let mut lines = vec!["<DIALTEMPLATE>".to_owned()];
        for entry in &self.entries {
            let attributes = attributes(entry);
            let attributes = attributes
                .iter()
                .map(|(name, value)| format!("{name}=\"{}\"", escape(value)));
            lines.push(format!(
                "  <TEMPLATE {}/>",
                attributes.collect::<Vec<_>>().join(" ")
            ));
        }
        lines.push("</DIALTEMPLATE>\n".to_owned());
        lines.join("\n")
    }
}

fn attributes(entry: &PlanEntry) -> Vec<(&'static str, String)> {
    // Phones ignore the case of names, and XML forbids duplicates.
    const TONES: [&str; MAX_TONES] = ["Tone", "TONE", "tone"];
    let mut all = vec![("MATCH", entry.pattern.clone())];
    if entry.line != 0 {
        all.push(("Line", entry.line.to_string()));
    }
    all.push(("Timeout", entry.timeout.to_string()));
    if !entry.rewrite.is_empty() {
        all.push(("Rewrite", entry.rewrite.clone()));
    }
    if let Some(user) = entry.user {
        all.push(("User", user.xml_name().to_owned()));
    }
    if entry.route != ProxyRoute::Default {
        all.push(("Route", entry.route.xml_name().to_owned()));
    }
    let tones = entry.tones.iter().map(|tone| (*tone).to_owned());
    all.extend(TONES.into_iter().zip(tones));
    all
}
