//! What a phone's own requests show.

use super::{super::Code, text::ExplanationText};

/// The texts of the codes that are about one phone's conversion.
#[expect(clippy::too_many_lines, reason = "a table of text")]
pub(super) fn text(code: Code) -> Option<ExplanationText> {
    Some(match code {
        Code::Stalled => ExplanationText {
            title: "The phone is silent for longer than its state allows",
            signature: "The phone sent no request and no acknowledgement for 10 minutes while it \
                        reads its configuration, writes or restarts, for 5 minutes after a \
                        manifest, or for 3 minutes between two images. Shorter silence is normal.",
            causes: "A fault of the cable, the switch port or the power; a configuration that \
                     names no load; a phone that gave up or was unplugged while it wrote its \
                     flash.",
            cure: "Read the phone's screen. If the screen is dark and all lamps are off, power the \
                   phone off and on and keep the server running: a phone that cannot start \
                   requests its recovery manifest by itself.",
            clears_when: "The phone sends a request or an acknowledgement.",
        },
        Code::MissingImage => ExplanationText {
            title: "The phone requested a file of a load that the server does not have",
            signature: "The server answered 'not found' to a request for a manifest, or to a \
                        request for an image from a phone that had fetched a manifest. The phone \
                        then still requests the next image, but aborts its transfer at once.",
            causes: "A file that is not in the server's folder, or is there in another spelling; an \
                     incomplete bundle; files of two bundles in one folder; an SEP file that names \
                     another release than the one that is served. No SEP file names termNN.default: \
                     a phone requests it after a reset to factory settings.",
            cure: "With a server of your own: put the file into its folder, in exactly this spelling \
                   and readable for the server. With a bundle: verify it and download it again. For \
                   another load than termNN.default: or name a load that is served in the SEP file. \
                   The phone starts over by itself.",
            clears_when: "The same name is served.",
        },
        Code::AccessDenied => ExplanationText {
            title: "The server refuses access to a file that the phone requests",
            signature: "A request was answered with ERROR 2 (access violation) or with a text such \
                        as 'permission denied', not with 'not found'.",
            causes: "A file or folder that the server's user may not read; SELinux or AppArmor; a \
                     name outside the folder that the server serves.",
            cure: "Let the server's user read the file and enter every folder above it. Put the \
                   file into the folder that is served. Then restart the phone.",
            clears_when: "The same name is served.",
        },
        Code::WrongModelBundle => ExplanationText {
            title: "The bundle is for another model",
            signature: "The phone requested the manifest of a family that no staged bundle is for, \
                        such as term42.default.loads while a bundle for 7945/7965 is staged.",
            causes: "The bundle is for another model, or a phone of another model is among the \
                     phones.",
            cure: "Start again with a SIP bundle for that model, in addition to this one or instead \
                   of it. Leave the phone on: it repeats its request.",
            clears_when: "The phone is served a staged manifest.",
        },
        Code::ManifestRefused => ExplanationText {
            title: "The phone requests the manifest of the release again and again, and no image",
            signature: "In recovery: the phone fetched one complete manifest in two or more \
                        boots, at least 60 s apart, and requested no image within 30 s of the \
                        last one. (Two requests within seconds belong to one boot.) With its \
                        application running: it fetched the same manifest again after another \
                        boot; a single delivery proves nothing, because the phone may get the \
                        images from another phone (peer firmware sharing). In a record of requests \
                        alone, the same times of the requests: then it is a warning, and the phone \
                        does not count as failed.",
            causes: "The phone's load is older than 8.3(3) and does not know the key that newer \
                     releases are signed with (screen: Auth Fail); or the release does not support \
                     this hardware revision (screen: Load rejected HC). From requests alone, two \
                     more: the server does not have the file or may not read it, or its answers do \
                     not reach the phone.",
            cure: "With requests alone, first check on the server that the file is in its folder, \
                   in the spelling that the phone requests, that another host gets it (curl -O \
                   tftp://SERVER/NAME), and in a capture that the answers reach the phone. Then \
                   read the screen. 'Auth Fail': pass the SCCP 8.5(2) bundle of the model with \
                   --bridge; with another server, serve that bundle first. 'Load rejected HC': use \
                   the newest release. If the phone refused a bridge as well, the hardware is the \
                   likelier cause. If the screen shows neither: an application may run this load \
                   already.",
            clears_when: "The phone requests an image, or an evidence source reports the target \
                          load.",
        },
        Code::BridgeNeeded => ExplanationText {
            title: "The phone's load is too old for the release's signing key",
            signature: "An evidence source reports a load older than 8.3(3) while the target is \
                        newer than 8.5(2); or the phone refused the manifest although the \
                        manifest's hardware mask is known to include this hardware. A 7940 or \
                        7960: it requests an image with the extension .bin, or a source reports a \
                        load of 2.x to 4.x, and a bridge on its way to the loader is not served.",
            causes: "Cisco changed its signing key after 8.5(2). Loads before 8.3(3) know only the \
                     old key, those from 8.3(3) to 8.5(2) know both. A 7940 or 7960 accepts signed \
                     images from 5.0 on only, and takes the loader of 8.12 from 5.x on.",
            cure: "Start again with --bridge and the bundle that the diagnosis names: SCCP 8.5(2), \
                   or for a 7940 or 7960 one --bridge for each step (SIP 4.4 and 5.3, or SCCP \
                   5.x). The phone installs each step and the target by itself. There is no way \
                   back from 5.0 on. What MGCP firmware from before the \
                   loader accepts is not documented: it is given the steps of SIP firmware.",
            clears_when: "The phone requests an image, or an evidence source reports another load.",
        },
        Code::HardwareMismatch => ExplanationText {
            title: "The release does not support this hardware revision",
            signature: "The phone refused the manifest as in manifest-refused, and the key cannot \
                        be the reason: the phone runs a load that knows the key, or its hardware \
                        class is known and is not in the manifest's #HARDWARE_COMP_1 mask.",
            causes: "A later hardware revision needs a later release; many 7942, 7945, 7962, 7965 \
                     and 7975 need 9.3(1)SR1 or later.",
            cure: "Use the newest release of the model, such as 9.4(2)SR. A bridge does not help.",
            clears_when: "The phone requests an image, or an evidence source reports the target \
                          load.",
        },
        Code::ConfigRejected => ExplanationText {
            title: "The phone fetches its configuration and drops it",
            signature: "SEP<MAC>.cnf.xml was delivered, and in the same boot the phone requested \
                        it again or requested XMLDefault.cnf.xml. Or a configuration file was \
                        delivered in three consecutive boots, each within 10 minutes of the \
                        previous one. In both cases the phone requested nothing that a \
                        configuration names (a locale, a dial plan, a load). In a log without \
                        ends of transfers: a configuration was requested in three starts, each \
                        within 3 minutes of the previous one, and nothing else.",
            causes: "The file has no telephone line, an unreplaced placeholder, a stray character \
                     or an element that this release does not know. A single error makes the \
                     phone drop the whole file. Where a log has requests alone, the file \
                     may also not arrive: missing, unreadable, empty, or the answers are lost.",
            cure: "Give the phone a well-formed SEP file of its own, with at least one telephone \
                   line and without placeholders. The phone logs its reason at \
                   http://PHONE/DeviceLog.",
            clears_when: "The phone requests a locale, a dial plan or a load.",
        },
        Code::ConfigurationWithheld => ExplanationText {
            title: "A client did not get the configuration of a phone",
            signature: "A client requested SEP<MAC>.cnf.xml or SIP<MAC>.cnf, which may hold passwords, \
                        over TFTP or HTTP. The ARP table of this machine has another device at its \
                        address, or no host answered ARP for the address within a second, or the \
                        address is one of this machine. The diagnosis names three such clients at \
                        most, the newest first; \"so did others\" means that there are more \
                        (`others` of the report).",
            causes: "A router that answers ARP for the phones behind it, or hides them behind its own \
                     address (NAT); a phone that just got the address of another device; a switch \
                     that blocks ARP; another device that requests the phone's passwords; a test on \
                     this machine.",
            cure: "For phones behind a router: start again with --routed and their network, such as \
                   --routed 10.2.0.0/16; an address that the routing table reaches through a gateway \
                   needs none. A phone with a new address requests the file again and gets it. \
                   Otherwise find the device by the MAC address that the diagnosis names: the \
                   switch shows its port.",
            clears_when: "The phone at this address is served its configuration.",
        },
        Code::NoConfiguration => ExplanationText {
            title: "The server has no configuration for the phone",
            signature: "In three consecutive boots, each within 10 minutes of the previous one, \
                        the phone requested configurations, and each request was answered with \
                        'not found'.",
            causes: "The file is missing, is in another folder, or its name has small letters in \
                     the MAC address.",
            cure: "Put SEP<MAC>.cnf.xml, with the MAC address in capitals, or XMLDefault.cnf.xml \
                   into the server's folder. Without one the phone keeps its old configuration \
                   and its old load.",
            clears_when: "A configuration is found.",
        },
        Code::ModelMismatch => ExplanationText {
            title: "The phone is of another model than the inventory says",
            signature: "A request or an evidence source reports another model than the inventory \
                        lists for this MAC.",
            causes: "Two lines of the inventory were exchanged, or the model in one is wrong.",
            cure: "Correct the model in the inventory and start again (or write the files again \
                   with provision). Until then the phone is not served the file that was written \
                   for the other model.",
            clears_when: "Never in this run: a phone does not change its model.",
        },
        Code::ImagesRefused => ExplanationText {
            title: "The phone fetched images and went on without a restart",
            signature: "A phone with two slots (69xx, 894x, 8961, 99xx, 78xx, 88xx) \
                        fetched the images of a manifest, or some of them, and then \
                        requested its locale, its tones or its dial plan without a \
                        restart.",
            causes: "A damaged image, an image of another release under the same name, or \
                     a release that this phone does not take.",
            cure: "Verify the bundle and that it is for the phone's model. Read the \
                   phone's status messages. Then restart the phone: it fetches everything \
                   again. It runs on with the load that it had.",
            clears_when: "The phone requests an image again.",
        },
        Code::SccpLoadNamed => ExplanationText {
            title: "The configuration of the phone names an SCCP load",
            signature: "A phone with two slots requested the manifest of an SCCP load of \
                        its family, while a SIP load is served.",
            causes: "A SEP file of an earlier call manager that is still served, or an \
                     SCCP load in loadInformation.",
            cure: "Write the SIP load into loadInformation of the SEP file and SIP into \
                   deviceProtocol, or remove the file. Then restart the phone.",
            clears_when: "Never in this run.",
        },
        Code::Multiplatform => ExplanationText {
            title: "The phone has multiplatform firmware",
            signature: "A request for <MAC>.xml or for a name that ends in -3PCC.xml; or \
                        a request for, or a report of, a load with MPP, MSR or MN in its \
                        release.",
            causes: "A phone that is sold for multiplatform firmware (its label says \
                     3PCC), or that was migrated to it.",
            cure: "Disconnect the phone. A change between multiplatform and enterprise \
                   firmware needs Cisco's migration licence and Cisco's service; this \
                   program serves neither.",
            clears_when: "Never in this run.",
        },
        Code::RebootedMidImage => ExplanationText {
            title: "The phone restarted before it had all images",
            signature: "The phone had fetched a manifest but not yet all images, no file was \
                        missing on the server, and it requested a manifest or its trust list \
                        again. Or its boot loader sent requests while the phone should have been \
                        writing.",
            causes: "A power cut, by hand or by the switch; a loose plug; a phone that draws more \
                     power than its port supplies.",
            cure: "Leave the phone plugged in: it fetches everything again by itself. If this \
                   happens again, use a power brick or another switch port.",
            clears_when: "The phone has fetched all images.",
        },
        Code::RepeatFlash => ExplanationText {
            title: "The phone fetched a whole load for the third time",
            signature: "Three complete passes through the target's images in one run. Two are \
                        normal after a recovery.",
            causes: "A configuration that names the load differently from how the phone reports \
                     it; a phone that is reset repeatedly; flash memory that does not keep what \
                     was written.",
            cure: "Nothing is urgent: the server now gives the phone an XMLDefault.cnf.xml that \
                   names no load, so the phone keeps its load. In its SEP file, write exactly the \
                   name of the load as loadInformation.",
            clears_when: "Never in this run. The phone can still fetch its recovery manifest and \
                          images.",
        },
        Code::UnsupportedModel => ExplanationText {
            title: "This run has no firmware for the phone",
            signature: "A request for a name that only another kind of phone uses: SIP<MAC>.cnf, \
                        OS79XX.TXT, P0S3….loads, a load of the 69xx, 78xx or 88xx, a recovery \
                        manifest of no known model; or an evidence source reports such a load.",
            causes: "A 7940 or 7960, or a newer model, in the same network.",
            cure: "Give `reflash convert` the SIP bundle of the phone too: `reflash models` names it. A \
                   model that it only recognises: disconnect the phone.",
            clears_when: "Never in this run.",
        },
        Code::ProtocolApplicationInvalid => ExplanationText {
            title: "A 7940 or 7960 has its loader but no application",
            signature: "Two searches for every kind of configuration (CTLSEP, SEP, SIP, MGC, \
                        XMLDefault) 10 to 60 s apart, without an image or an application's request \
                        in between: with an application, the loader starts it after one search. Or \
                        such a search after both images. Screen: Protocol Application Invalid.",
            causes: "An interrupted installation, or a configuration that names a load which the \
                     server does not have.",
            cure: "Give `reflash convert` the SIP bundle of these phones (P0S3-8-12-00.zip), and \
                   restart the phone. If the run has it, a configuration names another load: \
                   remove SEP, SIP and MGC files of earlier set-ups.",
            clears_when: "The phone requests SIPDefault.cnf after both images; otherwise never in \
                          this run.",
        },
        Code::ImageRejected => ExplanationText {
            title: "A 7940 or 7960 fetches one image at every start and does not install it",
            signature: "A phone from before the loader fetched all of one image three times and \
                        started with OS79XX.TXT after each. In a record of requests alone: it \
                        requested the image last before three of its starts. Screen: Image \
                        Authentication Failed.",
            causes: "The image is damaged, renamed or, from 5.0 on, unsigned; or it is too new for \
                     the firmware: 2.x to 4.x take 4.4 and then 5.x, and only those take the \
                     loader.",
            cure: "Check the file with `reflash verify` and give a fresh copy under its own name. \
                   With other servers than this one, give the phone the steps 4.4 and 5.x first; \
                   `reflash convert` does so with --bridge.",
            clears_when: "The phone's loader starts.",
        },
        Code::UpgradeLoop => ExplanationText {
            title: "A 7940 or 7960 installs images again and again",
            signature: "A phone from before the loader fetched each of two images at least twice, \
                        and started with OS79XX.TXT after each. Or a phone with the loader fetched \
                        all of the loader's image three times and requested no application.",
            causes: "OS79XX.TXT and image_version in SIPDefault.cnf or SIP<MAC>.cnf name different \
                     loads. Of a phone with the loader: the manifest is of another release than \
                     the loader's image, so LA_VERSION never matches.",
            cure: "Write the same load into each of them, OS79XX.TXT in one line, without an \
                   extension and blanks. Take the manifest and both images from one bundle \
                   (reflash verify).",
            clears_when: "The phone's loader starts, or the phone fetches its application.",
        },
        Code::LoaderNamed => ExplanationText {
            title: "A 7940 or 7960 with the loader was given the loader's name as its load",
            signature: "A request for P003-….loads, which no bundle has. The phone then requests \
                        P003-….sbn, installs the loader again and restarts.",
            causes: "A configuration names P003-…, which only phones from before the loader need.",
            cure: "Write the SIP load, such as P0S3-8-12-00, into SEP<MAC>.cnf.xml, \
                   XMLDefault.cnf.xml and image_version.",
            clears_when: "Never in this run.",
        },
        Code::LoadNotNamed => ExplanationText {
            title: "The SEP file of a 7940 or 7960 names no load that its loader takes",
            signature: "In two starts of its loader, 60 s or more apart, the phone requested \
                        CTLSEP, was delivered SEP<MAC>.cnf.xml, and requested neither \
                        SIP<MAC>.cnf, MGC<MAC>.cnf nor a manifest within 20 s, while this run has \
                        a load for it. In a log of requests alone: it requested SEP<MAC>.cnf.xml \
                        once per start, and other phones requested the manifest of a SIP load; or \
                        7960-font.xml or 7960-tones.xml, 20 s or more after the file.",
            causes: "A SEP<MAC>.cnf.xml of an earlier call manager, or one that was written \
                     without loadInformation. The loader ends its search at a SEP file that it \
                     finds, whether it names a load or not. Or the file names a load whose name the \
                     loader rejects: it takes names that begin with P0 and have 3 as their fourth \
                     character (screen: Right Load Not Specified). A server does not see which.",
            cure: "Write the SIP load, such as P0S3-8-12-00, into the file as loadInformation \
                   (loadInformation8 is only read by a 7940, loadInformation7 only by a 7960), or \
                   remove the file: the loader then searches SIP<MAC>.cnf and XMLDefault.cnf.xml. \
                   Then restart the phone.",
            clears_when: "The phone requests SIP<MAC>.cnf, MGC<MAC>.cnf, a manifest or an image, \
                          or a file of its SIP application.",
        },
        Code::TrustList => ExplanationText {
            title: "The phone accepts only signed configurations",
            signature: "A request for SEP<MAC>.cnf.xml.sgn, the signed form of the configuration. \
                        Or the phone starts over three times with CTLSEP and requests no \
                        configuration. Requests for CTLSEP, ITLSEP and ITLFile that are answered 'not found' are \
                        routine and are no sign of this problem.",
            causes: "The phone still has a trust list (CTL or ITL) of its previous call manager. \
                     Firmware is not affected, and recovery ignores trust lists.",
            cure: "Erase the list on the phone (Settings > Security Configuration > Trust List, \
                   **#, Erase). Or, if the bundle has a recovery manifest for the model, reset the \
                   phone to factory settings.",
            clears_when: "The phone requests the unsigned form or is served a staged manifest.",
        },
        Code::NameMismatch => ExplanationText {
            title: "The requested name differs from a staged one by a typing error",
            signature: "The name is not staged. It differs from a staged name by the letter O \
                        instead of a zero, by a missing or repeated .loads, by a space, or by one \
                        character. A different digit means another release or model. Case does \
                        not matter.",
            causes: "A load name typed by hand, most often without its last S.",
            cure: "In the SEP file, write the name of the staged load, without .loads at the end.",
            clears_when: "The staged name is served.",
        },
        Code::TransferBroken => ExplanationText {
            title: "The transfer of one image does not complete",
            signature: "The phone requested one image three times and acknowledged parts of it, \
                        but never all. In a log that has requests only: it requested one image \
                        three times and never the next file.",
            causes: "A duplex mismatch; a bad cable; a firewall or an MTU that drops some of the \
                     packets.",
            cure: "Fix the network; the phone continues by itself.",
            clears_when: "The image is delivered.",
        },
        _ => return None,
    })
}
