//! The live display on a real terminal.

use std::{
    cell::Cell,
    fs,
    process::{Command, Stdio},
    thread,
};

use crate::support::{require_program, terminal::Terminal};

const REFLASH: &str = env!("CARGO_BIN_EXE_reflash");

/// Two phones with names: one is converted, one always rejects its configuration, so that the
/// screen does not change until the timeout.
const WIDE: &str = "\
started 0000-00-00  0:00:00 UTC
bundle cmterm-0000_0000-sip.0-0-0SR0-0.zip: SIP00.0-0-0SR0-0S for 0000, 0000
0 simulated phones, seed 0; nothing leaves this machine
fault injected into 0 phone: config-refused
simulated time runs 00x faster; times in evidence are simulated
SEP000000000000 受付電話: confirmed – requested /sp-sip.jar, as only SIP firmware does
phone           model stage              for progress, or what comes next
Lab             0000  flashed           0:00 a second pass within 0:00
    config-rejected: 'XMLDefault.cnf.xml' was delivered in 0 consecutive boots and nothing followed; the phone started
      over with 'CTLSEP000000000000.tlv' at 0:00:00
    → Give the phone its own well-formed SEP file, with a telephone line and without placeholders: a single error makes
      a phone drop the whole file. It logs the reason at http://PHONE/DeviceLog.
受付電話        0000  confirmed              requested /sp-sip.jar, as only SIP firmware does; took 0:00
0 of 0 done, 0 flashed, not settled";

/// The same on 80 columns.
const USUAL: &str = "\
started 0000-00-00  0:00:00 UTC
bundle cmterm-0000_0000-sip.0-0-0SR0-0.zip: SIP00.0-0-0SR0-0S for 0000, 0000
0 simulated phones, seed 0; nothing leaves this machine
fault injected into 0 phone: config-refused
simulated time runs 00x faster; times in evidence are simulated
SEP000000000000 受付電話: confirmed – requested /sp-sip.jar, as only SIP firmwar
e does
phone           model stage              for progress, or what comes next
Lab             0000  flashed           0:00 a second pass within 0:00
    config-rejected: 'XMLDefault.cnf.xml' was delivered in 0 consecutive boots
      and nothing followed; the phone started over with
      'CTLSEP000000000000.tlv' at 0:00:00
    → Give the phone its own well-formed SEP file, with a telephone line and
      without placeholders: a single error makes a phone drop the whole file.
      It logs the reason at http://PHONE/DeviceLog.
受付電話        0000  confirmed              requested /sp-sip.jar, as only SI…
0 of 0 done, 0 flashed, not settled";

/// The same on 40 columns and few rows.
const NARROW: &str = "\
phone        stage       progress
Lab          flashed     within 0:00
    config-rejected:
      'XMLDefault.cnf.xml' was
      delivered in 0 consecutive boots
      and nothing followed; the phone
      started over with
      'CTLSEP000000000000.tlv' at
      0:00:00
    → Give the phone its own
      well-formed SEP file, with a
      telephone line and without
      placeholders: a single error
      makes a phone drop the whole
      file. It logs the reason at
      http://PHONE/DeviceLog.
受付電話     confirmed   requested /sp…
0 of 0 done, 0 flashed, not settled";

/// Runs `rehearse` with these arguments on a screen of this size.
fn rehearse(size: (u16, u16), arguments: &str) -> Terminal {
    let command = format!("{REFLASH} rehearse {arguments}");
    Terminal::start(size, &[("TZ", "UTC")], &command)
}

/// A screen without the parts that differ from run to run: digits, rates and the address.
fn still(screen: &str) -> String {
    let still = |line: &str| {
        let line = match line.split_once("B/s") {
            Some((sums, _)) => sums.rsplit_once(", ").map_or("", |(sums, _)| sums),
            None => line,
        };
        let zero = |digit: char| if digit.is_ascii_digit() { '0' } else { digit };
        let line: String = line.chars().map(zero).collect();
        line.replace(" 00:00", "  0:00")
            .replace("took  0:00", "took 0:00")
    };
    let lines = screen.trim_end().lines();
    let lines = lines.filter(|line| !line.contains("/reflash-"));
    lines.map(still).collect::<Vec<_>>().join("\n")
}

/// Waits until the screen is as expected.
fn comes_to(terminal: &Terminal, wanted: &str) {
    let is_wanted = |_: &str| still(&terminal.screen()) == wanted;
    terminal.wait_until(wanted, is_wanted);
}

#[test]
#[ignore = "needs tmux"]
fn the_screen_is_complete_at_every_window_size() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("phones.csv");
    fs::write(&list, "mac,name\n025245480000,Lab\n025245480001,受付電話\n").unwrap();
    let arguments = format!(
        "--phones 2 --seed 5 --inventory {} --fault config-refused@1 --timeout 3m",
        list.display()
    );
    let terminal = rehearse((120, 40), &arguments);
    comes_to(&terminal, WIDE);
    terminal.resize(80, 24);
    comes_to(&terminal, USUAL);
    terminal.resize(40, 20);
    comes_to(&terminal, NARROW);
    terminal.resize(120, 40);
    comes_to(&terminal, WIDE);
    terminal.keys(&["C-c"]);
    let all = terminal.wait_for("2 phones: 1 confirmed, 1 flashed");
    assert_eq!(terminal.code(), 130);
    let report = all
        .split("MAC           address")
        .nth(1)
        .unwrap_or_default();
    assert!(
        !report.contains("Lab             7945"),
        "a row is left:\n{all}"
    );
}

#[test]
#[ignore = "needs tmux"]
fn a_diagnosis_is_shown_once_below_its_phone_until_it_is_withdrawn() {
    let terminal = rehearse((80, 24), "--phones 2 --seed 5 --fault power-cut=apps:40@1");
    terminal.wait_until("a diagnosis once, below its phone, with its cure", |_| {
        let screen = terminal.screen();
        let lines: Vec<&str> = screen.lines().collect();
        let is_told = |line: &&str| line.starts_with("    rebooted-mid-image: restarted");
        let Some(at) = lines.iter().position(is_told) else {
            return false;
        };
        assert_eq!(screen.matches("rebooted-mid-image").count(), 1, "{screen}");
        assert!(lines[at - 1].starts_with("127."), "{screen}");
        assert!(
            lines[at + 2].starts_with("    → Leave the phone plugged in"),
            "{screen}"
        );
        true
    });
    let all = terminal.wait_for("(7945): rebooted-mid-image withdrawn");
    assert!(!all.contains("rebooted-mid-image:"), "{all}");
    terminal.wait_for("2 phones: 2 confirmed");
    assert_eq!(terminal.code(), 0);
}

#[test]
#[ignore = "needs tmux"]
fn three_hundred_phones_keep_to_the_screen() {
    let terminal = rehearse((80, 24), "--phones 300 --fault refuses-manifest@2");
    terminal.wait_for("more under way");
    let looks = Cell::new(0);
    terminal.wait_until("20 complete screens with the failed phones", |_| {
        let screen = terminal.screen();
        assert!(screen.lines().count() <= 24, "{screen}");
        let count = |text: &str| screen.matches(text).count();
        assert!(count(" of 300 done") <= 1, "{screen}");
        assert!(count(" more under way") <= 1, "{screen}");
        let sums = screen.trim_end().lines().last().unwrap_or_default();
        if count(" of 300 done") == 0 || !sums.contains(" fetching") {
            // The screen is being drawn.
            return false;
        }
        assert_eq!(count(" more under way"), 1, "{screen}");
        looks.set(looks.get() + 1);
        looks.get() >= 20 && screen.contains("manifest-refused")
    });
    // The first Ctrl-C drains, the second stops at once.
    terminal.keys(&["C-c", "C-c"]);
    assert_eq!(terminal.code(), 130);
}

/// The bytes that the program writes to a terminal.
fn raw(variables: &[(&str, &str)], arguments: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bytes");
    let status = Command::new(require_program("script"))
        .args([
            "-qec",
            &format!("{REFLASH} rehearse --phones 1 {arguments}"),
        ])
        .arg(&file)
        .env_remove("NO_COLOR")
        .env("TERM", "xterm")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
    String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned()
}

fn has_colours(raw: &str) -> bool {
    raw.split("\u{1b}[").skip(1).any(|rest| {
        let end = rest.find(|character: char| !matches!(character, '0'..='9' | ';'));
        end.is_some_and(|end| rest[end..].starts_with('m'))
    })
}

#[test]
#[ignore = "needs script"]
fn colours_control_codes_and_rows_are_only_written_when_requested() {
    let runs = [
        (&[][..], ""),
        (&[("NO_COLOR", "1")], ""),
        (&[("TERM", "dumb")], "--color never"),
        (&[], "--quiet"),
    ];
    let runs = runs.map(|(variables, arguments)| thread::spawn(move || raw(variables, arguments)));
    let [usual, plain, dumb, quiet] = runs.map(|run| run.join().unwrap());
    assert!(has_colours(&usual), "{usual}");
    assert!(usual.contains("DO NOT UNPLUG"), "{usual}");
    assert!(!has_colours(&plain), "{plain}");
    assert!(plain.contains("phone           model stage"), "{plain}");
    // Plain lines, one for each step.
    assert!(!dumb.contains('\u{1b}'), "{dumb}");
    assert!(dumb.contains(": writing     got "), "{dumb}");
    assert!(!dumb.contains("phone           model stage"), "{dumb}");
    assert!(!quiet.contains("DO NOT UNPLUG"), "{quiet}");
    assert!(quiet.contains("1 phone: 1 confirmed"), "{quiet}");
}

#[test]
#[ignore = "needs tmux"]
fn what_is_typed_during_a_run_is_neither_shown_nor_left_for_the_shell() {
    require_program("tmux");
    let folder = tempfile::tempdir().unwrap();
    let serve = format!(
        "{REFLASH} serve {} --listen 127.0.0.1 --tftp-port 0 --http-port 0",
        folder.path().display()
    );
    let rest = "IFS= read -r -t 1 line; echo \"left:[$line]\"; stty -a | tr ';' '\\n'";
    let command = format!("trap : INT; {serve}; {rest}");
    let terminal = Terminal::start((80, 24), &[("NO_COLOR", "1")], &command);
    terminal.wait_for("serving");
    terminal.wait_for("waiting for");
    terminal.types("echo owned");
    terminal.keys(&["Enter"]);
    terminal.keys(&["C-c"]);
    terminal.wait_for("left:[");
    terminal.code();
    let screen = terminal.everything();
    assert!(screen.contains("left:[]"), "{screen}");
    assert!(!screen.contains("owned"), "{screen}");
    assert!(!screen.contains("-echo "), "the echo is back: {screen}");
}

/// Commands that colour their output on a terminal, or that log. Each writes its errors to a file.
const COLOURED: [&str; 14] = [
    "rehearse --phones 1 --journal run.jsonl",
    "verify damaged.zip",
    "check --listen 127.0.0.1 --tftp-port 0 --http-port 0",
    "lint SEP001D45AABB0C.cnf.xml",
    "dial dialplan.xml 5 99",
    "dial missing.xml 5",
    "rehearse --phones 1 -vv",
    "rehearse --phones 1 --quiet --fault refuses-manifest",
    "report run.jsonl",
    "report missing.jsonl",
    "serve . --listen 127.0.0.1 --tftp-port 0 --http-port 0 -vv",
    "watch --interface lo --timeout 1s -vv",
    "convert damaged.zip -vv",
    "no-such-command",
];

#[test]
#[ignore = "needs script and root (a capture)"]
fn a_redirected_standard_error_gets_no_control_codes_beside_a_coloured_terminal() {
    let script = require_program("script");
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("damaged.zip", "PK");
    write(
        "SEP001D45AABB0C.cnf.xml",
        "<device><loadInformation/></devic>",
    );
    write(
        "dialplan.xml",
        "<DIALTEMPLATE><TEMPLATE MATCH=\"5\"/></DIALTEMPLATE>",
    );
    let run = &|(number, line): (usize, &&str)| {
        let run = format!("timeout -s INT 5 {REFLASH} {line} 2>errors-{number}");
        Command::new(&script)
            .args(["-qec", &run, &format!("bytes-{number}")])
            .current_dir(folder.path())
            .env_remove("NO_COLOR")
            .env("TERM", "xterm")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        let read = |name: &str| {
            let bytes = fs::read(folder.path().join(format!("{name}-{number}"))).unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let errors = read("errors");
        assert!(!errors.contains('\u{1b}'), "{line}: {errors}");
        has_colours(&read("bytes"))
    };
    // The first writes the journal that another one reports.
    let mut commands = COLOURED.iter().enumerate();
    let first = commands.next().is_some_and(run);
    let coloured = thread::scope(|scope| {
        let runs: Vec<_> = commands
            .map(|command| scope.spawn(move || run(command)))
            .collect();
        let coloured = runs.into_iter().map(|run| run.join().unwrap());
        coloured.filter(|coloured| *coloured).count()
    });
    let coloured = coloured + usize::from(first);
    assert!(coloured >= 4, "{coloured} of them coloured the terminal");
}
