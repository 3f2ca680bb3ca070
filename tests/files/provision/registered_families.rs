//! A 7940 and a 6921 that know nothing but what a real run serves them register at a real registrar.

use std::fs;

use reflash::phone::Family;
use serde_json::Value;

use super::{build, registered_lines::give_own_macs, registrar::Registrar};
use crate::support::{
    helper,
    namespaces::{PHONES, SERVER, TwoHosts},
    process::Running,
    require_program, synthetic,
};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");

/// A 7940 with two lines, and a 6921.
const MACS: [&str; 2] = ["025245480000", "025245480001"];

fn office() -> String {
    format!(
        "[site]\npbx = \"{SERVER}\"\nport = 5160\n\
         [[phone]]\nmac = \"{}\"\nmodel = 7940\nextension = 2001\nsecret = \"Abc-2001\"\n\
         name = \"Zoë # Nuñez\"\n\
         [[phone.line]]\nextension = 2002\nsecret = \"Abc-2002\"\n\
         [[phone]]\nmac = \"{}\"\nmodel = 6921\nextension = 2003\nsecret = \"Abc-2003\"\n",
        MACS[0], MACS[1]
    )
}

#[test]
#[ignore = "needs root (network namespaces) and kamailio"]
fn a_7940_and_a_6921_register_with_the_files_that_a_run_serves_them() {
    let lab = TwoHosts::build("families");
    give_own_macs(&lab);
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("office.toml");
    fs::write(&list, office()).unwrap();
    let mut command = lab.on_server(require_program("kamailio"));
    let pbx = folder.path().join("registrar");
    fs::create_dir_all(&pbx).unwrap();
    let address = SERVER.parse().unwrap();
    let registrar = Registrar::start(&mut command, address, &build(&office()), &pbx, "");

    let mut command = lab.on_server(REFLASH);
    command.arg("convert");
    for family in [Family::P3, Family::F69] {
        command.arg(synthetic::bundle_for(folder.path(), family));
    }
    command.arg("--inventory").arg(&list);
    command.args(["--trust-key", synthetic::KEY, "--accept-unknown", "--json"]);
    command.args(["--user", "root", "--sip-port", "0"]);
    let mut run = Running::start(&mut command);
    run.kind("started");
    let server = format!("{SERVER}:69");
    for (phone, reader) in ["registering-79x0", "registering-phone"].iter().enumerate() {
        let arguments = [reader, PHONES[phone], &server, MACS[phone], "register"];
        let output = lab.on_phones(helper()).args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{output:?}");
        let answers: Vec<_> = text.lines().collect();
        assert_eq!(answers, vec!["answered 200"; 2 - phone], "{reader}");
    }
    // The run knows the lines of both, and sees each register.
    let mut missing: Vec<_> = ["2001", "2002", "2003"].into();
    let mut take = |line: &Value| {
        let detail = line["evidence"]["detail"].as_str().unwrap_or_default();
        missing.retain(|user| !detail.starts_with(&format!("registration as '{user}'")));
        missing.is_empty()
    };
    if !run.seen.iter().any(&mut take) {
        run.wait_for(take);
    }
    run.signal("INT");
    let report = run.kind("finished")["report"].clone();
    let mut lines = super::registered_lines::lines(&report);
    lines.retain(|(_, state)| *state == "registered");
    let users: Vec<_> = lines.iter().map(|(user, _)| *user).collect();
    assert_eq!(users, ["2001", "2002", "2003"], "{report:#}");
    run.end();
    drop(registrar);
}
