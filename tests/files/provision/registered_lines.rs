//! A run that configures phones ends when every line of them is registered, when the causes are
//! known, or when the wait is over. The PBX is a real registrar on the machine of the run.

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::{build, registrar::Registrar};
use crate::support::{
    helper,
    namespaces::{PHONES, SERVER, TwoHosts},
    process::Running,
    require_program, synthetic,
};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");

/// Two phones: the first has two lines and a speed dial.
const MACS: [&str; 2] = ["025245480000", "025245480001"];

/// The inventory. `second`: the secret of the second line of the first phone.
fn office(pbx: &str, second: &str) -> String {
    format!(
        "[site]\npbx = \"{pbx}\"\ntime_zone = \"Europe/Vienna\"\ndial_plan = \"internal\"\n\
         [[phone]]\nmac = \"{}\"\nmodel = 7965\nextension = 2001\nsecret = \"Abc-2001\"\n\
         name = \"Zoë Nuñez\"\n\
         [[phone.line]]\nextension = 2002\nsecret = \"{second}\"\nlabel = \"Orders\"\n\
         [[phone.line]]\nnumber = \"2003\"\nlabel = \"Dock\"\n\
         [[phone]]\nmac = \"{}\"\nmodel = 7965\nextension = 2003\nsecret = \"Abc-2003\"\n",
        MACS[0], MACS[1]
    )
}

/// The two phones, and the run that converts them.
struct Site {
    lab: TwoHosts,
    folder: tempfile::TempDir,
    run: Running,
}

impl Site {
    /// A run with this inventory, until both phones are converted.
    fn converted(name: &str, pbx: &str, arguments: &[&str]) -> Self {
        let lab = TwoHosts::build(name);
        give_own_macs(&lab);
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("office.toml");
        fs::write(&list, office(pbx, "Abc-2002")).unwrap();
        let mut command = lab.on_server(REFLASH);
        command
            .arg("convert")
            .arg(synthetic::bundle(folder.path()))
            .arg("--inventory")
            .arg(&list)
            .args(["--trust-key", synthetic::KEY, "--json", "--user", "root"])
            .args(arguments);
        let mut run = Running::start(&mut command);
        run.kind("started");
        let site = Self { lab, folder, run };
        let server = format!("{SERVER}:69");
        site.phone(&[
            "simulated-phones",
            &server,
            "recovery",
            PHONES[0],
            PHONES[1],
        ]);
        site
    }

    /// The registrar on the machine of the run. `second`: as in `office`.
    fn registrar(&self, second: &str) -> Registrar {
        registrar(&self.lab, self.folder.path(), second)
    }

    fn phone(&self, arguments: &[&str]) {
        let mut command = self.lab.on_phones(helper());
        let output = command.args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    /// Phone 0 or 1 reads its configuration and registers as that says.
    fn act(&self, phone: usize, action: &str) {
        let server = format!("{SERVER}:69");
        let arguments = [
            "registering-phone",
            PHONES[phone],
            &server,
            MACS[phone],
            action,
        ];
        self.phone(&arguments);
    }

    /// The report, and the exit code.
    fn end(mut self) -> (Value, Option<i32>) {
        let report = self.run.kind("finished")["report"].clone();
        (report, self.run.end())
    }
}

/// A registrar on the server's side. `second`: as in `office`.
fn registrar(lab: &TwoHosts, folder: &Path, second: &str) -> Registrar {
    let mut command = lab.on_server(require_program("kamailio"));
    let built = build(&office(SERVER, second));
    let folder = folder.join("registrar");
    fs::create_dir_all(&folder).unwrap();
    Registrar::start(&mut command, SERVER.parse().unwrap(), &built, &folder, "")
}

/// What a run with this inventory prints that ends without a phone.
fn printed(lab: &TwoHosts, folder: &Path, pbx: &str) -> String {
    let list = folder.join("office.toml");
    fs::write(&list, office(pbx, "Abc-2002")).unwrap();
    let mut command = lab.on_server(REFLASH);
    command
        .arg("convert")
        .arg(synthetic::bundle(folder))
        .arg("--inventory")
        .arg(&list)
        .args(["--trust-key", synthetic::KEY, "--user", "root"])
        .args(["--timeout", "1s", "--journal"])
        .arg(folder.join(format!("journal-{pbx}")));
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8(text).unwrap()
}

/// The second phone has its own interface, so that the ARP table has a MAC for each.
pub(super) fn give_own_macs(lab: &TwoHosts) {
    let second = format!("{}/24", PHONES[1]);
    for line in [
        "link set eth0 address 02:52:45:48:00:00".to_owned(),
        "link add eth1 link eth0 type macvlan mode bridge".to_owned(),
        "link set eth1 address 02:52:45:48:00:01".to_owned(),
        "link set eth1 up".to_owned(),
        format!("addr del {second} dev eth0"),
        format!("addr add {second} dev eth1"),
        format!("rule add from {} table 2", PHONES[1]),
        "route add 192.0.2.0/24 dev eth1 table 2".to_owned(),
    ] {
        let mut ip = lab.on_phones("ip");
        assert!(
            ip.args(line.split(' ')).status().unwrap().success(),
            "{line}"
        );
    }
    for setting in ["arp_ignore=1", "arp_announce=2"] {
        let mut sysctl = lab.on_phones("sysctl");
        sysctl.args(["-qw", &format!("net.ipv4.conf.all.{setting}")]);
        assert!(sysctl.status().unwrap().success(), "{setting}");
    }
    lab.wait_for_carrier();
}

/// User and state of each line of the report.
pub(super) fn lines(report: &Value) -> Vec<(&str, &str)> {
    let phones = report["phones"].as_array().unwrap().iter();
    let lines = phones.flat_map(|phone| phone["lines"].as_array().unwrap());
    let mut lines: Vec<_> = lines
        .map(|line| {
            let text = |name: &str| line[name].as_str().unwrap();
            (text("user"), text("state"))
        })
        .collect();
    lines.sort_unstable();
    lines
}

#[test]
#[ignore = "needs root (network namespaces) and kamailio"]
fn the_run_ends_when_the_last_line_is_registered() {
    let mut site = Site::converted("lines", SERVER, &[]);
    let registrar = site.registrar("Abc-2002");
    site.act(1, "register");
    site.run.wait_for(|line| {
        let detail = line["evidence"]["detail"].as_str().unwrap_or_default();
        detail.starts_with("registration as '2003'")
    });
    site.act(0, "register");
    let (report, code) = site.end();
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(
        lines(&report),
        [
            ("2001", "registered"),
            ("2002", "registered"),
            ("2003", "registered")
        ]
    );
    drop(registrar);
}

#[test]
#[ignore = "needs root (network namespaces) and kamailio"]
fn a_line_that_stays_unregistered_ends_the_wait_and_makes_the_exit_code_1() {
    let site = Site::converted("wait", SERVER, &["--registration-wait", "15s"]);
    let registrar = site.registrar("Abc-2002");
    site.act(1, "register");
    site.act(0, "register:2001");
    let (report, code) = site.end();
    assert_eq!(code, Some(1), "{report:#}");
    assert_eq!(
        lines(&report),
        [
            ("2001", "registered"),
            ("2002", "not-registered"),
            ("2003", "registered")
        ]
    );
    drop(registrar);
}

#[test]
#[ignore = "needs root (network namespaces) and kamailio"]
fn a_known_cause_ends_the_wait() {
    let site = Site::converted("cause", SERVER, &[]);
    let registrar = site.registrar("Xyz-2002");
    site.act(1, "register");
    site.act(0, "register");
    let (report, code) = site.end();
    assert_eq!(code, Some(1), "{report:#}");
    let registrations = json!({"registered": 2, "not_registered": 1, "not_visible": 0});
    assert_eq!(report["registrations"], registrations, "{report:#}");
    let phones = report["phones"].as_array().unwrap();
    let first = phones.iter().find(|phone| phone["mac"] == MACS[0]).unwrap();
    let found = &first["diagnoses"][0];
    assert_eq!(found["code"], "not-registering", "{first:#}");
    assert!(
        found["evidence"].as_str().unwrap().contains("as '2002'"),
        "{found:#}"
    );
    drop(registrar);
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn lines_that_are_not_visible_delay_nothing_and_fail_nothing() {
    let site = Site::converted("elsewhere", "192.0.2.77", &[]);
    let (report, code) = site.end();
    assert_eq!(code, Some(0), "{report:#}");
    let registrations = json!({"registered": 0, "not_registered": 0, "not_visible": 3});
    assert_eq!(report["registrations"], registrations, "{report:#}");
}

#[test]
#[ignore = "needs root (network namespaces)"]
fn no_wait_is_a_wait_of_0() {
    let site = Site::converted("nowait", SERVER, &["--registration-wait", "0"]);
    let (report, code) = site.end();
    assert_eq!(code, Some(1), "{report:#}");
    let registrations = json!({"registered": 0, "not_registered": 3, "not_visible": 0});
    assert_eq!(report["registrations"], registrations, "{report:#}");
}

#[test]
#[ignore = "needs root (network namespaces) and kamailio"]
fn the_start_says_whether_the_pbx_is_here_and_which_program_listens() {
    let lab = TwoHosts::build("start");
    let folder = tempfile::tempdir().unwrap();
    let nothing = printed(&lab, folder.path(), SERVER);
    assert!(
        nothing.contains("nothing listens on its UDP port 5060 yet"),
        "{nothing}"
    );
    let elsewhere = printed(&lab, folder.path(), "192.0.2.77");
    assert!(
        elsewhere.contains("phones register at 192.0.2.77:5060, another machine"),
        "{elsewhere}"
    );
    let registrar = registrar(&lab, folder.path(), "Abc-2002");
    let is_up = || {
        let output = lab.on_server("ss").arg("-lun").output().unwrap();
        String::from_utf8_lossy(&output.stdout).contains(":5060")
    };
    while !is_up() {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    fs::remove_file(folder.path().join(format!("journal-{SERVER}"))).unwrap();
    let here = printed(&lab, folder.path(), SERVER);
    assert!(
        here.contains(": kamailio (process ") && here.contains("left to the PBX"),
        "{here}"
    );
    drop(registrar);
}
