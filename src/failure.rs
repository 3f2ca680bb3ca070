//! Why a command could not do its work, and what to do next.

use std::fmt::Display;

/// The error that ends a command.
#[derive(Debug)]
pub struct Failure {
    /// What happened and what was expected.
    pub error: String,
    /// What to do next; empty if the error already says it.
    pub cure: String,
    /// The exit code: 1, or 2 if the command line alone is wrong.
    pub code: u8,
}

impl Failure {
    /// The work failed: exit code 1.
    pub fn new(error: impl Display, cure: impl Into<String>) -> Self {
        Self {
            error: error.to_string(),
            cure: cure.into(),
            code: 1,
        }
    }

    /// The command line is wrong: exit code 2.
    pub fn usage(error: impl Display, cure: impl Into<String>) -> Self {
        Self {
            code: 2,
            ..Self::new(error, cure)
        }
    }

    /// Combines several failures, each with its cure; `None` if there are none.
    #[must_use]
    pub fn joined(failures: Vec<Self>) -> Option<Self> {
        failures.into_iter().reduce(|first, next| {
            let cure = if first.cure.is_empty() {
                String::new()
            } else {
                format!("\n  → {}", first.cure)
            };
            Self {
                error: format!("{}{cure}\nerror: {}", first.error, next.error),
                ..next
            }
        })
    }
}

impl Display for Failure {
    /// The error, and the cure on a line of its own.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.error)?;
        if !self.cure.is_empty() {
            write!(f, "\n→ {}", self.cure)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_joined_with_their_cures() {
        assert!(Failure::joined(Vec::new()).is_none());
        let joined =
            Failure::joined(vec![Failure::new("a", "do b"), Failure::new("c", "do d")]).unwrap();
        assert_eq!(joined.error, "a\n  → do b\nerror: c");
        assert_eq!(joined.cure, "do d");
    }
}
