//! The conversation with the server, one action after another.

use std::{fmt::Write as _, time::Instant};

use super::{
    credentials::AmiCredentials,
    endpoint::EndpointState,
    error::AmiError,
    limits::{ANSWER_TIME, MAX_FOREIGN, MAX_MESSAGES},
    message::{AmiDecoder, AmiMessage},
};
use crate::restart::notify::NotifyEvent;

/// What the client is asked to do after the login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AmiRequest {
    /// The state and contacts of an endpoint.
    ShowEndpoint(String),
    /// A NOTIFY to every contact of an endpoint.
    Notify {
        /// The endpoint.
        endpoint: String,
        /// The NOTIFY.
        event: NotifyEvent,
    },
    /// The end.
    Logoff,
}

/// The result of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AmiResult {
    /// The login succeeded.
    LoggedIn,
    /// The endpoint's state; `None`: Asterisk has no such endpoint.
    Endpoint(Option<EndpointState>),
    /// Asterisk sends the NOTIFY. It does not say how the phone answers.
    NotifySent,
    /// Asterisk did not send the NOTIFY, and said this about it.
    NotifyRefused(String),
    /// The server said goodbye.
    LoggedOff,
}

/// What the client waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    Banner,
    Challenge,
    Login,
    Idle,
    Endpoint(EndpointState),
    Notify,
    Logoff,
    Ended,
}

/// The actions, as their names are in AMI and in errors.
const CHALLENGE: &str = "Challenge";
const LOGIN: &str = "Login";
const SHOW_ENDPOINT: &str = "PJSIPShowEndpoint";
const NOTIFY: &str = "PJSIPNotify";
const LOGOFF: &str = "Logoff";

/// One connection to AMI.
#[derive(Debug)]
pub struct AmiClient {
    decoder: AmiDecoder,
    credentials: AmiCredentials,
    /// The server is on this machine: the secret may be sent in clear text.
    is_local: bool,
    phase: Phase,
    /// The number in the `ActionID` of the last action.
    action: u32,
    deadline: Instant,
    /// Messages that answered the last action, and those that belonged to none.
    answers: u32,
    foreign: u32,
    output: Output,
}

/// Bytes that are to be sent; they can contain the secret.
#[derive(Default)]
struct Output(Vec<u8>);

impl std::fmt::Debug for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

impl AmiClient {
    /// A connection that was opened at `now`. `is_local`: to this machine itself.
    #[must_use]
    pub fn new(credentials: AmiCredentials, is_local: bool, now: Instant) -> Self {
        Self {
            decoder: AmiDecoder::default(),
            credentials,
            is_local,
            phase: Phase::Banner,
            action: 0,
            deadline: now + ANSWER_TIME,
            answers: 0,
            foreign: 0,
            output: Output::default(),
        }
    }

    /// Begins an action. The result comes from [`AmiClient::feed`].
    ///
    /// # Errors
    /// The connection has ended, or another action has no result yet.
    pub fn request(&mut self, now: Instant, request: &AmiRequest) -> Result<(), AmiError> {
        if self.phase != Phase::Idle {
            return Err(AmiError::Closed);
        }
        match request {
            AmiRequest::ShowEndpoint(endpoint) => {
                self.send(now, SHOW_ENDPOINT, &[("Endpoint", endpoint)]);
                self.phase = Phase::Endpoint(EndpointState::default());
            }
            AmiRequest::Notify { endpoint, event } => {
                let variables = event.ami_variables();
                let mut headers = vec![("Endpoint", endpoint.as_str())];
                headers.extend(variables.iter().map(|value| ("Variable", value.as_str())));
                self.send(now, NOTIFY, &headers);
                self.phase = Phase::Notify;
            }
            AmiRequest::Logoff => {
                self.send(now, LOGOFF, &[]);
                self.phase = Phase::Logoff;
            }
        }
        Ok(())
    }

    /// Takes bytes of the server; returns the result that they complete.
    ///
    /// # Errors
    /// The server exceeds a limit, refuses the login or an action, or is none of AMI. The connection
    /// must be closed.
    pub fn feed(&mut self, now: Instant, bytes: &[u8]) -> Result<Option<AmiResult>, AmiError> {
        let mut result = None;
        let messages = self.decoder.feed(bytes)?;
        if self.phase == Phase::Banner && self.decoder.has_banner() {
            self.send(now, CHALLENGE, &[("AuthType", "MD5")]);
            self.phase = Phase::Challenge;
        }
        for message in messages {
            if !message.is("ActionID", &self.action_id()) {
                self.foreign += 1;
                if self.foreign > MAX_FOREIGN {
                    return Err(AmiError::Flood);
                }
                continue;
            }
            self.answers += 1;
            if self.answers > MAX_MESSAGES {
                return Err(AmiError::EndlessList);
            }
            result = self.message(now, &message)?.or(result);
        }
        Ok(result)
    }

    /// Checks the time that the server has.
    ///
    /// # Errors
    /// It is over.
    pub fn tick(&self, now: Instant) -> Result<(), AmiError> {
        if self.is_waiting() && now >= self.deadline {
            return Err(AmiError::Silent);
        }
        Ok(())
    }

    /// Whether a result is due.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !matches!(self.phase, Phase::Idle | Phase::Ended)
    }

    /// Until when the server must have answered.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The bytes to send.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output.0)
    }

    fn action_id(&self) -> String {
        format!("reflash-{}", self.action)
    }

    /// Queues an action. A value cannot begin another line.
    fn send(&mut self, now: Instant, action: &str, headers: &[(&str, &str)]) {
        self.action += 1;
        self.answers = 0;
        self.deadline = now + ANSWER_TIME;
        let mut text = format!("Action: {action}\r\nActionID: {}\r\n", self.action_id());
        for (name, value) in headers {
            let value: String = value.chars().filter(|c| !c.is_control()).collect();
            // Writing to a String does not fail.
            let _ = write!(text, "{name}: {value}\r\n");
        }
        text += "\r\n";
        self.output.0.extend(text.into_bytes());
    }

    fn message(
        &mut self,
        now: Instant,
        message: &AmiMessage,
    ) -> Result<Option<AmiResult>, AmiError> {
        let is_success = message.is("Response", "Success");
        let is_error = message.is("Response", "Error");
        match &mut self.phase {
            Phase::Challenge if is_success || is_error => {
                let challenge = message.get("Challenge").filter(|_| is_success);
                self.log_in(now, challenge.map(str::to_owned).as_deref())?;
                Ok(None)
            }
            Phase::Login if is_success => Ok(self.done(AmiResult::LoggedIn)),
            Phase::Login if is_error => Err(AmiError::LoginRefused),
            Phase::Endpoint(_) if is_error => {
                refused(message, SHOW_ENDPOINT)?;
                Ok(self.done(AmiResult::Endpoint(None)))
            }
            Phase::Endpoint(state) => {
                state.add(message);
                if !message.is("Event", "EndpointDetailComplete") {
                    return Ok(None);
                }
                let state = std::mem::take(state);
                Ok(self.done(AmiResult::Endpoint(Some(state))))
            }
            Phase::Notify if is_success => Ok(self.done(AmiResult::NotifySent)),
            Phase::Notify if is_error => {
                refused(message, NOTIFY)?;
                let text = message.get("Message").unwrap_or_default();
                let text: String = text.chars().take(MAX_MESSAGE).collect();
                Ok(self.done(AmiResult::NotifyRefused(text)))
            }
            Phase::Logoff => {
                self.phase = Phase::Ended;
                Ok(Some(AmiResult::LoggedOff))
            }
            _ => Ok(None),
        }
    }

    #[expect(
        clippy::unnecessary_wraps,
        reason = "every phase returns what this one does"
    )]
    fn done(&mut self, result: AmiResult) -> Option<AmiResult> {
        self.phase = Phase::Idle;
        Some(result)
    }

    /// Logs in: with the challenge, or in clear text at a server of this machine that has none.
    fn log_in(&mut self, now: Instant, challenge: Option<&str>) -> Result<(), AmiError> {
        let user = self.credentials.user.clone();
        let secret = self.credentials.secret.clone();
        let events = ("Events", "off");
        if let Some(challenge) = challenge {
            let digest = md5::compute(format!("{challenge}{}", secret.expose()));
            let key = format!("{digest:x}");
            let headers = [
                ("AuthType", "MD5"),
                ("Username", user.expose()),
                ("Key", &key),
                events,
            ];
            self.send(now, LOGIN, &headers);
        } else if self.is_local {
            let headers = [
                ("Username", user.expose()),
                ("Secret", secret.expose()),
                events,
            ];
            self.send(now, LOGIN, &headers);
        } else {
            return Err(AmiError::PlainOverNetwork);
        }
        self.phase = Phase::Login;
        Ok(())
    }
}

/// Maximum length of a message of the server that is kept, in characters.
const MAX_MESSAGE: usize = 200;

/// The errors that concern every phone alike.
fn refused(message: &AmiMessage, action: &'static str) -> Result<(), AmiError> {
    let text = message
        .get("Message")
        .unwrap_or_default()
        .to_ascii_lowercase();
    if text.contains("permission denied") {
        Err(AmiError::NotPermitted(action))
    } else if text.contains("unknown command") {
        Err(AmiError::UnknownAction(action))
    } else {
        Ok(())
    }
}
