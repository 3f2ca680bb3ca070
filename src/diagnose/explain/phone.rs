//! What a phone's own requests show.

use super::{Code, Words};

/// The words of the codes that are about one phone's conversion.
#[expect(clippy::too_many_lines, reason = "a table of text")]
pub(super) fn words(code: Code) -> Option<Words> {
    Some(match code {
        Code::Stalled => Words {
            title: "Silent for longer than its state allows",
            signature: "No request and no acknowledgement: 10 minutes while configuring, writing or \
                        after a reboot, 5 minutes after a manifest, 3 minutes between images. \
                        Shorter silence is normal.",
            causes: "A cable, a switch port or power; a configuration that names no load; a phone \
                     that gave up; a phone that was unplugged while it wrote.",
            cure: "Look at the phone's screen. If it is dark and all lamps are out, power it off \
                   and on and keep the server running: a phone that cannot start asks for its \
                   recovery manifest by itself.",
            ends: "At the next sign of life.",
        },
        Code::MissingImage => Words {
            title: "A file of a load was asked for that is not staged",
            signature: "A manifest, or an image by a phone that took a manifest, was answered with \
                        'not found'. Phones then ask for the next image too and drop it at once.",
            causes: "An incomplete bundle; files of two bundles mixed in one folder; an SEP file \
                     that names another release than the staged one.",
            cure: "Verify the bundle and get it again, or name the staged load in the SEP file. \
                   The phone starts over by itself.",
            ends: "When the same name is served.",
        },
        Code::WrongModelBundle => Words {
            title: "The bundle is for another model",
            signature: "The manifest of a family was asked for that no staged bundle is for, such \
                        as term42.default.loads where a bundle for 7945/7965 is staged.",
            causes: "The bundle of another model was given, or a phone of another model is among \
                     the rest.",
            cure: "Start again with a SIP bundle for that model beside or instead of this one. \
                   Leave the phone on: it keeps asking.",
            ends: "When the phone is served a staged manifest.",
        },
        Code::ManifestRefused => Words {
            title: "The phone refuses the release, and the requests cannot tell why",
            signature: "Recovery: one manifest delivered whole in two or more boots 60 s or more \
                        apart (pairs within seconds are one boot), and no image asked for within \
                        30 s of the last. Application: the same manifest taken again after a \
                        further boot; a single take there proves nothing, as the phone may have \
                        the images from a neighbour (peer firmware sharing).",
            causes: "The phone's load is older than 8.3(3) and does not know the key that newer \
                     releases are signed with (screen: Auth Fail); or the release does not support \
                     this hardware revision (screen: Load rejected HC).",
            cure: "Read the screen. 'Auth Fail': give the SCCP 8.5(2) bundle of the model with \
                   --bridge. 'Load rejected HC': take the newest release. If a bridge was tried \
                   and refused as well, it is the hardware. Do not change cables, servers or \
                   settings.",
            ends: "When the phone asks for an image, or a witness names the target load.",
        },
        Code::BridgeNeeded => Words {
            title: "The phone's load is too old for the release's signing key",
            signature: "A witness names a load older than 8.3(3) while the target is newer than \
                        8.5(2); or the manifest was refused and the hardware is known to be \
                        covered by its mask.",
            causes: "Cisco changed its signing key after 8.5(2). Loads before 8.3(3) know the old \
                     key alone, those from 8.3(3) to 8.5(2) know both.",
            cure: "Run again with --bridge and the SCCP 8.5(2) bundle that is named in the \
                   diagnosis. The phone gets the bridge and after its reboot the target, by \
                   itself.",
            ends: "When the phone asks for an image, or a witness names another load.",
        },
        Code::HardwareMismatch => Words {
            title: "The release does not support this hardware revision",
            signature: "The manifest was refused as in manifest-refused, and the key cannot be the \
                        reason: the phone runs a load that knows it, or its hardware class is \
                        known and not in the manifest's #HARDWARE_COMP_1 mask.",
            causes: "A later hardware revision needs a later release; many 7942, 7945, 7962, 7965 \
                     and 7975 need 9.3(1)SR1 or later.",
            cure: "Take the newest release of the model, such as 9.4(2)SR. A bridge does not help.",
            ends: "When the phone asks for an image, or a witness names the target load.",
        },
        Code::ConfigRejected => Words {
            title: "The phone fetches its configuration and drops it",
            signature: "SEP<MAC>.cnf.xml came whole and in the same boot the phone asked for it \
                        again or for XMLDefault.cnf.xml; or XMLDefault.cnf.xml came whole in three \
                        boots in a row; and nothing followed that a configuration leads to.",
            causes: "No line in the file, a placeholder that was left in, a stray character or an \
                     element that this release does not know: one error drops the whole file.",
            cure: "Give the phone a well-formed SEP file of its own that has a line and no \
                   placeholder left. The phone's own reason is on http://PHONE/DeviceLog.",
            ends: "When the phone asks for a locale, a dial plan or a load.",
        },
        Code::RebootedMidImage => Words {
            title: "The phone started again before it had all images",
            signature: "A pass had begun, not every image was delivered, nothing was missing on \
                        the server, and the phone asked for a manifest or its trust list anew; or \
                        its boot loader came back while it should have been writing.",
            causes: "Power was cut, by hand or by the switch; a plug that is loose; a phone that \
                     draws more than its port gives.",
            cure: "Leave it plugged in: it fetches everything again by itself. If it happens \
                   again, use a power brick or another switch port.",
            ends: "When a pass is complete.",
        },
        Code::RepeatFlash => Words {
            title: "The phone fetched a whole load for the third time",
            signature: "Three complete passes through the target's images in one run. Two are \
                        normal after a recovery.",
            causes: "A configuration that names the load under another name than the phone gives \
                     it; a phone that is reset again and again; flash that does not keep what was \
                     written.",
            cure: "Nothing at once: the phone now gets an XMLDefault that names no load and stays \
                   with what it has. Make loadInformation in its SEP file equal to the load's \
                   name, letter by letter.",
            ends: "It stays for the run; recovery and images are served all the same.",
        },
        Code::UnsupportedModel => Words {
            title: "A phone that this program does not convert",
            signature: "A name that only another kind of phone asks for: SIP<MAC>.cnf, OS79XX.TXT, \
                        P0S3….loads, a load of the 69xx, 78xx or 88xx, a recovery manifest that no \
                        known model has; or a witness names such a load.",
            causes: "A 7940 or 7960, or a newer model, in the same network.",
            cure: "Disconnect it and convert it by its own guide; the diagnosis says what its \
                   family needs.",
            ends: "It stays for the run.",
        },
        Code::ProtocolApplicationInvalid => Words {
            title: "A 7940 or 7960 has its loader and no application",
            signature: "MGC<MAC>.cnf was asked for. Only the universal loader asks for the SIP, \
                        MGCP and SCCP configurations in turn, as it has no application to say \
                        which. Screen: Protocol Application Invalid.",
            causes: "A flash that stopped half way, or a load that was named and not there.",
            cure: "Serve P0S3-8-12-00.loads with its .sbn and .sb2 and an XMLDefault.cnf.xml with \
                   loadInformation7 and loadInformation8 naming it. This program does not do that.",
            ends: "When SIPDefault.cnf is asked for after both images; else it stays for the run.",
        },
        Code::TrustList => Words {
            title: "The phone takes only signed configurations",
            signature: "SEP<MAC>.cnf.xml.sgn, the signed form of the configuration, was asked for. \
                        'Not found' for CTLSEP, ITLSEP and ITLFile is routine and no sign of it.",
            causes: "A CTL or ITL of its old call manager. Firmware is not affected, and recovery \
                     ignores trust lists.",
            cure: "Erase the list on the phone (Settings > Security Configuration > Trust List, \
                   **#, Erase), or reset the phone to factory settings.",
            ends: "When the phone asks for the unsigned form or is served a staged manifest.",
        },
        Code::NameMismatch => Words {
            title: "A name that was asked for is a slip of a staged one",
            signature: "A name that is not staged differs from a staged one by the letter O for \
                        zero, by a .loads too many or too few, by a blank or by one character. One \
                        digit for another is another release or model. Case never matters.",
            causes: "A load name typed by hand, most often without its last S.",
            cure: "Write the name as it is staged; the load's name has no .loads behind it.",
            ends: "When the name that was meant is served.",
        },
        Code::TransferBroken => Words {
            title: "One image does not come through",
            signature: "One image was asked for three times without ever being delivered, though \
                        some of it was acknowledged; in a log of requests alone, without what \
                        follows it.",
            causes: "A duplex mismatch; a bad cable; a firewall or an MTU that lets some packets \
                     through and others not.",
            cure: "Clear the way; the phone goes on by itself.",
            ends: "When the image is delivered.",
        },
        _ => return None,
    })
}
