//! `reflash dial`.

use std::fs;

use assert_cmd::Command;
use reflash::dialplan::DialPlanSource;

use super::xml;

fn reflash(args: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("reflash").expect("it is built");
    command.arg("dial").args(args).assert()
}

fn out(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn err(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

#[test]
fn dial_prints_the_sent_number_as_text_and_json() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (plan, source) = (at("dialplan.xml"), at("plan.dial"));
    let entries = [
        r#"MATCH="5.." Timeout="0" Rewrite="1...." User="Phone""#,
        r#"MATCH="*" Timeout="4""#,
    ];
    fs::write(&plan, xml(&entries)).unwrap();
    fs::write(&source, "5.. after 3\n9,.. now\n").unwrap();

    let output = out(&reflash(&[&plan, "5123456"]).code(0));
    assert_eq!(
        output,
        "sent   112;user=phone\nwhen   at once\nrule   5.. (entry 1, line 2)\n\
         late   3456 was dialled too late and is not sent\n"
    );
    let json: serde_json::Value =
        serde_json::from_str(&out(&reflash(&[&plan, "5123456", "--json"]).code(0))).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "version": 1,
            "sent": "112", "seconds": 0, "rule": {"index": 1, "line": 2, "pattern": "5.."},
            "waits_for": null, "tones": [], "user": "phone", "route": "default", "unsent": "3456",
        })
    );
    let json: serde_json::Value =
        serde_json::from_str(&out(&reflash(&[&source, "912", "--json"]).code(0))).unwrap();
    assert_eq!(
        json["tones"],
        serde_json::json!([{"after": 1, "tone": "Bellcore-Outside"}])
    );
    let hash = |flags: &[&str]| {
        let args = [&[plan.as_str(), "7#8", "--json"], flags].concat();
        let json: serde_json::Value = serde_json::from_str(&out(&reflash(&args).code(0))).unwrap();
        json["sent"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        (hash(&[]).as_str(), hash(&["--call-manager-mode"]).as_str()),
        ("7", "7#8")
    );
    assert!(out(&reflash(&["au", "000"]).code(0)).contains("at once"));
    let written = out(&reflash(&["NANP", "--xml"]).code(0));
    assert_eq!(written, DialPlanSource::preset("NANP").unwrap().to_xml());
}

#[test]
fn a_table_of_numbers_is_compared_with_the_plan() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (good, bad, broken) = (at("good"), at("bad"), at("broken"));
    fs::write(
        &good,
        "# numbers\n000 000 0\n1300123456 1300123456 ; at once\n*97 *97 3 # PBX\n",
    )
    .unwrap();
    fs::write(&bad, "000 000 0\n132011 132011 5\n13201155 13201155\n").unwrap();
    fs::write(&broken, "000 000\n12a 12\n").unwrap();
    let output = out(&reflash(&["AU", "--table", &good]).code(0));
    assert_eq!(output, "3 numbers, all sent as expected\n");
    let output = out(&reflash(&["AU", "--table", &bad]).code(1));
    assert!(
        output.contains("line 2: 132011 sends 132011 at once by 13...."),
        "{output}"
    );
    assert!(
        output.contains("line 3: 13201155 sends 132011 at once"),
        "{output}"
    );
    assert!(output.contains("2 of 3 numbers"), "{output}");
    assert!(
        output.lines().all(|line| line.chars().count() <= 80),
        "{output}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&out(&reflash(&["AU", "--table", &bad, "--json"]).code(1))).unwrap();
    let oks: Vec<_> = json["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| &case["ok"])
        .collect();
    assert_eq!(oks, [true, false, false]);
    assert_eq!(json["cases"][2]["unsent"], "55");
    assert!(
        err(&reflash(&["AU", "--table", &broken]).code(1)).contains("line 2: 'a' is not a key")
    );
}

#[test]
fn a_number_that_cannot_be_dialled_is_reported_with_a_cure() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (refused, broken, source) = (at("refused.xml"), at("broken.xml"), at("plan.dial"));
    fs::write(
        &refused,
        xml(&[r#"MATCH="1" Timeout="0""#, r#"MATCH="2" Colour="red""#]),
    )
    .unwrap();
    fs::write(&broken, "<DIALTEMPLATE>\n<TEMPLATE MATCH=1/>").unwrap();
    fs::write(&source, "5xx now\n6.. soon\n").unwrap();
    let assert = reflash(&[&refused, "1"]).code(0);
    assert!(
        err(&assert).contains("refused.xml:3:21: error: "),
        "{}",
        err(&assert)
    );
    let assert = reflash(&[&broken, "1"]).code(1);
    assert!(
        err(&assert).contains("line 2, column 17"),
        "{}",
        err(&assert)
    );
    let assert = reflash(&[&source, "1"]).code(1);
    assert!(
        err(&assert).contains("line 1, column 1: no key is 'x'"),
        "{}",
        err(&assert)
    );
    assert!(
        err(&assert).contains("line 2, column 5: 'soon'"),
        "{}",
        err(&assert)
    );
    let assert = reflash(&[&at("absent"), "1"]).code(1);
    assert!(
        err(&assert).contains("AU, NANP, internal"),
        "{}",
        err(&assert)
    );
    assert!(err(&reflash(&["AU"]).code(2)).contains("DIGITS"));
    assert!(err(&reflash(&["AU", "12x"]).code(2)).contains("'x' is not a key"));
    assert!(err(&reflash(&["AU", &"1".repeat(256)]).code(2)).contains("255"));
    reflash(&["AU", "1", "--line", "0"]).code(2);
    assert!(err(&reflash(&[&refused, "--xml"]).code(1)).contains("already XML"));
}
