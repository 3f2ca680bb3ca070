//! Which view of the stage an address is served.

use std::net::Ipv4Addr;

use super::{
    super::{identity::Phone, observation::RunTime, route::StageRole, view::View},
    DRAIN_LIMIT, Fleet,
};
use crate::phone::{RequestedFile, is_image_name};

/// What an address is served now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// File names are resolved in this view.
    Serve(View),
    /// The run is draining, and this phone is not between two images.
    Draining,
}

impl Fleet {
    /// What `address` is served now if it requests `name`.
    ///
    /// A phone that accepted a manifest of the target is served its images, whatever else it has
    /// requested since: it must not be left between two loads.
    #[must_use]
    pub fn admit(&self, address: Ipv4Addr, name: &str) -> Admission {
        self.admit_at(self.now, address, name, &RequestedFile::parse(name))
    }

    /// What `address` is served at the time `at`, which may be later than the last [`Fleet::tick`].
    /// `file`: the requested name, parsed.
    #[must_use]
    pub fn admit_at(
        &self,
        at: RunTime,
        address: Ipv4Addr,
        name: &str,
        file: &RequestedFile,
    ) -> Admission {
        let here = self.registry.at(address).map(|(_, phone)| phone);
        let is_owed = here.is_some_and(|phone| phone.conversion.is_owed_images());
        if let Some(since) = self.draining
            && (!is_owed || at.saturating_sub(since) >= DRAIN_LIMIT)
        {
            return Admission::Draining;
        }
        if self.is_held(at, here, file) && !is_owed {
            return Admission::Serve(View::ConfigOnly);
        }
        if self.is_excluded(here, file, is_owed) {
            return Admission::Serve(View::ConfigOnly);
        }
        Admission::Serve(self.view(here, file, name))
    }

    /// Whether `file` is the configuration of a phone that turned out to be of another model than
    /// the one that the file was made for.
    #[must_use]
    pub fn withholds(&self, file: &RequestedFile) -> bool {
        let is_own = matches!(
            file,
            RequestedFile::Config { .. } | RequestedFile::LegacyConfig(_)
        );
        let phone = file.mac().filter(|_| is_own);
        phone
            .and_then(|mac| self.registry.of(mac))
            .is_some_and(|phone| phone.conversion.is_of_another_model())
    }

    /// Whether `--only` leaves out the phone that requests `file`. `here`: the phone at its
    /// address.
    fn is_excluded(&self, here: Option<&Phone>, file: &RequestedFile, is_owed: bool) -> bool {
        let Some(only) = &self.only else {
            return false;
        };
        let mac = file.mac().or_else(|| here.and_then(|phone| phone.mac));
        let is_admitted = match mac {
            Some(mac) => only.contains(&mac) || is_owed && file.mac().is_none(),
            // A boot loader does not name its MAC.
            None => {
                matches!(file, RequestedFile::Recovery(_))
                    || here.is_some_and(|phone| phone.conversion.loads.in_recovery)
                        && *file == RequestedFile::Image
            }
        };
        !is_admitted
    }

    /// The view of the phone that requests `file`, which has this name. `here`: the phone at its
    /// address.
    fn view(&self, here: Option<&Phone>, file: &RequestedFile, name: &str) -> View {
        let named = file.mac().and_then(|mac| self.registry.of(mac));
        let Some(phone) = named.or(here) else {
            // Only firmware from before the loader of a 7940 or 7960 requests it.
            let is_early = is_image_name(name);
            return if is_early { View::Loader } else { View::Target };
        };
        let conversion = &phone.conversion;
        // A boot loader of another family is another phone.
        if let RequestedFile::Recovery(Some(model)) = file
            && conversion
                .device
                .family
                .is_some_and(|own| own != model.family)
        {
            return View::Target;
        }
        let role = match file {
            // The manifest that the phone was given decides, whatever was decided since.
            RequestedFile::Image => conversion.role_of_image(&self.catalog, name),
            RequestedFile::LegacyDefault if is_image_name(name) => {
                conversion.role_at_start(&self.catalog)
            }
            _ => conversion.offered_stage(),
        };
        match role {
            StageRole::Bridge(step) => View::Bridge(step),
            StageRole::Target if conversion.routing.suppress_load || self.is_left_alone(phone) => {
                View::NoLoad
            }
            StageRole::Target if conversion.early.is_present() || is_image_name(name) => {
                View::Loader
            }
            StageRole::Target => View::Target,
        }
    }
}
