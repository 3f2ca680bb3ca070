//! What a name that was asked for says, beyond what is served for it.

use super::{Ask, Change, Conversion, Scene, ServedFile};
use crate::{
    phone::normalized_name,
    track::{
        catalog::Leg,
        diagnosis::{
            rules::{self, NotFound},
            text,
        },
    },
};

impl Conversion {
    pub(super) fn judge_not_found(
        &mut self,
        scene: Scene<'_>,
        ask: Ask<'_>,
        out: &mut Vec<Change>,
    ) {
        // Who is none of `--only`, or is surveyed, is refused on purpose; who asked over HTTP
        // asks again.
        if scene.excluded || self.is_held(scene) || ask.transport == super::Transport::Http {
            return;
        }
        let catalog = scene.catalog;
        // While it is shown the bridge, the target is kept from it on purpose.
        if self.leg == Leg::Bridge && catalog.has(Leg::Target, ask.name) {
            return;
        }
        let finding = rules::not_found(
            ask.name,
            ask.request,
            catalog.names(self.leg),
            &catalog.families,
            self.fetched,
        );
        let diagnosis = match finding {
            NotFound::Nothing => return self.judge_legacy(scene, ask, out),
            NotFound::WrongModel(family) => {
                self.family.get_or_insert(family);
                text::wrong_model(ask.name, family, &catalog.families, scene.at)
            }
            NotFound::Unsupported(family) => text::unsupported(ask.name, family, scene.at),
            NotFound::Mismatch(meant) => {
                let diagnosis = text::mismatch(ask.name, &meant, scene.at);
                return self.raise(&meant, diagnosis, out);
            }
            NotFound::Missing => text::missing(ask.name, scene.at),
        };
        self.raise(ask.name, diagnosis, out);
    }

    /// Names that only phones of another kind ask for.
    fn judge_legacy(&mut self, scene: Scene<'_>, ask: Ask<'_>, out: &mut Vec<Change>) {
        use crate::phone::{Family, RequestedFile};
        if matches!(
            ask.request,
            RequestedFile::LegacyConfig(_) | RequestedFile::LegacyDefault
        ) && !scene.catalog.families.contains(&Family::P3)
        {
            let diagnosis = text::unsupported(ask.name, Some(Family::P3), scene.at);
            self.raise(ask.name, diagnosis, out);
        }
    }

    pub(super) fn judge_broken(
        &mut self,
        scene: Scene<'_>,
        ask: Ask<'_>,
        attempts: u16,
        out: &mut Vec<Change>,
    ) {
        let name = normalized_name(ask.file());
        let bytes = self
            .rows
            .iter()
            .rfind(|row| row.transfer != ask.transfer && normalized_name(&row.name) == name)
            .map_or(0, |row| row.bytes);
        let size = ask.served.map(|served| served.size);
        let last = size
            .filter(|size| *size != ServedFile::UNKNOWN_SIZE)
            .map(|size| (bytes, size));
        let diagnosis = text::broken(ask.name, attempts, last, scene.at);
        self.raise(ask.file(), diagnosis, out);
    }
}
