//! Generates the configuration of phones and PBX from one inventory, so that both agree.
//!
//! [`build`] has no side effects: it returns the files, or all faults with line and column.
//! [`folder`] writes the files of successive runs to a folder.

mod ami_file;
mod asterisk;
pub(crate) mod charset;
mod clock;
mod first_phones;
pub mod folder;
mod freepbx;
mod ini;
mod inputs;
mod output;
mod passwords;
mod plan;
mod readme;
mod resolve;
mod sep;
mod sync;
mod time_zone;

pub use inputs::ProvisionInputs;
pub use output::{ASTERISK, Credentials, DIAL_PLAN, FREEPBX, OutputFile, ProvisionOutput, TFTP};
pub use passwords::{
    GENERATED_PIN_LENGTH, GENERATED_SECRET_LENGTH, Passwords, PasswordsFileError, generate_secret,
};
use plan::{ProvisionPlan, ResolvedPhone};
pub use time_zone::{TimeZoneError, cisco_time_zone};

use crate::{
    inventory::{Inventory, InventoryFault, PbxTransport, PhoneEntry, SiteSettings},
    phone::{ConfigurationForm, Dialect, Model},
    stage::xml_default_at,
};

const XML_DEFAULT: &str = "XMLDefault.cnf.xml";
const README: &str = "README.txt";

/// Builds all files of an inventory.
///
/// # Examples
///
/// ```
/// use reflash::{
///     inventory::Inventory,
///     provision::{Passwords, ProvisionInputs, build},
/// };
///
/// let inventory = Inventory::from_toml(
///     br#"
/// [site]
/// pbx = "192.0.2.1"
/// time_zone = "Europe/Vienna"
///
/// [[phone]]
/// mac = "001D45AABB01"
/// model = "7965"
/// extension = "100"
/// secret = "correct-horse"
/// "#,
/// )
/// .unwrap();
/// let inputs = ProvisionInputs {
///     passwords: &Passwords::default(),
///     loads: &[],
///     dial_plan: None,
///     year: 2026,
/// };
/// let output = build(&inventory, &inputs).unwrap();
/// let paths: Vec<_> = output.files.iter().map(|file| file.path.as_str()).collect();
/// assert!(paths.contains(&"tftp/SEP001D45AABB01.cnf.xml"));
/// assert!(paths.contains(&"asterisk/pjsip.conf"));
/// ```
///
/// # Errors
///
/// All faults of the inventory, in file order.
pub fn build(
    inventory: &Inventory,
    given: &ProvisionInputs<'_>,
) -> Result<ProvisionOutput, Vec<InventoryFault>> {
    let plan = resolve::resolve(inventory, given)?;
    let mut files = Vec::new();
    let mut add = |folder: &str, name: &str, bytes| {
        let path = format!("{folder}/{name}");
        files.push(OutputFile { path, bytes });
    };
    let mut of_phones = phone_files(&plan, given);
    if let Some(sync) = sync::number(&plan, &of_phones) {
        let mut files = of_phones.iter_mut();
        let common = files.find(|(name, _)| name == first_phones::COMMON);
        if let Some((_, bytes)) = common {
            bytes.extend(sync.line.into_bytes());
        }
        of_phones.push((sync::NAME.to_owned(), in_memory(sync.info)));
    }
    for (name, bytes) in of_phones {
        add(TFTP, &name, bytes);
    }
    for (name, bytes) in load_files(&plan) {
        add(TFTP, &name, bytes);
    }
    add(TFTP, XML_DEFAULT, xml_default(&plan, given));
    for (name, bytes) in asterisk::files(&plan) {
        add(ASTERISK, name, bytes);
    }
    add(FREEPBX, freepbx::NAME, freepbx::extensions(&plan));
    files.extend(ami_file::file(&plan).map(|bytes| OutputFile {
        path: ami_file::NAME.to_owned(),
        bytes,
    }));
    files.push(OutputFile {
        path: README.to_owned(),
        bytes: readme::text(&plan, given).into_bytes(),
    });
    let accounts = plan.accounts.iter().map(|account| Credentials {
        user: account.user.clone(),
        secret: account.secret.clone(),
        pin: account.mailbox.as_ref().map(|mailbox| mailbox.pin.clone()),
    });
    Ok(ProvisionOutput {
        files,
        accounts: accounts.collect(),
        notes: plan.notes,
    })
}

/// Builds the files that a conversion serves in addition to the firmware: `SEP<MAC>.cnf.xml` of
/// each phone whose lines all have an extension and a secret in the inventory, and `dialplan.xml`
/// if there is a dial plan. Empty if the site has no PBX.
///
/// `given.loads` must contain the loads of the conversion: a phone with its own file never requests
/// `XMLDefault.cnf.xml`, so its own file must name the load. To a 7940 and 7960, `SIPDefault.cnf`
/// names it; they get no SEP file.
///
/// # Errors
///
/// All faults of the inventory, in file order.
pub fn conversion_files(
    inventory: &Inventory,
    given: &ProvisionInputs<'_>,
) -> Result<Vec<(String, Vec<u8>)>, Vec<InventoryFault>> {
    let plan = conversion_plan(inventory, given)?;
    Ok(plan.map_or_else(Vec::new, |plan| phone_files(&plan, given)))
}

/// What the operator should know about these files: the names and labels that were cut, and the
/// numbers that the dial plan does not let phones dial.
///
/// # Errors
///
/// All faults of the inventory, in file order.
pub fn conversion_notes(
    inventory: &Inventory,
    given: &ProvisionInputs<'_>,
) -> Result<Vec<String>, Vec<InventoryFault>> {
    let plan = conversion_plan(inventory, given)?;
    Ok(plan.map_or_else(Vec::new, |plan| plan.of_files))
}

/// The name of the file that configures a phone for SIP.
#[must_use]
pub fn file_name(phone: &PhoneEntry) -> String {
    let form = phone.model.and_then(|model| model.family.configuration());
    match form {
        Some(ConfigurationForm::Settings) => first_phones::name(phone.mac),
        _ => sep::name(phone.mac),
    }
}

/// Whether a phone of this model registers as at a call manager (`USECALLMANAGER`) with the
/// configuration that is written for it. Otherwise its lines register at the address of the PBX.
#[must_use]
pub fn registers_at_call_manager(site: &SiteSettings, model: Option<&Model>) -> bool {
    let transport = resolve::transport(model, site.transport);
    transport == PbxTransport::Tcp && Dialect::of(model).is_managed_over_tcp
}

fn conversion_plan(
    inventory: &Inventory,
    given: &ProvisionInputs<'_>,
) -> Result<Option<ProvisionPlan>, Vec<InventoryFault>> {
    let mut complete = inventory.complete();
    // The loads of the conversion count.
    complete.site.image_version = None;
    if complete.site.pbx.is_none() || complete.phones.is_empty() {
        return Ok(None);
    }
    resolve::resolve(&complete, given).map(Some)
}

fn phone_files(plan: &ProvisionPlan, given: &ProvisionInputs<'_>) -> Vec<(String, Vec<u8>)> {
    let file = |phone| match ResolvedPhone::form(phone) {
        ConfigurationForm::Device => (sep::name(phone.mac), in_memory(sep::file(plan, phone))),
        ConfigurationForm::Settings => {
            let name = first_phones::name(phone.mac);
            (name, first_phones::file(plan, phone))
        }
    };
    let mut files: Vec<_> = plan.phones.iter().map(file).collect();
    files.extend(first_phones::common(plan).map(|bytes| (first_phones::COMMON.to_owned(), bytes)));
    if let Some(dial_plan) = given.dial_plan {
        files.push((DIAL_PLAN.to_owned(), dial_plan.to_owned()));
    }
    files
}

/// The SEP files of the 7940 and 7960, which only name the load.
fn load_files(plan: &ProvisionPlan) -> impl Iterator<Item = (String, Vec<u8>)> {
    plan.phones.iter().filter_map(|phone| {
        let load = phone.load.as_ref()?;
        let reads_settings = phone.form() == ConfigurationForm::Settings;
        reads_settings.then(|| {
            (
                sep::name(phone.mac),
                in_memory(first_phones::load_file(load)),
            )
        })
    })
}

fn xml_default(plan: &ProvisionPlan, given: &ProvisionInputs<'_>) -> Vec<u8> {
    let loads: Vec<_> = given
        .loads
        .iter()
        .map(|(model, load)| (*model, load))
        .collect();
    let port = plan.site.port.to_string();
    in_memory(xml_default_at(&plan.site.pbxs(), sep::ports(&port), &loads))
}

/// Unwraps a result of writing to memory, which cannot fail.
fn in_memory(bytes: std::io::Result<Vec<u8>>) -> Vec<u8> {
    bytes.unwrap_or_else(|error| unreachable!("XML is written to memory: {error}"))
}
