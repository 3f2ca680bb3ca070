//! Compares the line of a phone with its account on the PBX.

use crate::{
    diagnose::Severity,
    inventory::Secret,
    lint::{
        findings::{FindingList, Place},
        phone_side::PhoneLine,
        pjsip::{PjsipConfig, PjsipEndpoint},
        placeholder::is_placeholder,
        sip_conf::{SipConfig, SipPeer},
    },
    phone::{FREEPBX_SECRET_FIELD, MAX_SECRET},
};

/// The account of a phone, as messages name it.
struct Account {
    name: String,
    is_freepbx: bool,
}

/// Compares with a peer of `sip.conf`.
pub(super) fn with_peer(
    findings: &mut FindingList<'_>,
    line: &PhoneLine,
    user: &Place,
    peer: &SipPeer,
    sip: &SipConfig,
) {
    let whose = Account {
        name: format!("[{}] of {}", peer.name, peer.file),
        is_freepbx: sip.is_freepbx,
    };
    if !peer.is_dynamic && !sip.partial {
        findings.written(
            user,
            Severity::Warning,
            "not-dynamic",
            format!(
                "the peer {} does not have host=dynamic: Asterisk rejects its registration",
                peer.name
            ),
            format!("Set host=dynamic in [{}] of {}", peer.name, peer.file),
        );
    }
    auth_name(findings, line, &peer.name, &whose);
    if let Some(secret) = &peer.secret {
        password(findings, line, secret, &whose);
    }
}

/// Compares user name, password and address of record with those of the endpoint.
pub(super) fn check(
    findings: &mut FindingList<'_>,
    line: &PhoneLine,
    user: &Place,
    endpoint: &PjsipEndpoint,
    pjsip: &PjsipConfig,
) {
    for auth in &endpoint.auths {
        let Some(auth) = pjsip.auths.iter().find(|one| one.name == *auth) else {
            if !pjsip.partial && !pjsip.auths.is_empty() {
                findings.written(
                    user,
                    Severity::Warning,
                    "unknown-endpoint",
                    format!(
                        "the endpoint {} has auth={auth}, which pjsip.conf does not have",
                        endpoint.name
                    ),
                    format!("Add a section [{auth}] with type=auth, or correct auth="),
                );
            }
            continue;
        };
        let whose = Account {
            name: format!("[{}] of {}", auth.name, auth.file),
            is_freepbx: pjsip.is_freepbx,
        };
        auth_name(findings, line, &auth.username, &whose);
        if let Some(expected) = &auth.password {
            password(findings, line, expected, &whose);
        }
    }
    aor(findings, user, endpoint, pjsip);
}

/// A phone registers at the aor with the name of its endpoint.
fn aor(
    findings: &mut FindingList<'_>,
    user: &Place,
    endpoint: &PjsipEndpoint,
    pjsip: &PjsipConfig,
) {
    let own = &endpoint.name;
    let of_own = pjsip.aors.iter().find(|aor| aor.name == *own);
    // A file with all kinds of sections is not one part of several.
    let is_whole = !pjsip.partial
        && (!pjsip.aors.is_empty() || !pjsip.transports.is_empty() && !pjsip.auths.is_empty());
    let (message, cure) = if endpoint.aors.is_empty() && !pjsip.partial {
        (
            format!("the endpoint {own} has no aors: Asterisk rejects the registration"),
            format!("Set aors={own}, with a section [{own}] of type=aor and max_contacts=1"),
        )
    } else if !endpoint.aors.is_empty() && !endpoint.aors.contains(own) {
        (
            format!(
                "the endpoint {own} has aors={}: Asterisk accepts a registration only under the \
                 name of an aor",
                endpoint.aors.join(",")
            ),
            format!("Name the aor {own} too, and set aors={own}"),
        )
    } else if let Some(aor) = of_own {
        if aor.max_contacts > 0 || pjsip.partial {
            return;
        }
        (
            format!("the aor {own} has no max_contacts, or 0: Asterisk rejects every registration"),
            format!("Set max_contacts=1 in the section [{own}] with type=aor"),
        )
    } else if is_whole {
        (
            format!("the endpoint {own} has aors={own}, but pjsip.conf has no aor of this name"),
            format!("Add a section [{own}] with type=aor and max_contacts=1"),
        )
    } else {
        return;
    };
    findings.written(user, Severity::Warning, "aor", message, cure);
}

/// The user name of the password, which is `name` if `authName` is empty.
fn auth_name(findings: &mut FindingList<'_>, line: &PhoneLine, expected: &str, whose: &Account) {
    let Some(written) = line.auth_name.as_ref().filter(|name| name.is_set()) else {
        return;
    };
    if written.value == expected {
        return;
    }
    findings.written(
        &written.place,
        Severity::Error,
        "auth-name",
        format!(
            "{} is {}, but {} has the user name {expected}",
            written.key, written.value, whose.name
        ),
        format!("Write {expected}, or change the PBX"),
    );
}

/// Compares passwords without showing them.
fn password(findings: &mut FindingList<'_>, line: &PhoneLine, expected: &Secret, whose: &Account) {
    let Some(password) = &line.password else {
        return;
    };
    let (place, key) = (&password.place, &password.key);
    let written = password.value.expose();
    if written.is_empty() || is_placeholder(written, true) || written == expected.expose() {
        return;
    }
    // One finding with one cure: the length of the password of the PBX decides.
    findings.withdraw(place, "secret-too-long");
    let length = expected.expose().chars().count();
    if length > MAX_SECRET {
        let field = if whose.is_freepbx {
            format!(". In FreePBX: {FREEPBX_SECRET_FIELD}")
        } else {
            String::new()
        };
        findings.written(
            place,
            Severity::Error,
            "password-differs",
            format!(
                "{key} is not the password of {}, which has {length} characters: the PBX \
                 rejects the phone, and phones safely accept {MAX_SECRET}",
                whose.name
            ),
            format!(
                "Set a password of at most {MAX_SECRET} characters on the PBX, and write the same \
                 here{field}"
            ),
        );
        return;
    }
    findings.written(
        place,
        Severity::Error,
        "password-differs",
        format!(
            "{key} is not the password of {}: the PBX rejects the phone",
            whose.name
        ),
        if whose.is_freepbx {
            format!("Write the same password here as in FreePBX: {FREEPBX_SECRET_FIELD}")
        } else {
            "Write the same password in both files".to_owned()
        },
    );
}

/// `force_rport` and its older spelling, `yes`.
pub(super) fn nat(findings: &mut FindingList<'_>, user: &Place, peer: &SipPeer, sip: &SipConfig) {
    let forced = |nat: &str| {
        nat.split(',')
            .map(str::trim)
            .any(|word| matches!(word, "yes" | "force_rport" | "route"))
    };
    if let Some(nat) = peer.nat.as_deref().filter(|nat| forced(nat)) {
        findings.written(
            user,
            Severity::Warning,
            "endpoint-nat",
            format!(
                "sip.conf has nat={nat} for {}: responses go to a port where the phone does not \
                 listen, and it does not register",
                peer.name
            ),
            if sip.is_freepbx {
                freepbx_advanced(&peer.name, "NAT Mode to No")
            } else {
                format!("Set nat=no in [{}] of {}", peer.name, peer.file)
            },
        );
    }
}

/// The phone sends from any port and expects responses on voipControlPort.
pub(super) fn answers(
    findings: &mut FindingList<'_>,
    user: &Place,
    endpoint: &PjsipEndpoint,
    pjsip: &PjsipConfig,
) {
    let wrong: Vec<_> = [
        (endpoint.force_rport, "force_rport"),
        (endpoint.rewrite_contact, "rewrite_contact"),
    ]
    .iter()
    .filter_map(|(on, option)| on.then_some(*option))
    .collect();
    if !wrong.is_empty() {
        findings.written(
            user,
            Severity::Warning,
            "endpoint-nat",
            format!(
                "the endpoint {} has {} on: responses go to a port where the phone does not \
                 listen, and it does not register",
                endpoint.name,
                wrong.join(" and ")
            ),
            if pjsip.is_freepbx {
                freepbx_advanced(&endpoint.name, "Force rport and Rewrite Contact to No")
            } else {
                format!(
                    "Set {}=no for this endpoint in {}",
                    wrong.join("=no and "),
                    endpoint.file
                )
            },
        );
    }
}

/// What to change where `FreePBX` writes the files.
fn freepbx_advanced(extension: &str, change: &str) -> String {
    format!(
        "In FreePBX: Extensions, edit {extension}, tab Advanced: set {change}; then Submit and \
         Apply Config"
    )
}
