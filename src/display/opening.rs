//! What a display prints when a run begins to serve.

use crate::{phone::is_early_step, reporter::Started, text::escape};

/// What is served to which phones, and where.
pub(super) fn opening(started: &Started) -> Vec<String> {
    let mut lines = Vec::new();
    for stage in &started.stages {
        let (role, when) = if stage.bridge && is_early_step(&stage.load) {
            (
                "bridge",
                " from before their loader, in the order of the releases",
            )
        } else if stage.bridge {
            ("bridge", " that refuse the target")
        } else {
            ("bundle", "")
        };
        lines.push(format!(
            "{role} {}: {} for {}{when}",
            escape(&stage.bundle.display().to_string()),
            escape(stage.load.as_str()),
            stage.models.join(", ")
        ));
    }
    lines.push(format!(
        "serving {} over TFTP on {}",
        started.root.display(),
        started.tftp
    ));
    if let Some(http) = started.http {
        lines.push(format!("serving the same over HTTP on {http}"));
    }
    if let Some(web) = started.web {
        lines.push(format!("web page, on this machine only: http://{web}/"));
    }
    lines.extend(started.messages.iter().cloned());
    lines
}
