//! The explanation of `not-registering`, the code with the most causes.

use super::text::ExplanationText;

pub(super) const TEXT: ExplanationText = ExplanationText {
    title: "The phone is converted and configured, but not registered",
    signature: "A REGISTER of a converted phone, or of a phone that fetched its own configuration \
                in this run, was observed, and so was its result: credentials were challenged \
                again (not counting the first 401, nor one with stale=true); three challenges \
                without credentials in response; 403; 404; 423 or another rejection twice; two \
                retransmissions after the answer; no answer within 32 s; a closed port, twice; a \
                destination other than the phone's file names. Or no REGISTER arrived within 5 \
                minutes of a configuration that sends it to this machine. The evidence names the \
                user, the transport, the addresses, the count and the first time.",
    causes: "Secret rejected: the two sides have different passwords, or a long one was truncated. \
             No credentials: authName and authPassword of the line are empty. 403: a wrong \
             secret, an address that the PBX does not allow, or an aor that has reached \
             max_contacts. 404: the PBX has no such user. 423: the phone asks for a shorter \
             interval than the PBX accepts. 500 to 599: the PBX itself. Answered on a port on \
             which the phone does not listen: force_rport, as these phones send from any port and \
             listen on 5060; or a NAT. Answered where the phone listens, and retransmitted: a \
             firewall on the way back. Not answered: the PBX is not running, a firewall, \
             fail2ban. Closed port: the PBX listens on another transport, or there is no PBX. \
             Other destination: the phone uses an older configuration. No REGISTER: the address \
             or port in the SEP file, a firewall on this machine, a configuration that the phone \
             dropped.",
    cure: "Follow the diagnosis, which names one cause. Secret: use the same authPassword in the \
           line of the SEP file and password in the type=auth section of pjsip.conf. User: use \
           one name for the line, the endpoint and the aor. Answer on the wrong port: write \
           force_rport=no and rewrite_contact=no into the endpoint. Transport: match \
           transportLayerProtocol in the SEP file (1 is TCP, 2 is UDP) with protocol of a \
           type=transport section. `reflash provision` writes both sides from one inventory, so \
           that they cannot differ. The phone's own reason is on its screen and at \
           http://PHONE/DeviceLog.",
    clears_when: "The PBX answers 200 with a contact, which is then evidence about the phone. If \
                  no REGISTER had arrived: the first REGISTER.",
};
