//! Files over HTTP, which some phones try before TFTP.

use std::{net::SocketAddrV4, time::Duration};

use super::{
    super::{
        PhoneFault,
        action::PhoneAction,
        client::FetchProgress,
        http_client::{HttpFetch, StreamEvent},
    },
    ScriptState, SimulatedPhone,
    script::BootStep,
};

impl SimulatedPhone {
    /// Handles what happened on its connection. Without a connection it is ignored.
    pub fn stream(&mut self, now: Duration, event: StreamEvent<'_>) -> Vec<PhoneAction> {
        let mut actions = Vec::new();
        let slots = self.slots.as_mut();
        if let Some(stream) = slots.and_then(|slots| slots.stream.as_mut()) {
            let progress = stream.receive(now, event);
            self.streamed(now, progress, &mut actions);
        }
        self.sent(actions)
    }

    /// The server that it tries before TFTP, if it does so.
    pub(super) fn http_server(&self) -> Option<SocketAddrV4> {
        let tries = self.slots.as_ref()?.facts.tries_http;
        self.config
            .http
            .filter(|_| tries && !self.has(&PhoneFault::TftpOnly))
    }

    pub(super) fn open_stream(&self) -> Option<&HttpFetch> {
        self.slots.as_ref()?.stream.as_ref()
    }

    pub(super) fn request_over_http(
        &mut self,
        now: Duration,
        step: BootStep,
        name: String,
        server: SocketAddrV4,
        actions: &mut Vec<PhoneAction>,
    ) {
        self.close_port(actions);
        let keeps = step.reads_the_bytes();
        let stream = HttpFetch::begin(now, name, server, keeps, actions);
        if let Some(slots) = &mut self.slots {
            slots.stream = Some(stream);
        }
        self.state = ScriptState::Fetching(step);
    }

    pub(super) fn wake_stream(&mut self, now: Duration, actions: &mut Vec<PhoneAction>) {
        if let Some(stream) = self.open_stream() {
            let progress = stream.wake(now);
            self.streamed(now, progress, actions);
        }
    }

    /// A file that does not arrive over HTTP is requested over TFTP.
    fn streamed(&mut self, now: Duration, progress: FetchProgress, actions: &mut Vec<PhoneAction>) {
        let (Some(stream), ScriptState::Fetching(step)) = (self.open_stream(), &self.state) else {
            return;
        };
        match progress {
            FetchProgress::Refused(_) | FetchProgress::Silent => {
                let (name, step) = (stream.name().to_owned(), step.clone());
                self.request_over_tftp(now, step, name, actions);
            }
            progress => self.progressed(now, progress, actions),
        }
    }

    /// Closes the connection, if there is one.
    pub(super) fn end_stream(&mut self, actions: &mut Vec<PhoneAction>) {
        let slots = self.slots.as_mut();
        if slots.is_some_and(|slots| slots.stream.take().is_some()) {
            actions.push(PhoneAction::Disconnect);
        }
    }
}
