//! The code with the most causes.

use super::Words;

pub(super) const WORDS: Words = Words {
    title: "Converted, configured, and not registered",
    signature: "A REGISTER of a converted phone, or of one that took its own configuration in \
                this run, was heard, and so was what became of it: a password was proved and \
                asked for again (not the first 401, nor one with stale=true); a password was \
                asked for three times and never proved; 403; 404; 423 or another refusal twice; \
                the phone sent the same REGISTER again twice behind its answer; nobody answered \
                within 32 s; its port is closed, twice; it went elsewhere than the phone's file \
                says. Or none came within 5 minutes of a configuration that sends it to this \
                machine. The evidence names the user, the transport, the addresses, how often and \
                since when.",
    causes: "Secret refused: the two sides have different passwords, or a long one was cut. No \
             password: the line's authName and authPassword are empty. 403: a wrong secret, an \
             address that the PBX does not allow, or all contacts of an aor are taken. 404: the \
             PBX has no such user. 423: the phone asks for a shorter time than the PBX takes. 500 \
             to 599: the PBX itself. Answered where the phone does not listen: force_rport, as \
             these phones send from any port and listen at 5060; or a NAT. Answered where it \
             listens and repeated: a firewall on the way back. Never answered: the PBX does not \
             run, a firewall, fail2ban. Closed port: another transport than the PBX listens on, \
             or no PBX. Elsewhere: the phone uses an older configuration. None came: address or \
             port in the SEP file, a firewall on this machine, a configuration that the phone \
             dropped.",
    cure: "Do what the diagnosis says; it names one cause. Secret: the same authPassword in the \
           line of the SEP file and password in the type=auth section of pjsip.conf. User: one \
           name for the line, the endpoint and the aor. Answers astray: force_rport=no and \
           rewrite_contact=no in the endpoint. Transport: transportLayerProtocol in the SEP file \
           (1 is TCP, 2 is UDP) as protocol of a type=transport section. Both sides from one \
           inventory cannot differ: `reflash provision`. The phone's own reason is on its screen \
           and on http://PHONE/DeviceLog.",
    ends: "At a 200 that names a contact, which is then evidence of the phone; where no REGISTER \
           had come, at the first one.",
};
