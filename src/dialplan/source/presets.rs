//! The plans that this program brings.

/// The plans that this program brings.
pub const PRESETS: &[&str] = &["AU", "NANP", "internal"];

/// The source of one, by its name in any case. In the order of [`PRESETS`].
pub(super) fn text(name: &str) -> Option<&'static str> {
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
