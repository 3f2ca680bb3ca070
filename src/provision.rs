//! From one inventory to both sides: the phones' configuration and the PBX's, which
//! therefore cannot disagree.
