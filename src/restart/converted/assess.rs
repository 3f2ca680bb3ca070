//! Whether a phone may be ordered now, and by which way.

use std::net::SocketAddrV4;

use super::{
    Candidate, Order, RestartSite, Way, WhyNot,
    signal::{CapturedRegister, CapturedRegisters},
};
use crate::{
    failure::Failure,
    phone::Model,
    protocol::sip::SipTransport,
    restart::{
        ami::{Contact, DeviceState, EndpointState},
        notify::{
            CallIdSource, NotifyEvent, RegisterCallId, RestartEvent, Unreachable, is_multiplatform,
        },
    },
};

/// The order for a phone, from its present state. Nothing is sent to the phone.
///
/// # Errors
/// AMI failed. The inner error: the phone may not be ordered.
pub(super) fn assess(
    candidate: &Candidate,
    site: &mut impl RestartSite,
    captured: &CapturedRegisters,
) -> Result<Result<Order, WhyNot>, Failure> {
    if let Err(why) = &candidate.event {
        return Ok(Err(why.clone()));
    }
    let Some(first) = candidate.lines.first() else {
        return Ok(Err(WhyNot::NoExtension));
    };
    let register = captured.of(candidate.mac);
    if !site.has_pbx() {
        return Ok(without_pbx(candidate, first, register, site));
    }
    let mut endpoint = None;
    for line in &candidate.lines {
        let state = site.endpoint(line)?;
        if let Some(EndpointState {
            device: DeviceState::InCall(state),
            ..
        }) = state
        {
            return Ok(Err(WhyNot::InCall(state)));
        }
        if line == first {
            endpoint = state;
        }
    }
    Ok(match endpoint {
        None => Err(WhyNot::NoEndpoint(first.clone())),
        Some(endpoint) => by_pbx(candidate, &endpoint, register),
    })
}

/// The order that Asterisk sends.
fn by_pbx(
    candidate: &Candidate,
    endpoint: &EndpointState,
    register: Option<&CapturedRegister>,
) -> Result<Order, WhyNot> {
    if endpoint.contacts.is_empty() || endpoint.device == DeviceState::Unavailable {
        return Err(WhyNot::NotRegistered);
    }
    if endpoint.device != DeviceState::NotInUse {
        return Err(WhyNot::StateUnknown);
    }
    let contact = contact(candidate, endpoint, register).ok_or(WhyNot::SharedLine)?;
    if is_multiplatform(&contact.user_agent) {
        return Err(WhyNot::Unreachable(Unreachable::Multiplatform));
    }
    let first = candidate.lines.first().ok_or(WhyNot::NoExtension)?;
    // The last REGISTER of the phone has its present Call-ID; Asterisk keeps that of the first.
    let (call_id, source) = match register {
        Some(register) => (Some(&register.call_id), CallIdSource::Wire),
        None => (contact.call_id.as_ref(), CallIdSource::Asterisk),
    };
    let shown = register
        .and_then(|register| register.model)
        .or_else(|| contact.model());
    let event = match event(candidate, shown)? {
        RestartEvent::CheckSync => NotifyEvent::CheckSync,
        RestartEvent::ServiceControl => {
            let call_id = call_id.ok_or(WhyNot::NoCallId)?;
            NotifyEvent::ServiceControl(RegisterCallId::new(call_id).map_err(WhyNot::BadCallId)?)
        }
    };
    // Asterisk sends to all contacts: others refuse a Call-ID that is not theirs, but obey check-sync.
    if event == NotifyEvent::CheckSync && (endpoint.contacts.len() > 1 || candidate.is_shared) {
        return Err(WhyNot::SharedLine);
    }
    Ok(Order {
        mac: candidate.mac,
        address: register
            .map(|register| register.address)
            .or(contact.address()),
        way: Way::Ami {
            endpoint: first.clone(),
        },
        event,
        call_id: call_id.cloned(),
        source,
        contact: contact.id.clone(),
    })
}

/// The event of the phone: without a model in the inventory, that of the model that it shows.
fn event(candidate: &Candidate, shown: Option<&'static Model>) -> Result<RestartEvent, WhyNot> {
    match (candidate.model, shown) {
        (None, Some(model)) => RestartEvent::of(Some(model)).map_err(WhyNot::Unreachable),
        _ => candidate.event.clone(),
    }
}

/// The contact of this phone: that of its captured REGISTER, or the only one if no other phone has
/// the extension.
fn contact<'a>(
    candidate: &Candidate,
    endpoint: &'a EndpointState,
    register: Option<&CapturedRegister>,
) -> Option<&'a Contact> {
    if let Some(register) = register {
        let mut contacts = endpoint.contacts.iter();
        return contacts.find(|contact| contact.address() == Some(register.address));
    }
    match &endpoint.contacts[..] {
        [only] if !candidate.is_shared && !endpoint.has_more => Some(only),
        _ => None,
    }
}

/// The order that this machine sends over UDP, as a captured REGISTER shows where the phone is.
fn without_pbx(
    candidate: &Candidate,
    first: &str,
    register: Option<&CapturedRegister>,
    site: &impl RestartSite,
) -> Result<Order, WhyNot> {
    let register = register.ok_or(WhyNot::NoWay)?;
    let event = match event(candidate, register.model)? {
        RestartEvent::CheckSync => NotifyEvent::CheckSync,
        RestartEvent::ServiceControl => {
            if register.transport != SipTransport::Udp || !site.is_own(register.pbx) {
                return Err(WhyNot::OnlyPbx);
            }
            let call_id = RegisterCallId::new(&register.call_id).map_err(WhyNot::BadCallId)?;
            NotifyEvent::ServiceControl(call_id)
        }
    };
    Ok(Order {
        mac: candidate.mac,
        address: Some(register.address),
        way: Way::Udp {
            phone: SocketAddrV4::new(register.address, register.port),
            user: first.to_owned(),
        },
        event,
        call_id: Some(register.call_id.clone()),
        source: CallIdSource::Wire,
        contact: None,
    })
}
