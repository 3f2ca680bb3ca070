//! A 7940 or 7960 whose own SEP file names no load.
//!
//! The loader's search ends at a SEP file that it finds. Without a load in it, the loader starts the
//! stored application and requests neither `SIP<MAC>.cnf` nor `XMLDefault.cnf.xml`; with one, it
//! requests the manifest of that load, at every start.

use super::{
    context::{Context, FileRequest},
    core::Conversion,
    loader_search::is_ring_list,
    own_file_starts::UnnamedLoad,
    requests::is_dial_plan,
};
use crate::{
    diagnose::Code,
    phone::{Family, LoadName, RequestedFile},
    track::{change::Change, diagnosis::text, event::State, plan::FileServer, route::StageRole},
};

/// Starts before the diagnosis: in one alone, the phone may have lost its power.
const STARTS: u32 = 2;

impl Conversion {
    /// A request after the phone's own SEP file, or the SEP file itself.
    pub(super) fn check_unnamed_load(
        &mut self,
        cx: Context<'_>,
        request: FileRequest<'_>,
        out: &mut Vec<Change>,
    ) {
        self.check_search_over(cx, out);
        let goes_on = matches!(
            request.file,
            RequestedFile::Manifest(_)
                | RequestedFile::Image
                | RequestedFile::LegacyConfig(_)
                | RequestedFile::LegacyDefault
        );
        if goes_on || is_ring_list(request) || is_dial_plan(request.name) {
            self.configuration.unnamed_load = UnnamedLoad::default();
            self.withdraw(Code::LoadNotNamed, None, out);
        } else {
            let unnamed = &mut self.configuration.unnamed_load;
            unnamed.on_request(cx.at, request, cx.requests_only);
        }
    }

    /// Counts a start whose search is over.
    pub(super) fn check_search_over(&mut self, cx: Context<'_>, out: &mut Vec<Change>) {
        let Some(own) = self.configuration.unnamed_load.take_over(cx.at) else {
            return;
        };
        self.configuration.unnamed_load.ended = Some(own.clone());
        let Some(wanted) = self.wanted_of_loader(cx) else {
            return;
        };
        let unnamed = &mut self.configuration.unnamed_load;
        unnamed.count(own.at);
        if unnamed.starts >= STARTS {
            let (starts, first, last) = (unnamed.starts, unnamed.first, unnamed.last);
            let diagnosis = text::load_not_named(&own.name, &wanted, starts, [first, last]);
            self.raise("", diagnosis, out);
        }
    }

    /// A file that only SCCP firmware of these phones requests, in a record of another server: one
    /// start shows that the loader ended at the phone's own file.
    pub(super) fn check_unnamed_by_application(&mut self, cx: Context<'_>, out: &mut Vec<Change>) {
        let ended = &self.configuration.unnamed_load.ended;
        let is_open = matches!(self.state, State::Seen | State::Configuring);
        if let Some(own) = ended
            && cx.catalog.server == FileServer::Other
            && is_open
            && !cx.excluded
        {
            let target = cx.catalog.for_family(StageRole::Target, Family::P3);
            let wanted = target.map(|entry| entry.load.clone());
            let wanted = wanted.unwrap_or_else(|| LoadName::new("P0S3-8-12-00"));
            let diagnosis = text::load_not_named(&own.name, &wanted, 1, [own.at, own.at]);
            self.raise("", diagnosis, out);
        }
    }

    /// The load that the loader of this phone is to install.
    fn wanted_of_loader(&self, cx: Context<'_>) -> Option<LoadName> {
        let listed = cx.listed.map(|model| model.family);
        let is_offered = self.known_family().or(listed) == Some(Family::P3)
            && !self.early.is_present()
            && !cx.excluded
            && !self.is_held(cx)
            && !self.routing.suppress_load
            && matches!(self.state, State::Seen | State::Configuring);
        let target = cx.catalog.for_family(StageRole::Target, Family::P3);
        target
            .filter(|_| is_offered)
            .map(|entry| entry.load.clone())
    }
}
