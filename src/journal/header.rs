//! The first line of a journal: what the run serves and which phones it expects.

use std::{net::SocketAddrV4, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    bundle::{Bundle, Digests},
    phone::{LoadName, MacAddress, Model},
    track::{FileServer, ManifestPlan, Plan, RegistrationTarget, StagePlan, Subnet},
};

/// What a run serves and which phones it expects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JournalHeader {
    /// See [`super::SCHEMA`].
    pub schema: u32,
    /// The program and its version: `reflash 0.1.0`.
    pub program: String,
    /// `convert`, `serve` or `rehearse`.
    #[serde(rename = "subcommand", alias = "verb")]
    pub command: String,
    /// The speed of the phones relative to real ones; 1 except in a rehearsal.
    pub speed: f64,
    /// The addresses of the servers.
    pub network: Network,
    /// The command line, for `--resume`.
    #[serde(alias = "command")]
    pub arguments: Arguments,
    /// The bundles, targets first.
    pub bundles: Vec<ServedBundle>,
    /// Which phones are expected.
    pub plan: Expectations,
    /// The names of phones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<NamedPhone>,
}

/// The addresses of the servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// TFTP.
    pub tftp: SocketAddrV4,
    /// HTTP; `None` if it is off.
    pub http: Option<SocketAddrV4>,
}

/// The arguments of the command line; paths are absolute.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arguments {
    /// The targets, or the folder of `serve`.
    pub bundles: Vec<PathBuf>,
    /// `--bridge`.
    pub bridges: Vec<PathBuf>,
    /// `--trust-key`.
    pub trust_keys: Vec<PathBuf>,
    /// `--accept-unknown`.
    pub accept_unknown: bool,
    /// `--without-recovery`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_recovery: bool,
    /// `--call-manager`, if given.
    pub call_manager: Option<std::net::Ipv4Addr>,
    /// `--add`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<InputFile>,
    /// `--inventory`, if phones get configurations made from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inventory: Option<InputFile>,
    /// The file that the secrets of those configurations were read from, if the inventory lacks
    /// some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<InputFile>,
    /// The options of this machine and its network, as words of a command line: `--interface`,
    /// `--dhcp` and others that `--resume` does not take from the journal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

/// A file of the operator that is served or used to make served files. It may hold passwords, so
/// only its digest is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// The name that phones request, if the base name of the path is only its end: a file of a
    /// folder below that of `--add`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its path.
    pub path: PathBuf,
    /// 64 lower-case hex digits.
    pub sha256: String,
}

/// One served bundle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServedBundle {
    /// Its path.
    pub path: PathBuf,
    /// The file's digests; `None` for a folder.
    pub digests: Option<Digests>,
    /// SHA-256 over the names and digests of its members, independent of the archive format.
    pub contents: String,
    /// Whether it is a bridge.
    pub bridge: bool,
    /// The load that it installs.
    pub load: LoadName,
    /// The models that it supports.
    #[serde(with = "models")]
    pub models: Vec<&'static Model>,
    /// Its manifests.
    pub manifests: Vec<RecordedManifest>,
}

/// One manifest of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedManifest {
    /// Its name as staged.
    pub name: String,
    /// The hardware classes that it supports, if it names them.
    pub hardware: Option<u32>,
    /// The names and sizes in bytes of its images, in its order.
    pub images: Vec<(String, u64)>,
    /// The hardware platforms of each image, as bits; absent if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<u32>,
}

/// Which phones are expected and when the run ends; see [`Plan`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Expectations {
    /// `--only`.
    pub only: Option<Vec<MacAddress>>,
    /// `--inventory`.
    pub expected: Option<Vec<MacAddress>>,
    /// `--expect`.
    pub expect: Option<usize>,
    /// `--max-failures`.
    pub max_failures: Option<usize>,
    /// `--timeout`, in seconds.
    pub timeout: Option<f64>,
    /// `--survey`, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survey: Option<f64>,
    /// The served network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Subnet>,
    /// The phones whose configuration sends their REGISTERs to this program.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registering: Vec<MacAddress>,
    /// `--registration-wait`, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_wait: Option<f64>,
    /// The registration targets in the phones' configurations.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub registrations: Vec<RegistrationTarget>,
    /// The models that the inventory lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<ListedModel>,
}

/// The model that the inventory lists for a phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedModel {
    /// The phone.
    pub mac: MacAddress,
    /// The number without letters, `7965`.
    pub model: String,
}

/// The name of a phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedPhone {
    /// The phone.
    pub mac: MacAddress,
    /// Its name.
    pub name: String,
}

impl JournalHeader {
    /// The header of a run of this command under this plan. `bundles` are those of the plan's
    /// stages, then of its bridges, in that order.
    #[must_use]
    pub fn new(
        command: &str,
        network: Network,
        arguments: Arguments,
        bundles: &[Bundle],
        plan: &Plan,
    ) -> Self {
        let stages = plan.stages.iter().map(|stage| (stage, false));
        let bridges = plan.bridge.iter().map(|stage| (stage, true));
        // A bundle may have several loads, each with a stage.
        let served = stages.chain(bridges).filter_map(|(stage, bridge)| {
            let has = |bundle: &&Bundle| bundle.served_loads().any(|load| *load == stage.load);
            Some(((stage, bridge), bundles.iter().find(has)?))
        });
        Self {
            schema: super::SCHEMA,
            program: program(),
            command: command.to_owned(),
            speed: 1.0,
            network,
            arguments,
            bundles: served
                .map(|((stage, bridge), bundle)| ServedBundle::new(bundle, stage, bridge))
                .collect(),
            plan: Expectations {
                only: plan.only.clone(),
                expected: plan.expected.clone(),
                expect: plan.expect,
                max_failures: plan.max_failures,
                timeout: plan.timeout.map(|timeout| timeout.as_secs_f64()),
                survey: plan.survey.map(|survey| survey.as_secs_f64()),
                network: plan.network,
                registering: plan.registering.clone(),
                registrations: plan.registrations.clone(),
                models: plan
                    .models
                    .iter()
                    .map(|(mac, model)| ListedModel {
                        mac: *mac,
                        model: model.plain_number().to_owned(),
                    })
                    .collect(),
                registration_wait: plan.registration_wait.map(|wait| wait.as_secs_f64()),
            },
            names: plan
                .names
                .iter()
                .map(|(mac, name)| NamedPhone {
                    mac: *mac,
                    name: name.clone(),
                })
                .collect(),
        }
    }

    /// The plan of the run.
    #[must_use]
    pub fn plan(&self) -> Plan {
        let stages = |bridge| {
            self.bundles
                .iter()
                .filter(move |bundle| bundle.bridge == bridge)
                .map(ServedBundle::stage)
                .collect()
        };
        let Expectations {
            only,
            expected,
            expect,
            max_failures,
            timeout,
            survey,
            network,
            registering,
            registrations,
            models,
            registration_wait,
        } = self.plan.clone();
        let duration = |seconds| Duration::try_from_secs_f64(seconds).ok();
        Plan {
            stages: stages(false),
            bridge: stages(true),
            only,
            expected,
            expect,
            max_failures,
            timeout: timeout.and_then(duration),
            survey: survey.and_then(duration),
            network,
            routed: Vec::new(),
            registering,
            registrations,
            registration_wait: registration_wait.and_then(duration),
            server: if self.command == "serve" {
                FileServer::Folder
            } else {
                FileServer::Bundles
            },
            requests_only: false,
            models: models
                .iter()
                .filter_map(|listed| Some((listed.mac, Model::by_number(&listed.model)?)))
                .collect(),
            names: self
                .names
                .iter()
                .map(|named| (named.mac, named.name.clone()))
                .collect(),
        }
    }
}

/// This program and its version.
pub(super) fn program() -> String {
    format!("reflash {}", env!("CARGO_PKG_VERSION"))
}

impl ServedBundle {
    fn new(bundle: &Bundle, stage: &StagePlan, bridge: bool) -> Self {
        Self {
            path: std::path::absolute(&bundle.path).unwrap_or_else(|_| bundle.path.clone()),
            digests: bundle.digests.clone(),
            contents: contents(bundle),
            bridge,
            load: stage.load.clone(),
            models: stage.models.clone(),
            manifests: stage
                .manifests
                .iter()
                .map(|manifest| RecordedManifest {
                    name: manifest.name.clone(),
                    hardware: manifest.hardware,
                    images: manifest.images.clone(),
                    platforms: manifest.platforms.clone(),
                })
                .collect(),
        }
    }

    /// Whether `bundle` has the contents that were served.
    #[must_use]
    pub fn matches(&self, bundle: &Bundle) -> bool {
        let digests = match (&self.digests, &bundle.digests) {
            (Some(recorded), Some(now)) => recorded == now,
            // One of them is a folder: only the contents are compared.
            _ => true,
        };
        digests && self.contents == contents(bundle)
    }

    fn stage(&self) -> StagePlan {
        StagePlan {
            load: self.load.clone(),
            models: self.models.clone(),
            manifests: self
                .manifests
                .iter()
                .map(|manifest| ManifestPlan {
                    name: manifest.name.clone(),
                    images: manifest.images.clone(),
                    hardware: manifest.hardware,
                    platforms: manifest.platforms.clone(),
                })
                .collect(),
        }
    }
}

/// SHA-256 over names and digests of all members, sorted.
fn contents(bundle: &Bundle) -> String {
    use sha2::{Digest as _, Sha256};
    let members = bundle.members.iter();
    let mut lines: Vec<String> = members
        .map(|member| format!("{} {}\n", member.sha256, member.name))
        .collect();
    lines.sort_unstable();
    let digest = Sha256::digest(lines.concat());
    digest.iter().fold(String::new(), |mut text, byte| {
        use std::fmt::Write as _;
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Models as their numbers.
mod models {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::phone::Model;

    pub(super) fn serialize<S: Serializer>(
        models: &[&'static Model],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(models.iter().map(|model| model.number))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<&'static Model>, D::Error> {
        Vec::<String>::deserialize(deserializer)?
            .into_iter()
            .map(|number| {
                Model::by_number(&number)
                    .ok_or_else(|| D::Error::custom(format!("no such model: {number}")))
            })
            .collect()
    }
}
