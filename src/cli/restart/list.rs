//! The phones of a run, as the operator names and reads them.

use crate::{
    failure::Failure,
    inventory::Inventory,
    phone::MacAddress,
    restart::converted::{Candidate, RestartRun, RestartStatus, RestartedPhone},
    text::{escape, wrap},
};

/// The phones that are named: of the inventory, or `MAC=EXTENSION`.
pub(super) fn candidates(
    inventory: Option<&Inventory>,
    named: &[String],
) -> Result<Vec<Candidate>, Failure> {
    let Some(inventory) = inventory else {
        if named.is_empty() {
            return Err(Failure::usage(
                "no phones: nothing says which ones to restart",
                "Add --inventory FILE, or name phones: MAC=EXTENSION",
            ));
        }
        let all = named.iter().map(|text| without_inventory(text));
        return Ok(unique(all.collect::<Result<_, _>>()?));
    };
    let all = Candidate::of_inventory(inventory);
    if all.is_empty() {
        return Err(Failure::new(
            "the inventory has no phones",
            "List the phones to restart in it",
        ));
    }
    if named.is_empty() {
        return Ok(all);
    }
    let chosen = named.iter().map(|text| of_list(&all, text));
    Ok(unique(chosen.collect::<Result<_, _>>()?))
}

/// A phone is ordered once, however often it is named.
fn unique(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    let mut known: Vec<MacAddress> = Vec::new();
    candidates.retain(|candidate| {
        let is_new = !known.contains(&candidate.mac);
        known.push(candidate.mac);
        is_new
    });
    candidates
}

fn without_inventory(text: &str) -> Result<Candidate, Failure> {
    let parts = text.split_once('=');
    let read = parts.and_then(|(mac, extension)| {
        let mac: MacAddress = mac.parse().ok()?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._+".contains(&byte);
        let is_good = !extension.is_empty() && extension.bytes().all(is_plain);
        is_good.then(|| Candidate::named(mac, extension.to_owned()))
    });
    read.ok_or_else(|| {
        Failure::usage(
            format!(
                "'{}' is not a phone: MAC=EXTENSION was expected",
                escape(text)
            ),
            "Write it as 001D45AABB01=1001, or add --inventory FILE",
        )
    })
}

fn of_list(all: &[Candidate], text: &str) -> Result<Candidate, Failure> {
    let mac: Option<MacAddress> = text.parse().ok();
    let is_named = |candidate: &&Candidate| {
        mac == Some(candidate.mac)
            || candidate
                .name
                .as_deref()
                .is_some_and(|name| name.eq_ignore_ascii_case(text))
            || candidate.lines.first().is_some_and(|line| line == text)
    };
    let found: Vec<_> = all.iter().filter(is_named).collect();
    match found[..] {
        [only] => Ok(only.clone()),
        [] => Err(Failure::usage(
            format!(
                "no phone of the inventory has the MAC, name or extension '{}'",
                escape(text)
            ),
            "Compare it with the inventory",
        )),
        _ => Err(Failure::usage(
            format!(
                "several phones of the inventory are named '{}'",
                escape(text)
            ),
            "Name each by its MAC",
        )),
    }
}

/// `7965 001d45aabb01 Reception (1001)`.
fn label(phone: &RestartedPhone) -> String {
    let candidate = &phone.candidate;
    let mut label = candidate
        .model
        .map(|model| format!("{} ", model.number))
        .unwrap_or_default();
    label += &candidate.mac.to_string();
    let name = candidate
        .name
        .as_deref()
        .map(|name| format!(" {}", escape(name)));
    let line = candidate
        .lines
        .first()
        .map(|line| format!(" ({})", escape(line)));
    label.extend(name.into_iter().chain(line));
    label
}

/// One phone: its status and what shows it.
pub(super) fn line(phone: &RestartedPhone) -> String {
    let status = match &phone.status {
        RestartStatus::Ready => "can be restarted",
        RestartStatus::NotOrdered(_) => "not restarted",
        RestartStatus::Ordered => "ordered",
        RestartStatus::Restarting => "restarting",
        RestartStatus::Back => "back",
        RestartStatus::Ignored => "ignored",
    };
    format!("{}: {status}: {}", label(phone), escape(&phone.evidence))
}

fn lines(phone: &RestartedPhone) -> String {
    let mut text = wrap(&line(phone), "  ", "      ").join("\n") + "\n";
    if !phone.cure.is_empty() {
        let cure = wrap(&escape(&phone.cure), "    → ", "      ");
        text += &(cure.join("\n") + "\n");
    }
    text
}

/// The phones before they are ordered.
pub(super) fn plan(run: &RestartRun) -> String {
    run.phones().iter().map(lines).collect()
}

/// The result.
pub(super) fn report(run: &RestartRun, dry_run: bool) -> String {
    let phones = run.phones();
    let back = phones
        .iter()
        .filter(|phone| phone.status == RestartStatus::Back)
        .count();
    if dry_run {
        return format!(
            "{}{} of {} phones would be restarted. No phone was ordered.\n",
            plan(run),
            run.ready(),
            phones.len()
        );
    }
    let others = phones
        .iter()
        .filter(|phone| phone.status != RestartStatus::Back);
    format!(
        "{}{back} of {} phones are back.\n",
        others.map(lines).collect::<String>(),
        phones.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory() -> Inventory {
        Inventory::from_toml(
            b"
[site]
pbx = '192.0.2.10'
transport = 'tcp'
[[phone]]
mac = '001D45AABB01'
model = 7965
name = 'Reception'
extension = 1001
[[phone]]
mac = '001D45AABB02'
name = 'reception'
extension = 1002
",
        )
        .unwrap()
    }

    #[test]
    fn a_phone_is_named_by_mac_or_extension_or_a_unique_name() {
        let inventory = inventory();
        let macs = |named: &[&str]| -> Result<Vec<String>, Failure> {
            let named: Vec<_> = named.iter().map(|text| (*text).to_owned()).collect();
            let all = candidates(Some(&inventory), &named)?;
            Ok(all.iter().map(|phone| phone.mac.to_string()).collect())
        };
        assert_eq!(macs(&[]).unwrap().len(), 2);
        let second = ["001d45aabb02".to_owned()];
        assert_eq!(macs(&["00:1D:45:AA:BB:02"]).unwrap(), second);
        assert_eq!(macs(&["1002", "SEP001D45AABB02"]).unwrap(), second);
        assert!(
            macs(&["Reception"])
                .unwrap_err()
                .error
                .contains("several phones")
        );
        assert_eq!(macs(&["Workshop"]).unwrap_err().code, 2);
    }

    #[test]
    fn without_an_inventory_each_phone_has_a_mac_and_an_extension() {
        let of = |text: &str| candidates(None, &[text.to_owned()]);
        assert_eq!(of("001D45AABB01=1001").unwrap()[0].lines, ["1001"]);
        for wrong in [
            "1001",
            "001D45AABB01",
            "001D45AABB01=",
            "x=1001",
            "001D45AABB01=a b",
        ] {
            assert_eq!(of(wrong).unwrap_err().code, 2, "{wrong}");
        }
        assert_eq!(candidates(None, &[]).unwrap_err().code, 2);
    }
}
