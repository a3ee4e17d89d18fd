use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret;

use super::conversation::Burst;
use super::store::Transcript;
use super::understanding::Engine;
use super::{Error, Settings};
use crate::rates::Rate;
use crate::rates::peer::{Header, Proxies};
use crate::types::Channel;

fn read(file: &str, environment: &[(&str, &str)]) -> Result<Settings, Error> {
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::parse(Path::new("frontdesk.toml"), file, environment)
}

fn refusal(file: &str, environment: &[(&str, &str)]) -> String {
    read(file, environment)
        .expect_err("these settings are wrong")
        .to_string()
}

#[test]
fn without_a_file_and_an_environment_the_defaults_hold() {
    let settings = read("", &[]).unwrap();
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:3000");
    assert_eq!(settings.store.database.to_string(), "sqlite://frontdesk.db");
    assert_eq!(settings.conversation.session_idle, Duration::from_secs(7_200));
    assert_eq!(settings.conversation.wait_max, Duration::from_secs(30));
    assert_eq!(settings.cache.entries_max, 10_000);
    assert_eq!(settings.understanding.engine, Engine::Auto);
    assert!(settings.server.rate_limits);
    assert!(settings.warnings.is_empty());
    assert_eq!(settings.conversation.burst(Channel::Api), Burst::NONE);
}

#[test]
fn the_names_of_the_owners_documents_are_understood() {
    let settings = read(
        "",
        &[
            ("DATABASE_URL", "sqlite:///var/lib/frontdesk/data.db"),
            ("SESSION_TTL_HOURS", "3"),
            ("MAX_CACHE_SIZE", "77"),
            ("MESSAGE_PROCESSOR_TIMEOUT", "1500"),
            ("FRONTDESK_LISTEN", "localhost:0"),
            (
                "FRONTDESK_API_KEYS",
                "first-key-0123456789, second-key-0123456789",
            ),
            ("FRONTDESK_RATE_LIMITS", "off"),
            ("FRONTDESK_NOW", "2026-11-18T10:00:00-05:00[America/New_York]"),
            ("FRONTDESK_UNDERSTANDING", "rules"),
            ("FRONTDESK_TRANSCRIPT", "with_turn"),
        ],
    )
    .unwrap();
    assert_eq!(
        settings.store.sqlite_path(),
        Some(Path::new("/var/lib/frontdesk/data.db"))
    );
    assert_eq!(settings.conversation.session_idle, Duration::from_secs(3 * 3_600));
    assert_eq!(settings.cache.entries_max, 77);
    assert_eq!(settings.conversation.wait_max, Duration::from_millis(1_500));
    assert!(settings.server.listen.ip().is_loopback());
    let keys: Vec<&str> = settings
        .server
        .api_keys
        .iter()
        .map(ExposeSecret::expose_secret)
        .collect();
    assert_eq!(keys, ["first-key-0123456789", "second-key-0123456789"]);
    assert!(!settings.server.rate_limits);
    assert_eq!(
        settings.clock.start.unwrap().0.to_string(),
        "2026-11-18T15:00:00Z"
    );
    assert_eq!(settings.understanding.engine, Engine::Rules);
}

#[test]
fn the_environment_wins_over_the_file_and_every_key_has_a_generic_variable() {
    let file = "[cache]\nentries_max = 5\n[upkeep]\nsweep_every_seconds = 9\n";
    let settings = read(file, &[("FRONTDESK_CACHE__ENTRIES_MAX", "6")]).unwrap();
    assert_eq!(settings.cache.entries_max, 6);
    assert_eq!(settings.upkeep.sweep_every, Duration::from_secs(9));
}

#[test]
fn every_mistake_is_named_with_its_place_and_what_to_write() {
    let file = "[server]\nlisten = \"here\"\n\n[cache]\nentries_maxx = 5\n";
    let said = refusal(file, &[("MESSAGE_PROCESSOR_TIMEOUT", "soon")]);
    assert_eq!(
        said,
        "3 settings are wrong:\n  \
         - server.listen (frontdesk.toml:2): this is not a valid value; write an address and a port, for example 127.0.0.1:3000\n  \
         - conversation.wait_ms_max (MESSAGE_PROCESSOR_TIMEOUT): this is not a valid value; write a whole number, for example 30\n  \
         - cache.entries_maxx (frontdesk.toml:5): there is no such setting; did you mean cache.entries_max?"
    );
}

#[test]
fn a_file_that_is_not_toml_is_refused_with_its_line() {
    let said = refusal("[server]\nlisten = \n", &[]);
    assert!(said.contains("frontdesk.toml:2"), "{said}");
}

#[test]
fn an_unknown_variable_of_ours_is_refused_and_those_of_others_are_left_alone() {
    let said = refusal("", &[("FRONTDESK_LISTN", "127.0.0.1:1"), ("HOME", "/root")]);
    assert_eq!(
        said,
        "a setting is wrong: FRONTDESK_LISTN: there is no such setting; did you mean FRONTDESK_LISTEN?"
    );
    assert!(read("", &[("FRONTDESK_CONFIG", "x.toml"), ("LISTEN", "1")]).is_ok());
}

#[test]
fn an_empty_variable_means_not_set() {
    let settings = read("", &[("REDIS_URL", ""), ("FRONTDESK_API_KEYS", "")]).unwrap();
    assert!(settings.cache.redis.is_none());
    assert!(!settings.server.requires_key());
}

#[test]
fn without_keys_it_listens_on_loopback_only() {
    let said = refusal("", &[("FRONTDESK_LISTEN", "0.0.0.0:3000")]);
    assert!(
        said.contains("server.listen (FRONTDESK_LISTEN)") && said.contains("FRONTDESK_API_KEYS"),
        "{said}"
    );
    let open = [
        ("FRONTDESK_LISTEN", "0.0.0.0:3000"),
        ("FRONTDESK_API_KEYS", "a-key-of-24-characters-ok"),
    ];
    assert!(read("", &open).is_ok());
    assert!(read("", &[("FRONTDESK_LISTEN", "[::1]:3000")]).is_ok());
}

#[test]
fn a_transcript_is_written_with_its_turn_or_behind() {
    let of = |environment: &[(&str, &str)]| read("", environment).map(|settings| settings.store.transcript);
    assert_eq!(of(&[]).unwrap(), Transcript::WithTurn);
    assert_eq!(
        of(&[("FRONTDESK_TRANSCRIPT", "behind")]).unwrap(),
        Transcript::Behind
    );
    let said = refusal("[store]\ntranscript = \"beside\"\n", &[]);
    assert!(said.contains("with_turn or behind"), "{said}");
}

#[test]
fn a_language_model_is_an_endpoint_and_a_name() {
    let of = |environment: &[(&str, &str)]| read("", environment).unwrap().understanding.llm;
    assert!(of(&[]).is_none());
    let url = ("LLM_BASE_URL", "http://127.0.0.1:9/v1/");
    let model = ("LLM_MODEL", "small");
    let llm = of(&[url, model, ("LLM_API_KEY", "secret")]).unwrap();
    assert_eq!(llm.primary.base_url, "http://127.0.0.1:9/v1");
    assert_eq!(llm.primary.model, "small");
    assert!(llm.primary.api_key.is_some() && llm.fallback.is_none() && llm.wording);
    assert!(of(&[url, model, ("FRONTDESK_UNDERSTANDING", "rules")]).is_none());

    let second = ("LLM_FALLBACK_BASE_URL", "https://other.example/v1");
    let fallback = of(&[url, model, ("LLM_API_KEY", "secret"), second])
        .unwrap()
        .fallback
        .unwrap();
    assert_eq!(fallback.model, "small");
    assert!(fallback.api_key.is_none(), "a key is given to its own host only");

    let arms = ("LLM_VARIANTS", "a=small:50, b=org/large:v2#brief:50");
    let variants = of(&[url, model, arms]).unwrap().variants;
    assert_eq!(variants[0].model, "small");
    assert_eq!(
        (variants[1].model.as_str(), variants[1].prompt.as_deref()),
        ("org/large:v2", Some("brief"))
    );
}

#[test]
fn half_a_language_model_is_refused_with_what_is_missing() {
    let url = ("LLM_BASE_URL", "http://127.0.0.1:9/v1");
    for (environment, says) in [
        (
            &[("FRONTDESK_UNDERSTANDING", "llm")][..],
            "LLM_BASE_URL and LLM_MODEL",
        ),
        (&[url], "LLM_MODEL"),
        (&[("LLM_MODEL", "small")], "LLM_BASE_URL"),
        (&[("LLM_API_KEY", "secret")], "LLM_BASE_URL"),
        (
            &[("LLM_BASE_URL", "127.0.0.1:9"), ("LLM_MODEL", "small")],
            "its scheme",
        ),
        (
            &[url, ("LLM_MODEL", "small"), ("LLM_VARIANTS", "a=small")],
            "NAME=MODEL:WEIGHT",
        ),
        (&[url, ("LLM_MODEL", "small"), ("LLM_TIMEOUT_MS", "1")], "100"),
    ] {
        let said = refusal("", environment);
        assert!(said.contains(says), "{said}");
    }
}

#[test]
fn redis_is_one_server_or_a_cluster() {
    for (text, shown, is_cluster) in [
        ("redis://127.0.0.1", "redis://127.0.0.1", false),
        (
            "redis://u:hu%40sh@cache:6380/3?protocol=resp3",
            "redis://cache:6380/3",
            false,
        ),
        ("rediss://:hush@[::1]:6379", "rediss://[::1]:6379", false),
        ("redis://:hush,hush@cache", "redis://cache", false),
        (
            "unix:///run/redis/redis.sock?pass=hush",
            "unix:///run/redis/redis.sock",
            false,
        ),
        (
            "redis+cluster://u:hush@a:1,b:2, c:3",
            "redis://a:1,redis://b:2,redis://c:3",
            true,
        ),
        ("rediss+cluster://a", "rediss://a", true),
        (
            "redis://:hush@a:1,redis://:hush@b:2",
            "redis://a:1,redis://b:2",
            true,
        ),
    ] {
        let settings = read("", &[("REDIS_URL", text)]).unwrap();
        let url = settings.cache.redis.as_ref().unwrap();
        assert_eq!(
            (url.to_string().as_str(), url.is_cluster),
            (shown, is_cluster),
            "{text}"
        );
        assert!(!format!("{settings:?}").contains("hush"), "{text}");
    }
}

#[test]
fn an_address_that_is_no_redis_is_refused_with_what_to_write() {
    for text in [
        "127.0.0.1:6379",
        "http://127.0.0.1:6379",
        "redis://",
        "redis://hush@a:port",
        "redis://a/tree",
        "rediss://a#insecure",
        "redis://a,http://b",
        "redis://a,unix:///b",
        "redis+cluster://",
        "unix+cluster://a",
    ] {
        let said = refusal("", &[("REDIS_URL", text)]);
        assert!(
            said.contains("cache.redis_url (REDIS_URL)") && said.contains("write redis://"),
            "{text}: {said}"
        );
        assert!(!said.contains("hush"), "{said}");
    }
    for (name, value) in [
        ("FRONTDESK_CACHE__REDIS_TIMEOUT_MS", "0"),
        ("FRONTDESK_CACHE__BYTES_MAX", "5000000000"),
    ] {
        assert!(read("", &[(name, value)]).is_err(), "{name}={value}");
    }
}

#[test]
fn certificates_for_an_open_line_are_warned_about() {
    let ca = ("REDIS_CA_FILE", "ca.pem");
    assert_eq!(
        read("", &[ca, ("REDIS_URL", "redis://a")])
            .unwrap()
            .warnings
            .len(),
        1
    );
    assert!(
        read("", &[ca, ("REDIS_URL", "rediss://a")])
            .unwrap()
            .warnings
            .is_empty()
    );
}

#[test]
fn secrets_are_neither_printed_nor_repeated_in_a_refusal() {
    let settings = read(
        "",
        &[
            ("FRONTDESK_API_KEYS", "hush-0123456789abc"),
            ("LLM_API_KEY", "hush"),
            ("LLM_BASE_URL", "http://127.0.0.1:9/v1"),
            ("LLM_MODEL", "small"),
        ],
    )
    .unwrap();
    assert!(!format!("{settings:?}").contains("hush"));
    let said = refusal(
        "",
        &[
            ("FRONTDESK_API_KEYS", "hush"),
            ("DATABASE_URL", "mysql://u:hush@h/d"),
        ],
    );
    assert!(!said.contains("hush"), "{said}");
}

#[test]
fn two_names_for_one_setting_must_not_disagree() {
    let said = refusal(
        "",
        &[("MAX_CACHE_SIZE", "1"), ("FRONTDESK_CACHE__ENTRIES_MAX", "2")],
    );
    assert!(
        said.contains("MAX_CACHE_SIZE and FRONTDESK_CACHE__ENTRIES_MAX both set it"),
        "{said}"
    );
    let said = refusal("", &[("SESSION_TTL_SECONDS", "60"), ("SESSION_TTL_HOURS", "2")]);
    assert!(said.contains("keep one of them"), "{said}");
    assert!(read("", &[("SESSION_TTL_SECONDS", "7200"), ("SESSION_TTL_HOURS", "2")]).is_ok());
}

#[test]
fn numbers_have_a_range() {
    for (name, value) in [
        ("SESSION_TTL_SECONDS", "0"),
        ("SESSION_TTL_HOURS", "99999999999999999"),
        ("MESSAGE_PROCESSOR_TIMEOUT", "1"),
        ("FRONTDESK_STORE__READERS", "0"),
        ("FRONTDESK_STORE__READERS", "65"),
        ("FRONTDESK_STORE__COMMITTERS", "0"),
        ("FRONTDESK_STORE__COMMITTERS", "9"),
        ("FRONTDESK_STORE__CONNECT_TIMEOUT_MS", "0"),
        ("FRONTDESK_STORE__ACQUIRE_TIMEOUT_MS", "60001"),
        ("FRONTDESK_STORE__STATEMENT_TIMEOUT_MS", "49"),
        ("FRONTDESK_STORE__LOCK_TIMEOUT_MS", "soon"),
        ("FRONTDESK_CONVERSATION__WAITING_MAX", "3"),
    ] {
        assert!(read("", &[(name, value)]).is_err(), "{name}={value}");
    }
}

#[test]
fn a_database_is_a_file() {
    for text in ["sqlite://", "sqlite::memory:", "frontdesk.db"] {
        let said = refusal("", &[("DATABASE_URL", text)]);
        assert!(said.contains("store.database_url (DATABASE_URL)"), "{said}");
    }
    let settings = read("", &[("DATABASE_URL", "sqlite:data/x.db?mode=rwc")]).unwrap();
    assert_eq!(settings.store.sqlite_path(), Some(Path::new("data/x.db")));
}

#[test]
fn or_a_server_with_numbers_of_its_own() {
    let url = "postgres://ana:hush@db.example:5433/desk?sslmode=verify-full";
    let settings = read("", &[("DATABASE_URL", url)]).unwrap();
    let store = &settings.store;
    assert_eq!(store.sqlite_path(), None);
    assert_eq!(store.database.to_string(), "postgres://db.example:5433/desk");
    assert_eq!((store.readers, store.committers), (8, 2));
    assert_eq!(store.connect_timeout, Duration::from_secs(5));
    assert_eq!(store.acquire_timeout, Duration::from_secs(2));
    assert_eq!(store.statement_timeout, Duration::from_secs(5));
    assert_eq!(store.lock_timeout, Duration::from_secs(2));
    assert!(!format!("{settings:?}").contains("hush"));

    let file = "[store]\nreaders = 20\ncommitters = 8\nconnect_timeout_ms = 1000\nacquire_timeout_ms = 500\n\
                statement_timeout_ms = 3000\nlock_timeout_ms = 3000\n";
    let store = read(file, &[("DATABASE_URL", url)]).unwrap().store;
    assert_eq!((store.readers, store.committers), (20, 8));
    assert_eq!(store.connect_timeout, Duration::from_secs(1));
    assert_eq!(store.acquire_timeout, Duration::from_millis(500));
    assert_eq!(store.lock_timeout, store.statement_timeout);
}

#[test]
fn a_wait_for_a_lock_ends_before_its_statement() {
    let said = refusal("[store]\nstatement_timeout_ms = 1000\n", &[]);
    assert!(
        said.contains("store.lock_timeout_ms") && said.contains("which is 1000"),
        "{said}"
    );
}

#[test]
fn the_manual_lists_every_setting() {
    let manual = include_str!("../../docs/OPERATIONS.md");
    for known in Settings::known() {
        assert!(
            manual.contains(&format!("`{}`", known.key)),
            "docs/OPERATIONS.md lacks {}",
            known.key
        );
        for name in known.variables.iter().filter(|name| !name.contains("__")) {
            assert!(manual.contains(name.as_str()), "docs/OPERATIONS.md lacks {name}");
        }
    }
}

#[test]
fn limits_are_numbers_or_off_and_one_switch_ends_them_all() {
    let of = |number| Some(Rate::per_minute(number));
    let rates = read("", &[]).unwrap().rates();
    assert_eq!(
        (rates.participant, rates.account, rates.address),
        (of(60), of(6_000), of(600))
    );
    let file = "[limits]\nper_participant_per_minute = 5\nper_address_per_minute = \"off\"\n";
    let generic = [("FRONTDESK_LIMITS__PER_ACCOUNT_PER_MINUTE", "7")];
    let rates = read(file, &generic).unwrap().rates();
    assert_eq!(
        (rates.participant, rates.account, rates.address),
        (of(5), of(7), None)
    );
    let rates = read(file, &[("FRONTDESK_RATE_LIMITS", "off")]).unwrap().rates();
    assert_eq!(
        (rates.participant, rates.account, rates.address),
        (None, None, None)
    );
    assert!(!rates.are_on);

    let said = refusal("[limits]\nper_account_per_minute = 0\n", &[]);
    assert_eq!(
        said,
        "a setting is wrong: limits.per_account_per_minute (frontdesk.toml:2): this is not a valid value; write a \
         number from 1 to 1000000, or off"
    );
}

#[test]
fn trusted_proxies_are_networks_and_each_mistake_is_named_with_its_place_in_the_list() {
    let file = "[server]\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\nforwarded_header = \"forwarded\"\n";
    let proxies = read(file, &[]).unwrap().server.proxies;
    assert_eq!(format!("{:?}", proxies.trusted), "[10.0.0.0/8, ::1/128]");
    assert_eq!(proxies.header, Header::Forwarded);
    assert_eq!(read("", &[]).unwrap().server.proxies, Proxies::default());

    let said = refusal(
        "",
        &[(
            "FRONTDESK_SERVER__TRUSTED_PROXIES",
            "10.0.0.0/8, 10.1.0.0/8, all, 0.0.0.0/0",
        )],
    );
    let place = "server.trusted_proxies (FRONTDESK_SERVER__TRUSTED_PROXIES): ";
    assert_eq!(
        said,
        format!(
            "3 settings are wrong:\n  \
             - {place}entry 2: it has bits beyond its first 8; write 10.0.0.0/8\n  \
             - {place}entry 3: this is no network; write one such as 10.0.0.0/8 or fd00::/8, or a single address\n  \
             - {place}entry 4: the number after the slash must be from 1 to 32"
        )
    );
    let said = refusal("[server]\nforwarded_header = \"x-real-ip\"\n", &[]);
    assert!(said.contains("write x-forwarded-for or forwarded"), "{said}");
}
