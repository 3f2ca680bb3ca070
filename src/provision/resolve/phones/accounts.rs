//! SIP accounts: one for each extension, however many phones use it.

use std::collections::BTreeSet;

use super::{Accounts, FirstUse, LineValues, field};
use crate::{
    inventory::{ButtonField, Secret},
    phone::MacAddress,
    provision::{
        charset,
        plan::{Account, Mailbox},
    },
};

impl Accounts<'_, '_> {
    /// Adds the account of an extension that occurs for the first time.
    pub(super) fn add_first(
        &mut self,
        mac: MacAddress,
        line: &LineValues<'_>,
        display: &str,
        voicemail: Option<&String>,
    ) -> usize {
        let user = line.extension;
        let listed = self.secrets.get(user).copied();
        let secret = listed
            .or_else(|| self.given.passwords.secret(user))
            .cloned();
        // No password is generated for an invalid extension, which is reported already.
        if secret.is_none() && charset::extension(user).is_ok() {
            let at = field(line.button, ButtonField::Secret);
            self.fault(mac, at, format!("no password for the extension {user}"));
        }
        let mailbox = voicemail.and_then(|number| {
            Some(Mailbox {
                number: number.clone(),
                pin: self.given.passwords.pin(user)?.clone(),
            })
        });
        let account = self.list.len();
        self.first_uses.insert(
            user.to_lowercase(),
            FirstUse {
                account,
                mac,
                shared: line.shared,
                secret: secret.clone(),
            },
        );
        self.list.push(Account {
            user: user.to_owned(),
            display: display.to_owned(),
            secret: secret.unwrap_or_else(|| Secret::new(String::new())),
            phones: 1,
            transports: BTreeSet::new(),
            mailbox,
        });
        account
    }

    /// Adds a phone to the account of an extension that another button has.
    pub(super) fn add_repeated(&mut self, mac: MacAddress, line: &LineValues<'_>) -> usize {
        let at = |part| field(line.button, part);
        let user = line.extension;
        let Some(met) = self.first_uses.get(&user.to_lowercase()) else {
            return 0;
        };
        let (account, first, shared) = (met.account, met.mac, met.shared);
        let differs = line.secret.is_some() && line.secret != met.secret.as_ref();
        if first == mac {
            let message = format!("the extension {user} is on this phone twice");
            self.fault(mac, at(ButtonField::Extension), message);
        } else if !(shared && line.shared) {
            let message = format!(
                "the phone {first} has the extension {user} too: choose another, or set `shared = \
                 true` on both"
            );
            self.fault(mac, at(ButtonField::Extension), message);
        } else if differs {
            let message = format!(
                "another password for {user} than on the phone {first}: expected one password"
            );
            self.fault(mac, at(ButtonField::Secret), message);
        } else if self
            .list
            .get(account)
            .is_some_and(|known| known.user != user)
        {
            let message = format!(
                "the phone {first} has the extension {user} with other upper and lower case"
            );
            self.fault(mac, at(ButtonField::Extension), message);
        }
        if let Some(known) = self.list.get_mut(account) {
            known.phones += 1;
        }
        account
    }
}
