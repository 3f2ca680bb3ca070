//! The diagnosis rules. Each is a function of what was observed and of the time; here are their
//! limits.

mod names;
mod refusal;

use std::time::Duration;

pub(crate) use self::{
    names::{NotFound, not_found},
    refusal::{
        FIRST_IMAGE_WITHIN, ManifestDelivery, RefusalCause, manifest_refused, refusal, refusal_due,
    },
};

/// Attempts at one image without a delivery before the transfer counts as broken.
pub(crate) const BROKEN_ATTEMPTS: u16 = 3;

/// Consecutive boots in which a configuration was delivered and nothing followed, before the
/// configuration counts as rejected.
pub(crate) const REJECTED_BOOTS: u8 = 3;

/// A phone that starts over by itself does so within this time: 15 s to some minutes. Boots that
/// are farther apart are those of a person, and a phone that runs well may fetch the same files
/// in each of them.
pub(crate) const LOOP_WITHIN: Duration = Duration::from_mins(10);

/// In a record of requests alone, starts of a phone are counted only if they are this close to each
/// other. A person who restarts a phone needs longer.
pub(crate) const STARTS_WITHIN: Duration = Duration::from_mins(3);

/// The same if the phone requested no trust list, so that only its configuration shows a start: a
/// phone that looks for a new configuration does so less often.
pub(crate) const POLLS_APART: Duration = Duration::from_mins(1);

/// A phone that requested its own configuration and nothing else this often after the first time,
/// each more than [`STARTS_WITHIN`] after the previous one, runs and looks for a new configuration.
pub(crate) const POLLS: u8 = 2;

/// Starts are at least this far apart: within it, a phone tries another protocol or repeats.
pub(crate) const STARTS_APART: Duration = Duration::from_secs(10);

/// An application that accepts its configuration requests the files that it names within this time.
pub(crate) const NEXT_STEP_WITHIN: Duration = Duration::from_secs(30);

/// This many complete passes through the target's images are too many. A recovery takes two.
pub(crate) const REPEATED_PASSES: u32 = 3;

/// Transfers of one file without an ACK before the server's answers count as lost.
pub(crate) const UNACKED_TRANSFERS: u16 = 3;

/// Repetitions of one request, each within [`REPEATED_WITHIN`] of the previous one, before the
/// server's answers count as lost. A phone sends five requests from one port.
pub(crate) const UNANSWERED_REPETITIONS: u16 = 7;

/// The same in a record without the phone's ports, where they cannot show that it tried another:
/// more than it sends from one.
pub(crate) const UNANSWERED_WITHOUT_PORTS: u16 = 5;

/// For so long after a sign of forged packets, these are the reason that answers are not acknowledged. The
/// server reports a sign every 30 s.
pub(crate) const FORGED_RECENTLY: Duration = Duration::from_mins(2);

/// Requests for one name within this time are duplicates. Phones repeat after 4 s.
pub(crate) const REPEAT_AFTER: Duration = Duration::from_secs(2);

/// A request for the same name within this time is a repetition: no answer to the earlier one
/// arrived. Later it is a new attempt: an application without a configuration requests its file
/// every 27 to 55 s, and a boot loader returns after 87 s.
pub(crate) const REPEATED_WITHIN: Duration = Duration::from_secs(15);

/// A phone registers within about a minute of its configuration. Without a REGISTER within
/// this time it gets a diagnosis.
pub(crate) const REGISTERS_WITHIN: Duration = Duration::from_mins(5);

/// A phone waits this long for the answer to a REGISTER (timer F of RFC 3261, 17.1.2.2).
pub(crate) const ANSWERS_WITHIN: Duration = Duration::from_secs(32);

/// Retransmissions of one REGISTER without an answer before the PBX counts as silent. The first
/// four are sent within 3.5 s.
pub(crate) const RETRANSMISSIONS: u32 = 3;

/// Retransmissions of one REGISTER after its answer before the answer counts as lost. One may
/// have crossed the answer.
pub(crate) const RETRANSMISSIONS_AFTER_ANSWER: u32 = 2;

/// Packets to a closed port before it gets a diagnosis. After one, the PBX may be starting.
pub(crate) const CLOSED_PORT_TRIES: u32 = 2;

/// Consecutive rejections before they get a diagnosis, if their cause may be temporary.
pub(crate) const REJECTIONS: u32 = 2;

/// Challenges without credentials in response before they get a diagnosis.
pub(crate) const UNANSWERED_CHALLENGES: u32 = 3;

/// A starting phone contacts its TFTP server within seconds of its lease. Without a request
/// within this time the phone does not reach this machine.
pub(crate) const FIRST_REQUEST_WITHIN: Duration = Duration::from_mins(1);

/// DHCP requests without an answer before the phone counts as one without a lease. Phones repeat
/// them after about 4 s.
pub(crate) const UNANSWERED_DISCOVERS: u32 = 4;

/// How long those requests must last. A DHCP server that checks an address first needs some
/// seconds.
pub(crate) const UNANSWERED_DISCOVERS_LAST: Duration = Duration::from_secs(10);

/// Requests to a machine without a TFTP server before it gets a diagnosis. After one, the server
/// may be starting.
pub(crate) const CLOSED_SERVER_TRIES: u32 = 2;

/// Requests of the PBX to a closed port of the phone before they get a diagnosis. After one, the
/// phone may be starting.
pub(crate) const CLOSED_CONTACT_TRIES: u32 = 2;

/// Such requests within this time count once: a PBX repeats an INVITE within seconds.
pub(crate) const CLOSED_CONTACT_APART: Duration = Duration::from_secs(15);
