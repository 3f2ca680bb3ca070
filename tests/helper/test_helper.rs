//! What tests run as a process of its own, mostly on another host of a test network. It is built
//! with the tests and found by `support::helper()`.

#[path = "../support/cdp.rs"]
mod cdp;

mod bundles;
mod ethernet_phones;
mod frames;
mod mixed_fleet;
mod phone_page;
mod registering_phone;
mod restart_pbx;
mod restarting_phone;
mod sccp_phone;
mod segments;
mod simulated_phone;
mod tftp_phone;
mod traffic;

use std::path::Path;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["write-bundles", folder] => bundles::write(Path::new(folder)),
        ["send-frames", file, rounds, pause_ms] => traffic::send_frames(file, rounds, pause_ms),
        ["send-datagram", from, to, file] => traffic::send_datagram(from, to, file),
        ["fetch", from, server, name] => drop(traffic::fetch(from, server, name)),
        ["tftp-phone", address, port, server, ref files @ ..] => {
            tftp_phone::fetch_all(address, port, server, files);
        }
        ["hold-port", address, seconds] => traffic::hold_port(address, seconds),
        ["simulated-phones", server, route, ref rest @ ..] => {
            traffic::simulated_phones(server, route, rest);
        }
        ["registering-phone", address, server, mac, action] => {
            registering_phone::act(address, server, mac, action);
        }
        ["registering-79x0", address, server, mac, action] => {
            registering_phone::act_by_settings(address, server, mac, action);
        }
        [
            "ethernet-phones",
            server,
            count,
            pace,
            seconds,
            ref faults @ ..,
        ] => {
            ethernet_phones::play(server, count, pace, seconds, faults);
        }
        ["restart-pbx", address, user, secret, ref options @ ..] => {
            restart_pbx::run(address, user, secret, options);
        }
        [
            "restarting-phone",
            address,
            pbx,
            user,
            mac,
            ref options @ ..,
        ] => {
            restarting_phone::play(address, pbx, user, mac, options);
        }
        ["mixed-fleet", server, pace, seconds, ref phones @ ..] => {
            mixed_fleet::play(server, pace, seconds, phones);
        }
        ["sccp-phone", address, server, mac, seconds, ref script @ ..] => {
            sccp_phone::play(address, server, mac, script, seconds);
        }
        ["phone-page", mac, load] => phone_page::serve(mac, || load.to_owned()),
        ["simulated-phone", script] => simulated_phone::play(script),
        _ => panic!("unknown arguments: {arguments:?}"),
    }
}
