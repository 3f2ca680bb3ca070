//! What a run serves on: opened with all rights, before they are given up.

use std::path::PathBuf;

use super::{Failure, network::NetworkArgs, run, web::WebArgs};
use crate::{
    http,
    journal::{Journal, Network},
    preflight::SelectedInterface,
    reporter::{Started, StartedStage},
    tftp, web,
};

/// Bound, and not yet serving.
pub(crate) struct Doors {
    pub(crate) tftp: tftp::Bound,
    pub(crate) http: Option<http::Server>,
    pub(crate) metrics: Option<http::Server>,
    pub(crate) web: Option<web::Server>,
}

impl Doors {
    /// Opens what the flags name.
    pub(crate) fn open(
        network: &NetworkArgs,
        web: WebArgs,
        chosen: &SelectedInterface,
    ) -> Result<Self, Failure> {
        Ok(Self {
            tftp: network.bind(chosen.address)?,
            http: network.bind_http(chosen.address)?,
            metrics: network.bind_metrics()?,
            web: web.bind()?,
        })
    }

    /// Where phones find them.
    pub(crate) fn network(&self) -> Network {
        Network {
            tftp: self.tftp.local_addr(),
            http: self.http.as_ref().map(http::Server::local_addr),
        }
    }

    /// Where a person finds what is counted.
    pub(crate) fn words(&self) -> Option<String> {
        run::metrics_words(self.metrics.as_ref())
    }

    /// What is said when serving begins.
    pub(crate) fn started(
        &self,
        root: PathBuf,
        journal: Option<&Journal>,
        stages: Vec<StartedStage>,
        words: Vec<String>,
    ) -> Started {
        let Network { tftp, http } = self.network();
        Started {
            tftp,
            http,
            web: self.web.as_ref().map(web::Server::local_addr),
            root,
            journal: journal.map(Journal::path).map(ToOwned::to_owned),
            stages,
            words,
        }
    }
}
