//! The explanation of `not-registering`, the code with the most causes.

use super::text::ExplanationText;

pub(super) const TEXT: ExplanationText = ExplanationText {
    title: "The phone is converted and configured, but not registered",
    signature: "A converted phone, a phone that fetched its own configuration in this run, or a \
                phone of which only its registration is observed (as at the PBX), sent a REGISTER, \
                and one of these results was observed. The PBX challenged the credentials again \
                (the first 401 and those with stale=true do not count). The phone received three \
                challenges and answered without credentials. Three challenges went to a port on \
                which it does not listen. The PBX answered 403 or 404, or twice 423 or another \
                rejection. The phone retransmitted twice after the answer. No answer came within \
                32 s. The port was closed, twice. The REGISTER went to a destination other than \
                the one in the phone's file. Or the phone fetched a configuration that directs its \
                REGISTERs to this machine, and none arrived within 5 minutes. The evidence names \
                the user, the transport, the addresses, the count and the first time.",
    causes: "Secret rejected: the two sides have different passwords, or a long one was truncated. \
             No credentials: authName and authPassword of the line are empty. 403: a wrong secret, \
             an address that the PBX does not allow, or an aor that has reached max_contacts. 404: \
             the PBX has no such user. 423: the phone asks for a shorter interval than the PBX \
             accepts. 500 to 599: an error of the PBX itself. The answer went to a port on which \
             the phone does not listen: force_rport is set, although these phones send from any \
             port and listen on 5060; or there is a NAT; or, if the answer is 401, pjsip does not \
             know the user, and answers unknown users in this way. The answer went to the right \
             port, and the phone retransmitted: a firewall between the PBX and the phone drops it. \
             No answer: the PBX is not running, or a firewall or fail2ban drops the REGISTER. \
             Closed port: the PBX listens on another transport, or there is no PBX. Other \
             destination: the phone uses an older configuration. No REGISTER: the SEP file has the \
             wrong address or port, a firewall on this machine drops it, or the phone dropped its \
             configuration.",
    cure: "Follow the diagnosis, which names one cause. Secret: use the same authPassword in the \
           line of the SEP file and password in the type=auth section of pjsip.conf. User: use one \
           name for the line, the endpoint and the aor. Answer on the wrong port: check with \
           `pjsip show endpoint` that the PBX knows the user, then write force_rport=no and \
           rewrite_contact=no into the endpoint. Transport: match transportLayerProtocol in the \
           SEP file (1 is TCP, 2 is UDP) with protocol of a type=transport section. `reflash \
           provision` writes both sides from one inventory, so that they cannot differ. The phone \
           shows its own reason on its screen and at http://PHONE/DeviceLog.",
    clears_when: "The PBX answers 200 with a contact; this answer is then listed as evidence. \
                  After lost answers it counts once the phone has not retransmitted for 4 s. Also \
                  when the phone fetches images again. If the cause was that no REGISTER arrived: \
                  when the first one arrives.",
};
