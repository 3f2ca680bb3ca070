//! Checks of names and sizes before a stage is laid out.

use std::collections::HashMap;

use super::{
    error::StageError, extra_file::ExtraFile, limits::MAX_STAGE_BYTES, names::is_plain,
    plan::stage_plans, xml_default,
};
use crate::{
    bundle::{Bundle, Member, Verdict},
    phone::normalized_name,
};

/// What a stage is made from.
#[derive(Clone, Copy)]
pub(super) struct LayoutSources<'a> {
    pub(super) bundles: &'a [Bundle],
    pub(super) bridges: &'a [Bundle],
    /// Files in every view.
    pub(super) extra: &'a [ExtraFile],
}

/// Every check that is possible before a byte is written. Target and bridge may have
/// different bytes under one name: no phone sees both at once.
pub(super) fn inspect(sources: LayoutSources<'_>) -> Result<(), StageError> {
    let mut total = 0_u64;
    for bundles in [sources.bundles, sources.bridges] {
        total = total.saturating_add(inspect_view(bundles, sources.extra)?);
        stage_plans(bundles)?;
    }
    if total > MAX_STAGE_BYTES {
        return Err(StageError::TooLarge { bytes: total });
    }
    Ok(())
}

/// The bytes of one view, in which each name must be one file.
fn inspect_view(bundles: &[Bundle], extra: &[ExtraFile]) -> Result<u64, StageError> {
    let mut names: HashMap<String, (&str, String)> = HashMap::new();
    names.insert(
        normalized_name(xml_default::NAME),
        ("", "the generated configuration".to_owned()),
    );
    let mut total = 0_u64;
    for bundle in bundles {
        if !matches!(
            bundle.verdict,
            Verdict::Known | Verdict::Genuine | Verdict::Intact
        ) {
            return Err(StageError::Verdict {
                path: bundle.path.clone(),
                verdict: bundle.verdict,
            });
        }
        for member in served(bundle) {
            for name in member.served_as.iter().chain([&member.name]) {
                if !is_plain(name) {
                    return Err(StageError::Name {
                        path: bundle.path.clone(),
                        name: name.clone(),
                    });
                }
            }
            for name in &member.served_as {
                let source = bundle.path.display().to_string();
                match names.get(&normalized_name(name)) {
                    Some((digest, first)) if *digest != member.sha256 => {
                        return Err(StageError::Collision {
                            name: name.clone(),
                            first: first.clone(),
                            second: source,
                        });
                    }
                    Some(_) => {}
                    None => {
                        names.insert(normalized_name(name), (&member.sha256, source));
                    }
                }
            }
            total = total.saturating_add(member.size);
        }
    }
    for file in extra {
        let source = file.source().display().to_string();
        // Identical bytes are refused too: the source of a file must be unambiguous.
        if let Some((_, first)) = names.insert(normalized_name(file.name()), ("", source.clone())) {
            return Err(StageError::ExtraFileNameTaken {
                name: file.name().to_owned(),
                first,
                path: file.source().to_owned(),
            });
        }
        total = total.saturating_add(file.bytes().len() as u64);
    }
    Ok(total)
}

/// The members that phones are served.
pub(super) fn served(bundle: &Bundle) -> impl Iterator<Item = &Member> {
    bundle
        .members
        .iter()
        .filter(|member| !member.served_as.is_empty())
}
