//! What the manifests say, held against the members; and each member against its header.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{
    super::{
        KeyGeneration, Problem,
        header::Header,
        manifest::Wanted,
        member::Read,
        signature::{Verified, keyed},
    },
    is_firmware, is_image,
};
use crate::diagnose::Severity;

/// What was found.
#[derive(Default)]
pub(super) struct Weighed {
    /// What does not hold.
    pub(super) damage: Vec<Problem>,
    /// What is not there, each once.
    pub(super) gaps: Vec<Problem>,
    /// What should be said, and keeps nobody from using the bundle.
    pub(super) remarks: Vec<Problem>,
    /// Every name that a manifest names, in lower case.
    pub(super) named: BTreeSet<String>,
    pub(super) proven: bool,
    pub(super) generation: Option<KeyGeneration>,
    pub(super) trusted: bool,
    /// Of these, the names that a manifest of a platform with known keys names.
    keyed: BTreeSet<String>,
}

impl Weighed {
    pub(super) fn of(read: &[Read]) -> Self {
        let mut weighed = Self::default();
        let members: HashMap<String, &Read> = read
            .iter()
            .map(|member| (member.name.to_ascii_lowercase(), member))
            .collect();
        let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for member in read {
            let Some(Ok(parsed)) = &member.manifest else {
                continue;
            };
            for image in &parsed.images {
                let key = image.name.to_ascii_lowercase();
                match members.get(&key) {
                    None => missing.entry(&image.name).or_default().push(&member.name),
                    Some(found) => weighed.image(&member.name, image, found),
                }
                if keyed(&member.name) {
                    weighed.keyed.insert(key.clone());
                }
                weighed.named.insert(key);
            }
        }
        for member in read {
            weighed.member(member);
        }
        weighed.gaps = missing
            .into_iter()
            .map(|(image, by)| gap(image, &by))
            .collect();
        weighed.signatures(read);
        weighed
    }

    fn named(&self, member: &Read) -> bool {
        self.named.contains(&member.name.to_ascii_lowercase())
    }

    /// Whether phones check this file's signature with a known key.
    fn keyed(&self, member: &Read) -> bool {
        let lower = member.name.to_ascii_lowercase();
        (member.manifest.is_some() || self.named(member))
            && (keyed(&member.name) || self.keyed.contains(&lower))
    }

    /// What a manifest says of an image.
    fn image(&mut self, manifest: &str, image: &Wanted, found: &Read) {
        let mut say = |code, message| self.damage.push(broken(code, &found.name, message));
        match (found.size, image.size) {
            (0, _) => say(
                "empty-image",
                format!("{manifest} names it, and it has no bytes"),
            ),
            (own, Some(said)) if said != own => {
                say(
                    "size-mismatch",
                    format!("it has {own} bytes; {manifest} says {said}"),
                );
            }
            _ => {}
        }
        if let (Some(said), Some(own)) = (&image.md5, &found.body_md5)
            && !said.eq_ignore_ascii_case(own)
        {
            say(
                "digest-mismatch",
                format!("its MD5 is {own}; {manifest} says {said}"),
            );
        }
    }

    /// What a member's own header says of it.
    fn member(&mut self, member: &Read) {
        let named = self.named(member);
        let matters = named || member.manifest.is_some();
        let firmware = matters || is_firmware(&member.name) || is_image(&member.name);
        let mut say = |code, message| self.damage.push(broken(code, &member.name, message));
        match (&member.header, &member.manifest) {
            (Header::Broken(why), _) if firmware => say("header-damaged", why.clone()),
            (_, Some(Err(why))) => {
                say(
                    "manifest-invalid",
                    format!("phones would refuse this manifest: {why}"),
                );
            }
            _ => {}
        }
        if let Some(why) = member.payload.filter(|_| firmware) {
            say("payload-damaged", why.to_owned());
        }
        match &member.verified {
            Some(Verified::Invalid(None)) if firmware => say(
                "signature-invalid",
                "its signature does not hold: a byte of it is not what was signed, or Cisco did not \
                 sign it"
                    .to_owned(),
            ),
            Some(Verified::Invalid(Some(platform))) if firmware => say(
                "signature-invalid",
                format!("it is signed for another platform ({platform}), and its phones refuse it"),
            ),
            _ => {}
        }
        let checked = self.keyed(member);
        let mut say = |code, message| self.damage.push(broken(code, &member.name, message));
        match (&member.verified, &member.header) {
            (Some(Verified::NoneFits), _) if checked => say(
                "signature-invalid",
                "its signature is by none of the keys that its phones know".to_owned(),
            ),
            (None, Header::None) if checked && member.size > 0 => {
                say(
                    "not-signed",
                    "it has no signature, and its phones refuse such files".to_owned(),
                );
            }
            _ => {}
        }
        self.names(member, matters);
    }

    /// The names within the file.
    fn names(&mut self, member: &Read, matters: bool) {
        let remark = |code, message| Problem {
            severity: Severity::Warning,
            cure: "Nothing to do, unless a phone does not take it.".to_owned(),
            ..broken(code, &member.name, message)
        };
        if let Some(inner) = member.header.name() {
            let shown = String::from_utf8_lossy(inner);
            let message = format!("its header calls it {shown}");
            if inner == member.name.as_bytes() || !(matters || is_image(&member.name)) {
                // As it should be, or a file that is no image.
            } else if inner.eq_ignore_ascii_case(member.name.as_bytes()) {
                self.remarks.push(remark("name-case", message));
            } else if matters {
                let message = format!("{message}, and phones refuse a file under another name");
                self.damage
                    .push(broken("name-mismatch", &member.name, message));
            } else {
                self.remarks.push(remark(
                    "name-mismatch",
                    format!("{message}; no manifest names it"),
                ));
            }
        }
        if let Header::Signed(header) = &member.header
            && matters
        {
            for odd in &header.oddities {
                self.remarks.push(remark("header-odd", (*odd).to_owned()));
            }
        }
        let stem = member.name.rsplit_once('.').map_or("", |(stem, _)| stem);
        if let Some(id) = &member.load_id
            && matters
            && !id.eq_ignore_ascii_case(stem)
        {
            self.remarks
                .push(remark("load-id", format!("it calls itself {id} inside")));
        }
    }

    /// What the signatures prove together.
    fn signatures(&mut self, read: &[Read]) {
        let mut unchecked = 0;
        let mut proven = 0;
        let mut generations = BTreeSet::new();
        for member in read {
            let matters = member.manifest.is_some() || self.named(member);
            match &member.verified {
                Some(Verified::Valid(signer)) => {
                    proven += 1;
                    self.trusted |= signer.trusted;
                    generations.insert(signer.generation);
                }
                Some(_) if matters || is_image(&member.name) => unchecked += 1,
                None if matters => unchecked += 1,
                _ => {}
            }
        }
        self.proven = unchecked == 0 && proven > 0;
        let mut generations = generations.into_iter();
        self.generation = match (generations.next(), generations.next()) {
            (Some(one), None) => one,
            _ => None,
        };
        if unchecked > 0 && self.damage.is_empty() && self.gaps.is_empty() {
            self.remarks.push(Problem {
                code: "signature-unchecked",
                severity: Severity::Note,
                member: None,
                message: format!(
                    "signature not checked: {unchecked} of its files have none, or one by a key that \
                     nobody outside Cisco knows"
                ),
                cure: "Compare the whole file's digest with the one on the download page.".to_owned(),
            });
        }
    }
}

fn gap(image: &str, by: &[&str]) -> Problem {
    Problem {
        code: "missing-image",
        severity: Severity::Error,
        member: Some(image.to_owned()),
        message: format!("{} names it, and it is not in the bundle", by.join(", ")),
        cure: "Get the whole bundle: a phone that does not find an image stops halfway.".to_owned(),
    }
}

fn broken(code: &'static str, member: &str, message: String) -> Problem {
    Problem {
        code,
        severity: Severity::Error,
        member: Some(member.to_owned()),
        message,
        cure: "Get the bundle again as Cisco published it.".to_owned(),
    }
}
