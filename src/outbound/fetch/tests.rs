use std::collections::BTreeMap;

use secrecy::ExposeSecret as _;

use super::*;
use crate::accounts::Secrets;
use crate::types::{AccountId, BusinessId};

fn account(channel: Channel, settings: &[(&str, &str)], secrets: &[(&str, &str)]) -> Account {
    let mut kept = Secrets::default();
    for (name, value) in secrets {
        kept.add(name, value);
    }
    Account {
        channel,
        id: AccountId::new("front").unwrap(),
        business: BusinessId::new("salon").unwrap(),
        settings: settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<BTreeMap<_, _>>(),
        secrets: kept,
        problem: None,
    }
}

/// A request in one line: what it brings, where it goes, and what it shows there.
fn line(get: Result<Get, Unfetchable>) -> String {
    match get {
        Ok(get) => {
            let shown = get
                .authorization
                .as_ref()
                .map_or("", |value| value.expose_secret());
            format!("{:?} {} {shown}", get.brings, get.url.expose_secret())
        }
        Err(Unfetchable(problem)) => problem,
    }
}

fn by_id(id: &str) -> File<'_> {
    File {
        id: Some(id),
        url: None,
    }
}

fn by_url(url: &str) -> File<'_> {
    File {
        id: None,
        url: Some(url),
    }
}

#[test]
fn whatsapp_is_asked_where_a_file_is_and_then_for_the_file_with_the_same_token() {
    let ours = account(Channel::Whatsapp, &[], &[("access_token", "T")]);
    let stub = account(
        Channel::Whatsapp,
        &[("api_base", "http://127.0.0.1:1/"), ("api_version", "v9")],
        &[("access_token", "T")],
    );
    for (account, id, expected) in [
        (
            &ours,
            "77",
            "Whereabouts https://graph.facebook.com/v23.0/77 Bearer T",
        ),
        (&stub, "77", "Whereabouts http://127.0.0.1:1/v9/77 Bearer T"),
        (&ours, "../me", "the file's id is not of its form"),
        (&ours, "77?x=1", "the file's id is not of its form"),
        (&ours, "", "the file's id is not of its form"),
    ] {
        assert_eq!(line(WhatsApp.first(account, &by_id(id))), expected);
    }
    let answer = br#"{"url": "https://lookaside.fbsbx.com/x?y=1", "file_size": "17"}"#;
    assert_eq!(
        line(WhatsApp.next(&ours, answer)),
        "File https://lookaside.fbsbx.com/x?y=1 Bearer T"
    );
    for nothing in ["", "<html>", "{}", r#"{"url": 7}"#] {
        let said = line(WhatsApp.next(&ours, nothing.as_bytes()));
        assert_eq!(said, "WhatsApp did not say where the file is", "{nothing}");
    }
}

#[test]
fn telegram_names_a_path_and_the_token_is_in_the_link() {
    let ours = account(Channel::Telegram, &[], &[("bot_token", "12:aB-c")]);
    assert_eq!(
        line(Telegram.first(&ours, &by_id("AgAC-_1"))),
        "Whereabouts https://api.telegram.org/bot12:aB-c/getFile?file_id=AgAC-_1 "
    );
    assert_eq!(
        line(Telegram.first(&ours, &by_id("a&b"))),
        "the file's id is not of its form"
    );
    let next = |path: &str| {
        let answer = serde_json::json!({"ok": true, "result": {"file_id": "x", "file_path": path}});
        line(Telegram.next(&ours, answer.to_string().as_bytes()))
    };
    assert_eq!(
        next("photos/file_1.jpg"),
        "File https://api.telegram.org/file/bot12:aB-c/photos/file_1.jpg "
    );
    for path in ["", "/x", "../x", "a/../b", "a?b", "a#b", "a/.b", "a%2e", "a\\b"] {
        assert_eq!(
            next(path),
            "Telegram's path of the file is not of its form",
            "{path}"
        );
    }
    let broken = account(Channel::Telegram, &[], &[("bot_token", "12/../3")]);
    assert_eq!(
        line(Telegram.first(&broken, &by_id("A"))),
        "the account's bot_token is not of its form"
    );
}

#[test]
fn an_address_that_came_along_is_asked_with_what_its_channel_wants() {
    let slack = account(Channel::Slack, &[], &[("bot_token", "xoxb")]);
    let twilio = account(Channel::Twilio, &[("account_sid", "AC1")], &[("auth_token", "t")]);
    let standard = account(
        Channel::Standard,
        &[("media_hosts", "cdn.example, *.Files.example")],
        &[],
    );
    let bare = |channel| account(channel, &[], &[]);
    let table: [(&dyn Fetch, Account, &str, &str); 6] = [
        (
            &Messenger,
            bare(Channel::Messenger),
            "https://scontent.xx.fbcdn.net/a?oh=1",
            "",
        ),
        (
            &Instagram,
            bare(Channel::Instagram),
            "https://lookaside.fbsbx.com/ig?x=1",
            "",
        ),
        (
            &Slack,
            slack,
            "https://files.slack.com/files-pri/T-F/download/a.png",
            "Bearer xoxb",
        ),
        (
            &Discord,
            bare(Channel::Discord),
            "https://cdn.discordapp.com/a/b/c.png?ex=1&hm=2",
            "",
        ),
        (
            &Twilio,
            twilio,
            "https://api.twilio.com/2010-04-01/x",
            "Basic QUMxOnQ=",
        ),
        (&Standard, standard, "https://cdn.example/1", ""),
    ];
    for (fetch, account, url, shown) in &table {
        assert_eq!(
            line(fetch.first(account, &by_url(url))),
            format!("File {url} {shown}"),
            "{}",
            account.channel
        );
        assert_eq!(
            line(fetch.first(account, &by_id("7"))),
            "the channel did not say where the file is"
        );
        assert_eq!(fetch.follows_one_redirect(), account.channel == Channel::Twilio);
    }
}

#[test]
fn a_platform_of_ones_own_says_where_its_files_come_from() {
    let silent = account(Channel::Standard, &[], &[]);
    let said = line(Standard.first(&silent, &by_url("https://cdn.example/1")));
    assert!(said.contains("media_hosts"), "{said}");
    let said = account(
        Channel::Standard,
        &[("media_hosts", "cdn.example, *.Files.example")],
        &[],
    );
    assert_eq!(Standard.hosts(&said), ["cdn.example", "*.files.example"]);
}
