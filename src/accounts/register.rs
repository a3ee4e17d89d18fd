//! Adding and changing accounts: what is given is held against what the channel needs.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Account, Accounts, Field, PAUSE_MINUTES, PAUSE_MINUTES_MAX, RATE_LIMITS, SealProblem, Secrets};
use crate::rates::rule::Own;
use crate::store::{self, AccountRow, Put};
use crate::types::{AccountId, BusinessId, Channel, MODEL_CHARS_MAX, is_model_name};

/// Values of one secret that are good at the same time: the new one, and the one that it replaces.
const VALUES_MAX: usize = 2;

/// The longest value of a setting or a secret, in bytes.
const VALUE_BYTES_MAX: usize = 8 * 1024;

/// Settings that every channel knows.
pub const EVERYWHERE: [Field; 3] = [
    Field::setting(
        "sends_per_second",
        "how many messages a second the account may send, if not what is usual for the channel",
    )
    .optional(),
    Field::setting(
        RATE_LIMITS,
        "how many messages a minute come in through it, if not as many as for all: account=600, participant=30, or off",
    )
    .optional(),
    Field::setting(
        MODEL,
        "the language model that understands who writes to it, before that of the channel and of the business",
    )
    .optional(),
];

/// The setting that names an account's language model.
pub(super) const MODEL: &str = "model";

/// What is given of an account. Of one that is there already, what is not given stays as it was.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Its channel.
    pub channel: Channel,
    /// Its name.
    pub account: AccountId,
    /// Whose it is.
    pub business: BusinessId,
    /// Settings by name; an empty one takes the setting back.
    pub settings: BTreeMap<String, String>,
    /// New values of secrets; what they replace stays good until the next one comes.
    pub secrets: Secrets,
}

/// An account as it is kept now.
#[derive(Debug, Clone)]
pub struct Registered {
    /// The account.
    pub account: Account,
    /// Whether there was none of that name.
    pub is_new: bool,
}

/// A setting or a secret that does not fit, or is missing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct Unfit {
    /// Its name.
    pub name: String,
    /// Whether it is a secret.
    pub secret: bool,
    /// What is wrong, with its name and without its value.
    pub problem: String,
}

/// Why an account was not added or changed.
#[derive(Debug, thiserror::Error)]
pub enum NotRegistered {
    /// What is given does not fit.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// Its secrets cannot be sealed.
    #[error(transparent)]
    Unsealed(#[from] SealProblem),
    /// There is no such business.
    #[error(
        "there is no business {0}; `frontdesk business list` shows those there are, and the demo business comes with the first start"
    )]
    UnknownBusiness(BusinessId),
    /// The name belongs to an account of another business.
    #[error("the name {0} is taken by an account of another business")]
    Taken(AccountId),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Accounts {
    /// Adds an account, or changes the one of that name; one that was stopped goes on. `fields` are those of its
    /// channel.
    ///
    /// # Errors
    /// When something is missing, unknown or taken, or the store fails.
    pub async fn register(
        &self,
        fields: &[Field],
        given: Registration,
        now: Timestamp,
    ) -> Result<Registered, NotRegistered> {
        let Registration {
            channel,
            account,
            business,
            settings,
            secrets,
        } = given;
        let before = self.store().account(channel, &account).await?;
        if before.as_ref().is_some_and(|row| row.business != business) {
            // What it is made of is nobody else's to try out.
            return Err(NotRegistered::Taken(account));
        }
        let mut row = AccountRow {
            channel,
            account: account.clone(),
            business: business.clone(),
            settings: String::new(),
            secrets: String::new(),
            problem: None,
            created_at: before.as_ref().map_or(now, |row| row.created_at),
            updated_at: now,
        };
        let (mut all_settings, mut all_secrets) = match &before {
            Some(row) => (
                serde_json::from_str(&row.settings).unwrap_or_default(),
                // Secrets that cannot be opened are not thrown away for want of a key.
                self.sealer().open(channel, &account, &row.secrets)?,
            ),
            None => (BTreeMap::new(), Secrets::default()),
        };
        all_settings.extend(settings);
        all_settings.retain(|_, value: &mut String| !value.is_empty());
        all_secrets = merged(&secrets, &all_secrets);
        check(fields, &all_settings, &all_secrets)?;
        row.settings = serde_json::to_string(&all_settings).unwrap_or_default();
        row.secrets = self.sealer().seal(channel, &account, &all_secrets)?;
        match self.store().put_account(&row).await? {
            put @ (Put::Added | Put::Changed) => {
                self.forget(channel, &account);
                Ok(Registered {
                    account: self.open(&row),
                    is_new: put == Put::Added,
                })
            }
            Put::UnknownBusiness => Err(NotRegistered::UnknownBusiness(business)),
            Put::Taken => Err(NotRegistered::Taken(account)),
        }
    }
}

/// New values before those that they replace.
fn merged(new: &Secrets, old: &Secrets) -> Secrets {
    let names: BTreeSet<&str> = new.names().chain(old.names()).collect();
    let mut merged = Secrets::default();
    for name in names {
        let mut values: Vec<&str> = Vec::with_capacity(VALUES_MAX);
        for value in new.all(name).chain(old.all(name)) {
            if !values.contains(&value) && values.len() < VALUES_MAX {
                values.push(value);
            }
        }
        for value in values {
            merged.add(name, value);
        }
    }
    merged
}

/// Holds settings and secrets against what the channel knows and needs.
fn check(fields: &[Field], settings: &BTreeMap<String, String>, secrets: &Secrets) -> Result<(), Unfit> {
    let known = || fields.iter().chain(&EVERYWHERE);
    let listed = |secret: bool| {
        let names: Vec<&str> = known()
            .filter(|field| field.secret == secret)
            .map(|field| field.name)
            .collect();
        names.join(", ")
    };
    let unfit = |secret: bool, name: &str, problem: String| Unfit {
        name: name.to_owned(),
        secret,
        problem,
    };
    for (name, value) in settings {
        if !known().any(|field| !field.secret && field.name == name) {
            let problem = format!("there is no setting {name}; the settings are: {}", listed(false));
            return Err(unfit(false, name, problem));
        }
        if name == RATE_LIMITS && Own::parse(value).is_none() {
            let problem = format!("the setting {name} must be {}", Own::SHAPE);
            return Err(unfit(false, name, problem));
        }
        let is_pause = |value: &str| {
            value
                .parse()
                .is_ok_and(|set| (0..=PAUSE_MINUTES_MAX).contains(&set))
        };
        if name == PAUSE_MINUTES && !value.is_empty() && !is_pause(value) {
            let problem =
                format!("the setting {name} must be a number of minutes from 0 to {PAUSE_MINUTES_MAX}");
            return Err(unfit(false, name, problem));
        }
        if value.len() > VALUE_BYTES_MAX {
            let problem = format!("the setting {name} may have at most {VALUE_BYTES_MAX} bytes");
            return Err(unfit(false, name, problem));
        }
        if name == MODEL && !is_model_name(value) {
            let problem = format!("the setting {name} must have 1 to {MODEL_CHARS_MAX} printable characters");
            return Err(unfit(false, name, problem));
        }
    }
    for name in secrets.names() {
        if !known().any(|field| field.secret && field.name == name) {
            let problem = format!("there is no secret {name}; the secrets are: {}", listed(true));
            return Err(unfit(true, name, problem));
        }
        if secrets
            .all(name)
            .any(|value| value.is_empty() || value.len() > VALUE_BYTES_MAX)
        {
            let problem = format!("the secret {name} must have from 1 to {VALUE_BYTES_MAX} bytes");
            return Err(unfit(true, name, problem));
        }
    }
    for field in fields.iter().filter(|field| field.required) {
        let is_there = if field.secret {
            secrets.newest(field.name).is_some()
        } else {
            settings.contains_key(field.name)
        };
        if !is_there {
            let kind = if field.secret { "secret" } else { "setting" };
            let problem = format!("the {kind} {} is missing: {}", field.name, field.about);
            return Err(unfit(field.secret, field.name, problem));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [Field; 3] = [
        Field::setting("app_id", "the number of the app"),
        Field::secret("token", "what the app calls with"),
        Field::secret("signing_secret", "what the provider signs with").optional(),
    ];

    fn secrets(values: &[(&str, &str)]) -> Secrets {
        let mut secrets = Secrets::default();
        for (name, value) in values {
            secrets.add(name, value);
        }
        secrets
    }

    #[test]
    fn what_is_missing_or_unknown_is_named_with_what_there_is() {
        let says = |settings: &[(&str, &str)], values: &[(&str, &str)]| {
            let settings = settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            check(&FIELDS, &settings.collect(), &secrets(values))
                .err()
                .map_or_else(String::new, |unfit| unfit.problem)
        };
        assert_eq!(says(&[("app_id", "1")], &[("token", "t")]), "");
        assert_eq!(
            says(&[], &[("token", "t")]),
            "the setting app_id is missing: the number of the app"
        );
        assert_eq!(
            says(&[("app_id", "1")], &[]),
            "the secret token is missing: what the app calls with"
        );
        assert_eq!(
            says(&[("app_id", "1"), ("appid", "1")], &[("token", "t")]),
            "there is no setting appid; the settings are: app_id, sends_per_second, rate_limits, model"
        );
        assert_eq!(
            says(&[("app_id", "1"), ("rate_limits", "600")], &[("token", "t")]),
            format!("the setting rate_limits must be {}", Own::SHAPE)
        );
        assert_eq!(
            says(
                &[("app_id", "1"), ("rate_limits", "participant=30")],
                &[("token", "t")]
            ),
            ""
        );
        assert_eq!(
            says(&[("app_id", "1"), ("model", "small:q8")], &[("token", "t")]),
            ""
        );
        assert_eq!(
            says(&[("app_id", "1"), ("model", "a\nb")], &[("token", "t")]),
            "the setting model must have 1 to 200 printable characters"
        );
        assert_eq!(
            says(&[("app_id", "1")], &[("token", "t"), ("tokn", "t")]),
            "there is no secret tokn; the secrets are: token, signing_secret"
        );
    }

    #[test]
    fn a_new_secret_comes_before_the_one_that_it_replaces_and_older_ones_go() {
        let old = secrets(&[("token", "second"), ("token", "first"), ("other", "x")]);
        let merged = merged(&secrets(&[("token", "third")]), &old);
        assert_eq!(merged.all("token").collect::<Vec<_>>(), ["third", "second"]);
        assert_eq!(merged.all("other").collect::<Vec<_>>(), ["x"]);
    }
}
