//! The built-in dial plans.

/// The names of the built-in plans.
pub const PRESETS: &[&str] = &["AU", "NANP", "internal"];

/// The source of a built-in plan by its name, ignoring case.
pub(super) fn text(name: &str) -> Option<&'static str> {
    // In the order of PRESETS.
    const TEXTS: [&str; 3] = [
        include_str!("presets/au.dial"),
        include_str!("presets/nanp.dial"),
        include_str!("presets/internal.dial"),
    ];
    let at = PRESETS
        .iter()
        .position(|known| known.eq_ignore_ascii_case(name))?;
    TEXTS.get(at).copied()
}
