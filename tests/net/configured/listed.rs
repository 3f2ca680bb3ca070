//! A rehearsal of the phones of a list.

use serde_json::Value;

use super::rehearse;

#[test]
fn a_rehearsal_simulates_the_phones_of_the_list_and_waits_for_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let list = "[[phone]]\nmac = \"001D45AABB31\"\nname = \"Lobby\"\n\
        [[phone]]\nmac = \"001D45AABB32\"\nmodel = 7941\n\
        [[phone]]\nmac = \"001D45AABB33\"\nmodel = 7965\n\
        [[phone]]\nmac = \"001D45AABB34\"\n";
    let (code, lines) = rehearse(folder.path(), list, &["--phones", "2"]);
    assert_eq!(code, Some(0));
    let report = &lines.last().unwrap()["report"];
    let phones = report["phones"].as_array().unwrap();
    let macs: Vec<_> = phones
        .iter()
        .map(|phone| phone["mac"].as_str().unwrap())
        .collect();
    let mut sorted = macs.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["001d45aabb31", "001d45aabb33"]);
    assert_eq!(report["missing"], Value::Null);
}
