//! Files that people wrote for phones, judged by the phone's own rules before a phone drops
//! them without a word.
