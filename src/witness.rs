//! What the wire says of a phone beside its requests: CDP, LLDP, DHCP, SIP, SCCP, the
//! phone's own web page.
