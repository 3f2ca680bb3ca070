//! Addresses in the lines of several hosts: one phone and two servers, or two phones of two sites.
//!
//! Private addresses are the same at many sites, and a central syslog server receives the lines of
//! all of them. Two hosts log two phones if the names in their requests contain different MACs, or
//! if both sent one file within a minute, which no phone asks two servers for. The phones of the
//! hosts after the first get stand-in addresses until the report.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    net::Ipv4Addr,
};

use super::{
    note::TraceNote,
    timestamp::LogTime,
    trace::{Trace, TraceEvent},
};
use crate::{
    phone::{MacAddress, RequestedFile, normalized_name},
    track::{EvidenceSource, Observation, ObservationKind, TransferEnd, Transport},
};

/// Maximum number of hosts of one address that are compared.
const HOSTS_MAX: usize = 16;

/// Maximum number of MACs of one address that are kept.
const MACS_MAX: usize = 8;

/// Maximum number of phones with a stand-in address.
const STAND_INS_MAX: usize = 65_536;

/// A phone that has a file does not ask another server for it within this many seconds.
const SAME_BOOT: i64 = 60;

/// The first stand-in address: reserved, so that no phone has it.
const STAND_IN: u32 = 0xf000_0001;

/// The requests from one address that hosts of one name logged.
#[derive(Debug, Default)]
struct HostLines {
    host: usize,
    requests: Vec<usize>,
    macs: BTreeSet<MacAddress>,
}

/// Separates the phones of different sites that have one address. `asked` has the number of the
/// host of each request.
pub(super) fn separate(
    trace: &mut Trace,
    asked: impl Iterator<Item = (usize, usize)>,
    hosts: &[&str],
) {
    let same = same_hosts(hosts);
    let mut addresses: BTreeMap<Ipv4Addr, BTreeMap<usize, HostLines>> = BTreeMap::new();
    for (index, host) in asked {
        let Some(host) = same[host] else { continue };
        let request = &trace.requests[index];
        let lines = addresses
            .entry(request.address)
            .or_default()
            .entry(host)
            .or_default();
        lines.host = host;
        lines.requests.push(index);
        if lines.macs.len() < MACS_MAX {
            lines.macs.extend(RequestedFile::parse(&request.name).mac());
        }
    }
    let taken: HashSet<Ipv4Addr> = addresses.keys().copied().collect();
    addresses.retain(|_, hosts| hosts.len() > 1);
    if addresses.is_empty() {
        return;
    }
    let mut networks = Networks::new(hosts.len());
    for lines in addresses.values() {
        networks.join_by_macs(lines);
    }
    let sent = Sent::of(trace);
    let mut stand_in = STAND_IN;
    let mut remarks: HashMap<usize, String> = HashMap::new();
    let (mut separated, mut unclear) = (Named::default(), Named::default());
    for (address, lines) in addresses {
        let lines = networks.by_network(lines.into_values());
        let (clusters, is_unclear) = clusters(&lines, &sent);
        let names: Vec<String> = lines.iter().map(|it| hosts[it.host].to_owned()).collect();
        if is_unclear {
            unclear.add(address, &names);
        }
        if clusters.len() < 2 || trace.stand_ins.len() >= STAND_INS_MAX {
            continue;
        }
        separated.add(address, &names);
        for (number, cluster) in clusters.iter().enumerate() {
            let requests = || cluster.iter().flat_map(|at| &lines[*at].requests);
            if number > 0 {
                while taken.contains(&Ipv4Addr::from(stand_in)) {
                    stand_in += 1;
                }
                trace.stand_ins.insert(Ipv4Addr::from(stand_in), address);
                for index in requests() {
                    trace.requests[*index].address = Ipv4Addr::from(stand_in);
                }
                stand_in += 1;
            }
            let named: Vec<&str> = cluster.iter().map(|at| &*names[*at]).collect();
            if let Some(first) = requests().min() {
                remarks.insert(*first, format!("in the lines of {}", named.join(" and ")));
            }
        }
    }
    remark(trace, &remarks);
    trace.notes.extend(separated.note(true));
    trace.notes.extend(unclear.note(false));
}

/// Notes an address whose requests name MACs in turns: the requests without one may be of either.
pub(super) fn note_turns(trace: &mut Trace) {
    /// The MACs of an address in the order of their first requests, the last, and how often one
    /// that was named before follows another.
    type Turns = (Vec<MacAddress>, MacAddress, u32);
    let mut addresses: BTreeMap<Ipv4Addr, Turns> = BTreeMap::new();
    for request in &trace.requests {
        let Some(mac) = RequestedFile::parse(&request.name).mac() else {
            continue;
        };
        let (macs, last, turns) = addresses
            .entry(request.address)
            .or_insert_with(|| (vec![mac], mac, 0));
        if *last != mac {
            *last = mac;
            if macs.contains(&mac) {
                *turns += 1;
            } else if macs.len() < MACS_MAX {
                macs.push(mac);
            }
        }
    }
    // One address may pass to another phone and back.
    addresses.retain(|_, (_, _, turns)| *turns > 1);
    let more = addresses.len().saturating_sub(1) as u64;
    if let Some((address, (macs, ..))) = addresses.into_iter().next() {
        let address = trace.stand_ins.get(&address).copied().unwrap_or(address);
        trace.notes.push(TraceNote::MacsInTurns {
            address,
            macs,
            more,
        });
    }
}

/// The first address of a note, its hosts, and the number of the others.
#[derive(Debug, Default)]
struct Named {
    first: Option<(Ipv4Addr, Vec<String>)>,
    more: u64,
}

impl Named {
    fn add(&mut self, address: Ipv4Addr, hosts: &[String]) {
        if self.first.is_some() {
            self.more += 1;
        } else {
            self.first = Some((address, hosts.to_vec()));
        }
    }

    fn note(self, separated: bool) -> Option<TraceNote> {
        let more = self.more;
        self.first.map(|(address, hosts)| {
            if separated {
                TraceNote::AddressOfTwoPhones {
                    address,
                    hosts,
                    more,
                }
            } else {
                TraceNote::AddressOnTwoHosts {
                    address,
                    hosts,
                    more,
                }
            }
        })
    }
}

/// For each host the first of the same name, with or without its domain; `None` without a name.
fn same_hosts(hosts: &[&str]) -> Vec<Option<usize>> {
    let mut first: HashMap<String, usize> = HashMap::new();
    let named = hosts.iter().enumerate().map(|(index, name)| {
        let is_address = name.parse::<Ipv4Addr>().is_ok();
        let short = name.split('.').next().filter(|_| !is_address);
        let short = short.unwrap_or(name).to_ascii_lowercase();
        (!short.is_empty()).then(|| *first.entry(short).or_insert(index))
    });
    named.collect()
}

/// Which hosts are of one network: phones use both.
#[derive(Debug)]
struct Networks {
    parents: Vec<usize>,
}

impl Networks {
    fn new(hosts: usize) -> Self {
        Self {
            parents: (0..hosts).collect(),
        }
    }

    fn of(&mut self, mut host: usize) -> usize {
        while self.parents[host] != host {
            self.parents[host] = self.parents[self.parents[host]];
            host = self.parents[host];
        }
        host
    }

    /// Joins the hosts that name one MAC at one address.
    fn join_by_macs(&mut self, lines: &BTreeMap<usize, HostLines>) {
        let mut by_mac: HashMap<MacAddress, usize> = HashMap::new();
        for lines in lines.values() {
            for mac in &lines.macs {
                let other = *by_mac.entry(*mac).or_insert(lines.host);
                let (one, other) = (self.of(lines.host), self.of(other));
                self.parents[one.max(other)] = one.min(other);
            }
        }
    }

    /// The lines of each network, those with the first request first.
    fn by_network(&mut self, all: impl Iterator<Item = HostLines>) -> Vec<HostLines> {
        let mut networks: BTreeMap<usize, HostLines> = BTreeMap::new();
        for lines in all {
            let network = networks.entry(self.of(lines.host)).or_default();
            network.host = self.of(lines.host);
            network.requests.extend(lines.requests);
            network.macs.extend(lines.macs);
        }
        let mut networks: Vec<HostLines> = networks.into_values().collect();
        for lines in &mut networks {
            lines.requests.sort_unstable();
        }
        networks.sort_by_key(|lines| lines.requests.first().copied());
        networks
    }
}

/// Groups the lines that may be of one phone. Also returns whether two of one group may be of two.
fn clusters(lines: &[HostLines], sent: &Sent) -> (Vec<Vec<usize>>, bool) {
    let mut clusters: Vec<Vec<usize>> = Vec::new();
    let mut is_unclear = lines.len() > HOSTS_MAX;
    for (at, one) in lines.iter().enumerate().take(HOSTS_MAX) {
        let is_other = |member: &usize| {
            let other = &lines[*member];
            // Those of one network were joined, so both sets have different MACs.
            !one.macs.is_empty() && !other.macs.is_empty() || sent.at_once(one, other)
        };
        match clusters
            .iter_mut()
            .find(|members| !members.iter().any(is_other))
        {
            Some(members) => {
                members.push(at);
                is_unclear = true;
            }
            None => clusters.push(vec![at]),
        }
    }
    (clusters, is_unclear)
}

/// When which file was sent and not known to be lost.
#[derive(Debug)]
struct Sent {
    /// The time of each request, and its file.
    requests: Vec<Option<(i64, Transport, String)>>,
}

impl Sent {
    fn of(trace: &Trace) -> Self {
        let timed = !trace.notes.contains(&TraceNote::NoTimes);
        let mut times = vec![0; trace.requests.len()];
        let mut lost = HashSet::new();
        for (time, event) in &trace.events {
            match event {
                TraceEvent::Requested(index) => {
                    times[*index] = match time {
                        LogTime::At(time) => time.as_second(),
                        _ => 0,
                    };
                }
                TraceEvent::Repeated(index) => {
                    lost.insert(*index);
                }
                TraceEvent::Ended(index, end, _) if *end != TransferEnd::Delivered => {
                    lost.insert(*index);
                }
                _ => {}
            }
        }
        let requests = trace.requests.iter().enumerate().map(|(index, request)| {
            // Without times, no two requests are known to be of one boot.
            (timed && request.found && !lost.contains(&index)).then(|| {
                let name = normalized_name(&request.name);
                (times[index], request.transport, name)
            })
        });
        Self {
            requests: requests.collect(),
        }
    }

    /// Whether both hosts sent one file within one boot.
    fn at_once(&self, one: &HostLines, other: &HostLines) -> bool {
        let files = |lines: &HostLines| {
            let mut files: HashMap<(Transport, String), Vec<i64>> = HashMap::new();
            for index in &lines.requests {
                if let Some((time, transport, name)) = &self.requests[*index] {
                    let key = (*transport, name.clone());
                    files.entry(key).or_default().push(*time);
                }
            }
            files
        };
        let ours = files(one);
        files(other).iter().any(|(file, theirs)| {
            ours.get(file).is_some_and(|ours| {
                ours.iter().any(|time| {
                    let next = theirs.partition_point(|other| *other < time - SAME_BOOT);
                    theirs
                        .get(next)
                        .is_some_and(|other| *other <= time + SAME_BOOT)
                })
            })
        })
    }
}

/// Adds to each phone which host logged it.
fn remark(trace: &mut Trace, remarks: &HashMap<usize, String>) {
    if remarks.is_empty() {
        return;
    }
    let events = std::mem::take(&mut trace.events);
    for (time, event) in events {
        let remark = match event {
            TraceEvent::Requested(index) => remarks.get(&index).map(|text| (index, text.clone())),
            _ => None,
        };
        trace.events.push((time, event));
        if let Some((index, detail)) = remark {
            let observation = Observation {
                address: trace.requests[index].address,
                kind: ObservationKind::Remark {
                    source: EvidenceSource::Requests,
                    detail,
                    means: None,
                },
            };
            let event = TraceEvent::Observed(Box::new(observation));
            trace.events.push((time, event));
        }
    }
}
