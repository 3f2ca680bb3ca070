//! Why the AMI server cannot be used.

use super::limits::{ANSWER_TIME, MAX_BANNER, MAX_FIELDS, MAX_FOREIGN, MAX_LINE, MAX_MESSAGES};

/// Why the connection ended. No message contains a part of the credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmiError {
    /// The server does not begin as AMI does.
    #[error(
        "the server is not Asterisk's manager interface: a first line of at most {MAX_BANNER} bytes \
         with `Asterisk Call Manager/` was expected"
    )]
    NotAmi,
    /// A line is too long.
    #[error("the AMI server sent a line of more than {MAX_LINE} bytes")]
    LongLine,
    /// A message has too many lines.
    #[error("the AMI server sent a message of more than {MAX_FIELDS} lines")]
    LongMessage,
    /// A list does not end.
    #[error("the AMI server sent more than {MAX_MESSAGES} messages for one request")]
    EndlessList,
    /// Too many messages belong to no request.
    #[error("the AMI server sent more than {MAX_FOREIGN} messages with another ActionID")]
    Flood,
    /// The server does not answer.
    #[error("the AMI server did not answer in {} s", ANSWER_TIME.as_secs())]
    Silent,
    /// The server closed the connection.
    #[error("the AMI server closed the connection")]
    Closed,
    /// The login was refused.
    #[error("the AMI server refused the login of the user in the file of --ami")]
    LoginRefused,
    /// The server demands the secret in clear text over the network.
    #[error(
        "the AMI server offers no MD5 challenge, and the secret would cross the network in clear \
         text; it was not sent"
    )]
    PlainOverNetwork,
    /// The user has no right to an action.
    #[error("the AMI user has no right to use {0}")]
    NotPermitted(&'static str),
    /// The server does not have an action.
    #[error("the AMI server does not have the action {0}")]
    UnknownAction(&'static str),
}

impl AmiError {
    /// What to do next.
    #[must_use]
    pub fn cure(&self) -> &'static str {
        match self {
            Self::NotAmi => {
                "Check host and port in the file of --ami: AMI listens on TCP port 5038 if \
                 manager.conf has enabled=yes"
            }
            Self::LongLine | Self::LongMessage | Self::EndlessList | Self::Flood => {
                "Check that host and port in the file of --ami are those of Asterisk"
            }
            Self::Silent | Self::Closed => {
                "Check Asterisk (`asterisk -rx 'manager show settings'`), and that permit in \
                 manager.conf allows the address of this machine"
            }
            Self::LoginRefused => {
                "Compare user and secret with manager.conf (asterisk/manager.conf of `reflash \
                 provision`), check that permit allows the address of this machine, then `manager \
                 reload` in Asterisk"
            }
            Self::PlainOverNetwork => {
                "Run this command on the PBX, with host = \"127.0.0.1\" in the file of --ami"
            }
            Self::NotPermitted(_) => {
                "Give the user write=system in manager.conf, then `manager reload`"
            }
            Self::UnknownAction(_) => {
                "Load the modules res_pjsip and res_pjsip_notify of Asterisk (13 or later): `module \
                 load res_pjsip_notify.so`"
            }
        }
    }
}
