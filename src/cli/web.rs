//! `--web [PORT]`: the run on a page, for a browser on this machine.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::{Failure, network};
use crate::{
    preflight::Protocol,
    web::{self, PORT},
};

/// Whether there is a page.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct WebArgs {
    /// Show the run on a page at http://127.0.0.1:PORT/, for this machine alone; PORT is 8069
    /// unless you name one, 0 for any that is free.
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = "8069", value_parser = port)]
    web: Option<u16>,
}

impl WebArgs {
    /// The page's server, bound, if there is to be one.
    pub(crate) fn bind(self) -> Result<Option<web::Server>, Failure> {
        let Some(port) = self.web else {
            return Ok(None);
        };
        web::Server::bind(port, web::Limits::default())
            .map(Some)
            .map_err(|error| {
                let at = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
                let failure = network::cannot_bind(at, &[Protocol::Tcp], &error);
                let cure = format!(
                    "{}. Or name another port for the page: --web PORT, 0 for any",
                    failure.cure.trim_end_matches('.')
                );
                Failure { cure, ..failure }
            })
    }
}

/// A port. What follows `--web` may have been meant as a bundle.
fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| {
        format!(
            "expected a port, 0 to 65535; put --web behind what is served, or write --web={PORT}"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_that_help_names_is_the_one_that_is_taken() {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            web: WebArgs,
        }
        let read =
            |line: &[&str]| <Line as clap::Parser>::try_parse_from(line).map(|it| it.web.web);
        assert_eq!(read(&["x"]).unwrap(), None);
        assert_eq!(read(&["x", "--web"]).unwrap(), Some(PORT));
        assert_eq!(read(&["x", "--web", "0"]).unwrap(), Some(0));
        assert_eq!(read(&["x", "--web=80"]).unwrap(), Some(80));
        let error = read(&["x", "--web", "bundle.zip"])
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("put --web behind"), "{error}");
        assert!(read(&["x", "--web=70000"]).is_err());
    }
}
