//! Whether the language model can be used as it is set.

use std::time::Duration;

use super::Finding::{self, Fine, Odd, Wrong};
use crate::understanding::llm::client::{Endpoint, Rung, Settings, Trouble, Verdict, examine};

/// The names of the settings of one endpoint.
struct Names {
    address: &'static str,
    key: &'static str,
    model: &'static str,
}

const FIRST: Names = Names {
    address: "LLM_BASE_URL",
    key: "LLM_API_KEY",
    model: "LLM_MODEL",
};
const SECOND: Names = Names {
    address: "LLM_FALLBACK_BASE_URL",
    key: "LLM_FALLBACK_API_KEY",
    model: "LLM_FALLBACK_MODEL",
};

/// Asks each endpoint a trifle, as a message would.
pub(super) fn look(settings: &Settings) -> Vec<Finding> {
    let endpoints = [
        (Some(&settings.primary), FIRST),
        (settings.fallback.as_ref(), SECOND),
    ];
    let endpoints = endpoints
        .into_iter()
        .filter_map(|(endpoint, names)| Some((endpoint?, names)));
    endpoints
        .map(|(endpoint, names)| one(endpoint, &names, settings))
        .collect()
}

fn one(endpoint: &Endpoint, names: &Names, settings: &Settings) -> Finding {
    let (at, model) = (endpoint.origin(), &endpoint.model);
    let Names {
        address,
        key,
        model: named,
    } = names;
    let wrong = |problem: String, fix: String| Wrong { problem, fix };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return wrong(
                format!("{at} cannot be asked: {error}"),
                "run this again".to_owned(),
            );
        }
    };
    let examined = match runtime.block_on(examine(endpoint, settings)) {
        Ok(examined) => examined,
        Err(error) => return wrong(error.to_string(), format!("correct {address} or {key}")),
    };
    match examined.verdict {
        Verdict::Well { rung, took } => well(&at, model, rung, took, settings.call_timeout),
        Verdict::Unreachable(why) => wrong(
            format!("{at} does not answer: {why}"),
            format!("start it, or correct {address}; until then the rules engine understands alone"),
        ),
        Verdict::Trouble { trouble, models } => {
            let fix = match trouble {
                Trouble::Key => format!("correct {key}: {}", trouble.advice()),
                Trouble::Credit => trouble.advice().to_owned(),
                Trouble::Address | Trouble::Moved => format!("correct {address}: {}", trouble.advice()),
                Trouble::Model if models.is_empty() => format!("correct {named}: {}", trouble.advice()),
                Trouble::Model => format!("correct {named}; the endpoint has {}", models.join(", ")),
            };
            wrong(format!("{at} as {model}: {trouble}"), fix)
        }
        Verdict::NoJson(why) => wrong(
            format!("{at} as {model} answers, but not with the JSON that it is asked for: {why}"),
            format!(
                "set {named} to a model that follows instructions, or use a server with structured output"
            ),
        ),
        Verdict::Failing(why) => wrong(
            format!("{at} as {model} refuses: {why}"),
            format!("look into the endpoint's log, or correct {address} and {named}"),
        ),
    }
}

fn well(at: &str, model: &str, rung: Rung, took: Duration, timeout: Duration) -> Finding {
    let says = format!("{at} answers as {model} within {} ms", took.as_millis());
    if took > timeout {
        return Odd(format!(
            "{says}, and a message waits for {} ms at most; run this again in case it had to load the model, else raise LLM_TIMEOUT_MS or take a smaller one",
            timeout.as_millis()
        ));
    }
    let without = |kind: &str, price: &str| {
        format!("{says}, but without strict schemas; it is asked by {kind}, which is {price}")
    };
    match rung {
        Rung::Schema => Fine(format!("{says}, with strict schemas")),
        Rung::Tool => Odd(without("forced tool calls", "slower and a little less sure")),
        Rung::Object => Odd(without(
            "JSON mode with the schema in the prompt",
            "slower and less sure",
        )),
        Rung::Text => Odd(without(
            "plain text with the schema in the prompt",
            "slower and the least sure: expect answers that cannot be used",
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use super::*;

    /// An endpoint that gives each request's text to `answer`, for the status and body.
    fn stub(answer: impl Fn(&str) -> (u16, String) + Send + 'static) -> Settings {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for line in listener.incoming() {
                let mut line = line.unwrap();
                let mut text = String::new();
                let mut bytes = [0_u8; 4096];
                // A body is the last to come, and ends with its brace.
                while !(text.ends_with('}') || text.starts_with("GET") && text.ends_with("\r\n\r\n")) {
                    let count = line.read(&mut bytes).unwrap();
                    assert!(count > 0, "a whole request");
                    text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
                }
                let (status, body) = answer(&text);
                let head = format!(
                    "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                line.write_all((head + &body).as_bytes()).unwrap();
            }
        });
        at(base_url)
    }

    fn at(base_url: String) -> Settings {
        Settings::new(Endpoint {
            base_url,
            api_key: Some("sk-hush".into()),
            model: "small".to_owned(),
        })
    }

    fn says(content: &str) -> (u16, String) {
        let body = serde_json::json!({"choices": [{"message": {"content": content}}]});
        (200, body.to_string())
    }

    fn refuses(status: u16, message: &str) -> (u16, String) {
        (
            status,
            serde_json::json!({"error": {"message": message}}).to_string(),
        )
    }

    /// The finding as the command prints it.
    fn told(settings: &Settings) -> String {
        let findings = look(settings);
        let [finding] = findings.as_slice() else {
            panic!("one endpoint, {} findings", findings.len());
        };
        let text = match finding {
            Fine(says) => format!("ok: {says}"),
            Odd(says) => format!("note: {says}"),
            Wrong { problem, fix } => format!("WRONG: {problem} | {fix}"),
        };
        assert!(!text.contains("hush"), "{text}");
        text
    }

    #[test]
    fn an_endpoint_that_can_do_everything_is_fine() {
        let said = told(&stub(|_| says("{\"ready\":true}")));
        assert!(
            said.starts_with("ok: http://127.0.0.1:") && said.ends_with("ms, with strict schemas"),
            "{said}"
        );
    }

    #[test]
    fn a_server_without_schemas_is_noted_with_what_is_used_instead() {
        let said = told(&stub(|asked| {
            if asked.contains("response_format") || asked.contains("tools") {
                return refuses(400, "response_format and tools are not supported");
            }
            says("{\"ready\":true}")
        }));
        assert!(
            said.starts_with("note: ") && said.contains("without strict schemas"),
            "{said}"
        );
        assert!(
            said.contains("plain text") && said.contains("least sure"),
            "{said}"
        );
    }

    #[test]
    fn nobody_there_is_told_from_a_wrong_key_and_a_wrong_address() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let free = listener.local_addr().unwrap();
        drop(listener);
        let said = told(&at(format!("http://{free}/v1")));
        assert!(
            said.contains("does not answer") && said.contains("| start it, or correct LLM_BASE_URL"),
            "{said}"
        );
        for status in [401, 403] {
            let said = told(&stub(move |_| refuses(status, "Incorrect API key: sk-hush")));
            assert!(said.contains("refuses the key | correct LLM_API_KEY"), "{said}");
        }
        let said = told(&stub(|_| (404, "404 page not found".to_owned())));
        assert!(
            said.contains("| correct LLM_BASE_URL: write the endpoint's address with its /v1"),
            "{said}"
        );
        let said = told(&at("127.0.0.1/v1".to_owned()));
        assert!(
            said.starts_with("WRONG: ") && said.contains("with its scheme"),
            "{said}"
        );
    }

    #[test]
    fn a_wrong_model_is_told_with_those_that_are_there() {
        let models = r#"{"object":"list","data":[{"id":"large"},{"id":"tiny"}]}"#;
        for refusal in ["The model `small` does not exist", "nothing here of that kind"] {
            let said = told(&stub(move |asked| match asked.starts_with("GET /v1/models ") {
                true => (200, models.to_owned()),
                false => refuses(400, refusal),
            }));
            assert!(
                said.contains("no such model | correct LLM_MODEL; the endpoint has large, tiny"),
                "{said}"
            );
        }
        let said = told(&stub(|_| refuses(404, "model 'small' not found")));
        assert!(
            said.contains("| correct LLM_MODEL: set the model to a name"),
            "{said}"
        );
    }

    #[test]
    fn a_model_that_only_chats_is_of_no_use() {
        let said = told(&stub(|_| says("Yes, I am ready!")));
        assert!(
            said.contains("not with the JSON") && said.contains("structured output"),
            "{said}"
        );
    }

    #[test]
    fn a_slow_answer_is_noted_and_each_endpoint_has_its_own_line() {
        let mut settings = stub(|_| says("{\"ready\":true}"));
        settings.call_timeout = Duration::ZERO;
        assert!(
            told(&settings).contains("raise LLM_TIMEOUT_MS"),
            "0 ms are never enough"
        );
        let second = stub(|_| refuses(401, "no"));
        settings.fallback = Some(second.primary);
        let findings = look(&settings);
        assert_eq!(findings.len(), 2);
        assert!(matches!(&findings[1], Wrong { fix, .. } if fix.contains("LLM_FALLBACK_API_KEY")));
    }
}
