//! Dial plans from outside: what is dialled, what is found, what a source becomes.

mod command;
mod findings;
mod property;
mod source;

use reflash::{
    diagnose::{Finding, Severity},
    dialplan::{DialMode, DialPlan, MAX_PLAN_BYTES, ProxyRoute, UserParameter, check},
};

/// A plan with these entries, each on a line of its own from the second.
fn xml(entries: &[&str]) -> String {
    let entry = |entry: &&str| format!("<TEMPLATE {entry}/>\n");
    let entries: Vec<_> = entries.iter().map(entry).collect();
    format!("<DIALTEMPLATE>\n{}</DIALTEMPLATE>\n", entries.concat())
}

fn plan(entries: &[&str]) -> DialPlan {
    DialPlan::read(xml(entries).as_bytes()).expect("it is a plan")
}

/// Code, severity and place of everything that is found.
fn found(text: &str) -> Vec<(&'static str, Severity, Option<u32>, Option<u32>)> {
    let short = |found: Finding| (found.code, found.severity, found.line, found.column);
    check(text.as_bytes()).into_iter().map(short).collect()
}

/// Holds each line of `table` against `plan`: the digits, what is sent, the seconds, the entry,
/// and what came too late. `-` is nothing.
fn hold(plan: &DialPlan, mode: DialMode, table: &str) {
    let lines: Vec<_> = table.lines().map(str::trim).collect();
    for line in lines.iter().filter(|line| !line.is_empty()) {
        let fields: Vec<_> = line.split_whitespace().collect();
        let [digits, expected @ ..] = fields.as_slice() else {
            panic!("{line}")
        };
        let dialled = plan.dial(if *digits == "-" { "" } else { digits }, mode);
        let rule = dialled.rule.map(|rule| rule.index.to_string());
        let or_nothing = |text: String| {
            if text.is_empty() {
                "-".to_owned()
            } else {
                text
            }
        };
        let came = [
            or_nothing(dialled.sent),
            dialled.seconds.to_string(),
            or_nothing(rule.unwrap_or_default()),
            or_nothing(dialled.unsent),
        ];
        assert_eq!(came.as_slice(), expected, "{line} by {plan:#?}");
    }
}

#[test]
fn the_best_entry_is_found_digit_by_digit() {
    let plan = plan(&[
        r#"MATCH="5.." Timeout="0""#,
        r#"MATCH="9011*" Timeout="3""#,
        r#"MATCH="9.11" Timeout="0""#,
        r#"MATCH="97." Timeout="1""#,
        r#"MATCH="9.." Timeout="2""#,
        r#"MATCH="971" Timeout="4""#,
        r#"MATCH="\*6." Timeout="0""#,
        r#"MATCH="*" Timeout="15""#,
        r#"MATCH="82.3" Timeout="3""#,
        r#"MATCH="82.3" Timeout="4""#,
        r#"MATCH="823." Timeout="5""#,
        r#"MATCH="4*" Timeout="3""#,
        r#"MATCH="4." Timeout="4""#,
        r#"MATCH="66""#,
    ]);
    // In the order of the rules: at once, and what follows is cut off; most figures that fit
    // as such, and one that is not whole keeps others back; figures before dots before stars;
    // of equals the first; the star key and the star that takes all; `#` as "dial now".
    hold(
        &plan,
        DialMode::Proxy,
        "5123456     512         0   1   3456
         51          51          10  -   -
         9011        9011        10  -   -
         90114420    90114420    3   2   -
         9211        9211        0   3   -
         975         975         1   4   -
         955         955         2   5   -
         971         971         4   6   -
         42          42          4   13  -
         8233        8233        3   9   -
         66          66          10  14  -
         *61         *61         0   7   -
         *71         *71         15  8   -
         1           1           15  8   -
         1234567890  1234567890  15  8   -
         12#         12          0   8   -
         12#34       12          0   8   34
         51#         51          0   -   -
         97#         97          0   -   -
         #           -           0   -   -
         -           -           10  -   -",
    );
}

#[test]
fn a_star_takes_one_digit_or_more_and_gives_none_back() {
    let plan = plan(&[
        r#"MATCH="00*" Timeout="3""#,
        r#"MATCH="1*2." Timeout="4""#,
        r#"MATCH="3*\*5" Timeout="5""#,
    ]);
    hold(
        &plan,
        DialMode::Proxy,
        "00      00      10  -  -
         001     001     3   1  -
         13425   13425   4   2  -
         132425  132425  10  -  -
         334*5   334*5   5   3  -
         77      77      10  -  -
         77#     77      0   -  -",
    );
    hold(&self::plan(&[]), DialMode::Proxy, "12 12 10 - -");
}

#[test]
fn the_hash_is_a_digit_where_the_pattern_has_it_and_for_a_call_manager_s_phone() {
    let plan = plan(&[
        r#"MATCH="5.." Timeout="0""#,
        r#"MATCH="12#" Timeout="2""#,
        r#"MATCH="12" Timeout="5""#,
        r##"MATCH="#21#" Timeout="0""##,
        r#"MATCH="*" Timeout="15""#,
    ]);
    hold(
        &plan,
        DialMode::Proxy,
        "12#   12#   2   2  -
         #21#  #21#  0   4  -
         34#5  34    0   5  5
         5#1   5     0   -  1",
    );
    hold(
        &plan,
        DialMode::CallManager,
        "12#   12#   2   2  -
         34#5  34#5  15  5  -
         5#1   5#1   0   1  -",
    );
}

#[test]
fn a_hotline_is_dialled_without_a_digit() {
    let hotline = plan(&[r#"match="" timeout="0" rewrite="300""#]);
    hold(&hotline, DialMode::Proxy, "- 300 0 1 -\n 12 300 0 1 12");
    let warm = plan(&[
        r#"MATCH="" Timeout="4" Rewrite="300""#,
        r#"MATCH="12" Timeout="1""#,
    ]);
    hold(&warm, DialMode::Proxy, "- 300 4 1 -\n 12 12 1 2 -");
}

#[test]
fn the_sent_number_is_that_of_the_rewrite() {
    let plan = plan(&[
        r#"MATCH="31." Timeout="0" Rewrite="1111%s""#,
        r#"MATCH="32.." Timeout="0" Rewrite="1222..""#,
        r#"MATCH="34..1.." Timeout="0" Rewrite="4%15%2""#,
        r#"MATCH="35..2.." Timeout="0" Rewrite="%0-%2""#,
        r#"MATCH="36..3.." Timeout="0" Rewrite="..77..""#,
        r#"MATCH="37.." Timeout="0" Rewrite="%%%%x%2""#,
        r#"MATCH="38*" Timeout="2" Rewrite="0%1""#,
        r#"MATCH="39*#" Timeout="0" Rewrite=".....""#,
        r#"MATCH="40." Timeout="0" Rewrite="%""#,
    ]);
    hold(
        &plan,
        DialMode::Proxy,
        "310      1111310     0  1  -
         3255     122255      0  2  -
         3412134  412534      0  3  -
         3512234  3512234-34  0  4  -
         3612334  127734      0  5  -
         3712     %%x2        0  6  -
         3812345  012345      2  7  -
         3912#    12          0  8  -
         401      -           0  9  -",
    );
}

#[test]
fn tones_users_routes_and_lines_are_those_of_the_entry() {
    let plan = plan(&[
        r#"MATCH="9,,8,...." Timeout="0" Tone="Bellcore-Stutter" TONE="cisco-zip" User="Phone""#,
        r#"MATCH="7,.." Timeout="1" User="ip" Route="FQDN""#,
        r#"MATCH="999" Timeout="0" route="emergency""#,
        r#"MATCH="44" Timeout="1" Line="2" Rewrite="55""#,
    ]);
    let first = plan.dial("981234", DialMode::Proxy);
    let tones: Vec<_> = first.tones.iter().map(|at| (at.after, at.tone)).collect();
    assert_eq!(tones, [(1, "Bellcore-Stutter"), (2, "Cisco-Zip")]);
    assert_eq!(
        (first.sent.as_str(), first.user),
        ("981234", Some(UserParameter::Phone))
    );
    assert_eq!(first.route, ProxyRoute::Default);

    let second = plan.dial("712", DialMode::Proxy);
    assert_eq!(second.tones[0].tone, "Bellcore-Outside");
    assert_eq!(
        (second.user, second.route),
        (Some(UserParameter::Ip), ProxyRoute::Fqdn)
    );

    assert_eq!(
        plan.dial("999", DialMode::Proxy).route,
        ProxyRoute::Emergency
    );
    let rule = plan.dial("999", DialMode::Proxy).rule.unwrap();
    assert_eq!(
        (rule.index, rule.line, rule.pattern.as_str()),
        (3, 4, "999")
    );

    assert_eq!(plan.dial("44", DialMode::Proxy).sent, "44");
    assert_eq!(plan.dial_on(2, "44", DialMode::Proxy).sent, "55");
}

#[test]
fn the_entry_that_delays_a_call_is_named() {
    let plan = plan(&[
        r#"MATCH="*" Timeout="3""#,
        r#"MATCH="91........" Timeout="0""#,
    ]);
    hold(&plan, DialMode::Proxy, "911 911 10 - -");
    let waiting = plan.dial("911", DialMode::Proxy);
    assert_eq!(waiting.waits_for.unwrap().pattern, "91........");
    assert_eq!(plan.dial("9112345678", DialMode::Proxy).waits_for, None);
}

#[test]
fn a_plan_is_read_as_phones_read_it() {
    let text = "\u{feff}<?xml version=\"1.0\"?>\r\n<dialTemplate>\r\n\
                <versionStamp>{1234-ab}</versionStamp>\r\n\
                <!-- one --> <TEMPLATE match=\"1.\" TIMEOUT=\"2\"></TEMPLATE>\r\n\
                <TEMPLATE MATCH=\"2,.\" Tone=\"Bellcore-Hold\" Tone=\"\" Tone=\"Cisco-Zip\"\r\n\
                 Line=\"258\" Timeout=\"7s\"/>\r\n</dialTemplate>";
    let read = DialPlan::read(text.as_bytes()).unwrap();
    assert_eq!(read.version.as_deref(), Some("1234-ab"));
    assert_eq!(read.stopped, None);
    let [first, second] = read.entries.as_slice() else {
        panic!("{:?}", read.entries)
    };
    assert_eq!((first.position.line, first.position.column), (4, 14));
    assert_eq!((first.pattern.as_str(), first.timeout), ("1.", 2));
    assert_eq!(
        second.tones,
        ["Bellcore-Hold", "Bellcore-Outside", "Cisco-Zip"]
    );
    assert_eq!((second.timeout, first.line, second.line), (7, 0, 2));

    let long = format!("MATCH=\"{}\"", "1".repeat(70));
    assert_eq!(plan(&[&long]).entries[0].pattern, "1".repeat(63));
    let large = format!(
        "<DIALTEMPLATE>{}</DIALTEMPLATE>",
        " ".repeat(MAX_PLAN_BYTES)
    );
    let error = DialPlan::read(large.as_bytes()).unwrap_err();
    assert_eq!(error.code, "plan-too-large");
}

#[test]
fn a_refused_entry_ends_the_plan_and_earlier_entries_stay() {
    for refused in [
        r#"MATCH="2" Colour="red""#,
        r#"MATCH="2" User="Person""#,
        r#"MATCH="2" Route="Nowhere""#,
        r#"MATCH="2" Tone="Beep""#,
        r#"MATCH="2" Timeout="-1""#,
        r#"MATCH="2" Tone="" TONE="" tone="" tOne="""#,
        r#"MATCH="2" Tone="" Tone="" Tone="" Tone="""#,
        r"MATCH='2'",
    ] {
        let read = plan(&[r#"MATCH="1""#, refused, r#"MATCH="3""#]);
        let patterns: Vec<_> = read.entries.iter().map(|entry| &entry.pattern).collect();
        assert_eq!(patterns, ["1"], "{refused}");
        assert_eq!(read.stopped.unwrap().line, Some(3), "{refused}");
    }
}
