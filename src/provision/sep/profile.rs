//! `sipProfile`: SIP settings and line buttons.

use std::io;

use super::xml::{Xml, all, nested, text};
use crate::{
    inventory::Codec,
    phone::Dialect,
    provision::{
        output::DIAL_PLAN,
        plan::{ProvisionPlan, ResolvedButton, ResolvedFunction, ResolvedPhone},
    },
};

/// Registration interval in seconds: the time until a PBX that lost its registrations has them
/// again. With 200 phones, this is one REGISTER every 3 s.
pub(in crate::provision) const REGISTER_EXPIRES: &str = "600";

/// `featureID` of a line, of a speed dial, and of a speed dial that shows if the number is busy.
const LINE: &str = "9";
const SPEED_DIAL: &str = "2";
const BUSY_LAMP: &str = "21";

/// `featureOptionMask` of a busy lamp: pressing the button while the number rings picks up the call.
const PICKUP: &str = "1";

/// `messageWaitingLampPolicy`: the lamp and a symbol, for each line. 0 to 2 are for the first line
/// only.
const LAMP_AND_SYMBOL: &str = "3";

pub(super) fn write(xml: &mut Xml, plan: &ProvisionPlan, phone: &ResolvedPhone) -> io::Result<()> {
    let site = &plan.site;
    let port = site.port.to_string();
    nested(xml, "sipProxies", |xml| {
        if let Some(backup) = &site.backup_pbx {
            text(xml, "backupProxy", backup)?;
            text(xml, "backupProxyPort", &port)?;
        }
        text(xml, "registerWithProxy", "true")
    })?;
    let dialect = Dialect::of(phone.model);
    nested(xml, "sipCallFeatures", |xml| {
        FEATURES.iter().try_for_each(|(name, value)| {
            let value = if PRIVACY.contains(name) {
                dialect.off
            } else {
                value
            };
            text(xml, name, value)
        })
    })?;
    all(xml, "sipStack", &STACK)?;
    for (name, value) in [
        ("autoAnswerTimer", "1"),
        ("autoAnswerAltBehavior", "false"),
        ("autoAnswerOverride", "true"),
        ("transferOnhookEnabled", "false"),
        ("enableVad", "false"),
        (
            "preferredCodec",
            site.codecs.first().map_or("none", |codec| match codec {
                Codec::G729 => dialect.g729,
                _ => codec.phone_name(),
            }),
        ),
        ("dtmfAvtPayload", "101"),
        ("dtmfDbLevel", "3"),
        ("dtmfOutofBand", "avt"),
        ("alwaysUsePrimeLine", "false"),
        ("alwaysUsePrimeLineVoiceMail", "false"),
        // Digits are sent in the INVITE. With 3, the phone waits for KPML subscriptions, which
        // Asterisk does not support, and calls end with 484.
        ("kpml", "0"),
        ("natEnabled", "false"),
        ("natAddress", ""),
        ("phoneLabel", &phone.label),
        ("stutterMsgWaiting", "1"),
        ("callStats", "false"),
        ("silentPeriodBetweenCallWaitingBursts", "10"),
        ("disableLocalSpeedDialConfig", "false"),
        ("startMediaPort", &site.rtp.0.to_string()),
        ("stopMediaPort", &site.rtp.1.to_string()),
    ] {
        if dialect.knows_nat || !NAT.contains(&name) {
            text(xml, name, value)?;
        }
    }
    nested(xml, "sipLines", |xml| {
        phone.buttons.iter().try_for_each(|resolved| {
            xml.create_element("line")
                .with_attribute(("button", resolved.number.to_string().as_str()))
                .write_inner_content(|xml| button(xml, plan, phone, resolved, &port))?;
            Ok(())
        })
    })?;
    // Same as the PBX's port: Cisco's code uses it for both.
    text(xml, "voipControlPort", &port)?;
    text(xml, "dscpForAudio", "184")?;
    text(xml, "ringSettingBusyStationPolicy", "0")?;
    if site.has_dial_plan {
        text(xml, "dialTemplate", DIAL_PLAN)?;
    }
    Ok(())
}

fn button(
    xml: &mut Xml,
    plan: &ProvisionPlan,
    phone: &ResolvedPhone,
    key: &ResolvedButton,
    port: &str,
) -> io::Result<()> {
    let (account, display) = match &key.function {
        ResolvedFunction::Dial { number, blf } => {
            text(xml, "featureID", if *blf { BUSY_LAMP } else { SPEED_DIAL })?;
            text(xml, "featureLabel", &key.label)?;
            text(xml, "speedDialNumber", number)?;
            return if *blf {
                text(xml, "featureOptionMask", PICKUP)
            } else {
                Ok(())
            };
        }
        ResolvedFunction::Line { account, display } => (plan.accounts.get(*account), display),
    };
    let account = account.ok_or_else(|| io::Error::other("a line without an account"))?;
    // With an address as proxy, the phone does not treat the PBX as a call manager, and the code of
    // the 79xx supports UDP only.
    let proxy = if phone.is_managed() {
        "USECALLMANAGER"
    } else {
        &plan.site.pbx
    };
    let dialect = Dialect::of(phone.model);
    let shared = if account.phones > 1 { "true" } else { "false" };
    for (name, value) in [
        ("featureID", LINE),
        ("featureLabel", &key.label),
        ("proxy", proxy),
        ("port", port),
        ("name", &account.user),
        ("displayName", display),
    ] {
        text(xml, name, value)?;
    }
    nested(xml, "autoAnswer", |xml| text(xml, "autoAnswerEnabled", "2"))?;
    for (name, value) in [
        ("callWaiting", dialect.call_waiting),
        ("authName", account.user.as_str()),
        ("authPassword", account.secret.expose()),
        ("sharedLine", shared),
        ("messageWaitingLampPolicy", LAMP_AND_SYMBOL),
    ] {
        text(xml, name, value)?;
    }
    if let Some(number) = &phone.voicemail {
        text(xml, "messagesNumber", number)?;
    }
    if dialect.shares_firmware {
        // By default these phones are busy during the first call.
        text(xml, "maxNumCalls", MOST_CALLS)?;
        text(xml, "busyTrigger", BUSY_CALLS)?;
    }
    text(xml, "ringSettingIdle", "4")?;
    text(xml, "ringSettingActive", "5")?;
    text(xml, "contact", &account.user)?;
    all(
        xml,
        "forwardCallInfoDisplay",
        &[
            ("callerName", "true"),
            ("callerNumber", "true"),
            ("redirectedNumber", "false"),
            ("dialedNumber", "true"),
        ],
    )
}

/// Elements that a phone without support of NAT does not have.
const NAT: [&str; 2] = ["natEnabled", "natAddress"];

/// Features that are off; the number for it differs between families.
const PRIVACY: [&str; 2] = ["anonymousCallBlock", "callerIdBlocking"];

/// Calls of a line at a time, and how many make it busy. For every model, all of its lines together
/// stay below its maximum.
const MOST_CALLS: &str = "4";
const BUSY_CALLS: &str = "2";

/// Call features performed by the phone. The URIs name services that only a call manager has.
const FEATURES: [(&str, &str); 15] = [
    ("cnfJoinEnabled", "true"),
    ("callForwardURI", "x-serviceuri-cfwdall"),
    ("callPickupURI", "x-cisco-serviceuri-pickup"),
    ("callPickupListURI", "x-cisco-serviceuri-opickup"),
    ("callPickupGroupURI", "x-cisco-serviceuri-gpickup"),
    ("meetMeServiceURI", "x-cisco-serviceuri-meetme"),
    ("abbreviatedDialURI", "x-cisco-serviceuri-abbrdial"),
    ("rfc2543Hold", "false"),
    ("callHoldRingback", "2"),
    ("localCfwdEnable", "true"),
    ("semiAttendedTransfer", "true"),
    ("anonymousCallBlock", "2"),
    ("callerIdBlocking", "2"),
    ("dndControl", "0"),
    ("remoteCcEnable", "true"),
];

/// Timers: T1 and T2 are those of RFC 3261, section 17.1.1.1.
const STACK: [(&str, &str); 13] = [
    ("sipInviteRetx", "6"),
    ("sipRetx", "10"),
    ("timerInviteExpires", "180"),
    ("timerRegisterExpires", REGISTER_EXPIRES),
    ("timerRegisterDelta", "5"),
    ("timerKeepAliveExpires", "120"),
    ("timerSubscribeExpires", "120"),
    ("timerSubscribeDelta", "5"),
    ("timerT1", "500"),
    ("timerT2", "4000"),
    ("maxRedirects", "70"),
    ("remotePartyID", "true"),
    ("userInfo", "None"),
];
