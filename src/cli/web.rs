//! `--web [PORT]`: the run as a web page on this machine.

use super::heading;
use crate::{
    failure::Failure,
    services::servers,
    web::{self, PORT},
};

/// Whether there is a web page.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct WebArgs {
    /// Show the run on a web page of this machine
    ///
    /// At http://127.0.0.1:PORT/, reachable from this machine only. PORT defaults to 8069;
    /// 0: any free port.
    #[arg(long, value_name = "PORT", num_args = 0..=1, default_missing_value = "8069", value_parser = port,
          help_heading = heading::OUTPUT)]
    web: Option<u16>,
}

impl WebArgs {
    /// Binds the page's server, if there is to be one.
    pub(crate) fn bind(self) -> Result<Option<web::WebServer>, Failure> {
        self.web.map(servers::bind_web).transpose()
    }
}

/// A port. The argument after `--web` may have been meant as a bundle.
fn port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| {
        format!("expected a port, 0 to 65535; put --web after the bundles, or write --web={PORT}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_port_is_the_one_in_help() {
        #[derive(clap::Parser)]
        struct TestArgs {
            #[command(flatten)]
            web: WebArgs,
        }
        let read =
            |line: &[&str]| <TestArgs as clap::Parser>::try_parse_from(line).map(|it| it.web.web);
        assert_eq!(read(&["x"]).unwrap(), None);
        assert_eq!(read(&["x", "--web"]).unwrap(), Some(PORT));
        assert_eq!(read(&["x", "--web", "0"]).unwrap(), Some(0));
        assert_eq!(read(&["x", "--web=80"]).unwrap(), Some(80));
        let error = read(&["x", "--web", "bundle.zip"])
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("put --web after"), "{error}");
        assert!(read(&["x", "--web=70000"]).is_err());
    }
}
