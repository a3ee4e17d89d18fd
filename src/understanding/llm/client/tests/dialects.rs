//! The ladder of dialects, and what is made of each server's way to answer.

use super::*;
use crate::telemetry::metrics::LlmOutcome::{Error, Invalid};

/// What a request asks its shape by.
fn rung(asked: &Asked) -> Rung {
    let body = &asked.body;
    match body["response_format"]["type"].as_str() {
        Some("json_schema") => Rung::Schema,
        Some("json_object") => Rung::Object,
        _ if body["tools"].is_array() => Rung::Tool,
        _ => Rung::Text,
    }
}

fn rungs(desk: &Desk) -> Vec<Rung> {
    desk.stub.asked().iter().map(rung).collect()
}

/// A server that knows nothing above a rung.
fn knows_only(top: Rung) -> impl Fn(usize, &Asked) -> Does {
    move |_, asked| match rung(asked) {
        higher if higher < top => refuses(
            400,
            match higher {
                Rung::Schema => "response_format json_schema is not supported",
                Rung::Tool => "this model does not support tools",
                Rung::Object | Rung::Text => "response_format is not supported",
            },
        ),
        Rung::Tool => completion(&json!({"content": null, "tool_calls": [
            {"function": {"name": "understood", "arguments": acts().to_string()}}]})),
        _ => good(),
    }
}

#[tokio::test]
async fn each_rung_is_found_once_and_remembered() {
    use Rung::{Object, Schema, Text, Tool};
    for (top, way) in [
        (Schema, vec![Schema]),
        (Tool, vec![Schema, Tool]),
        (Object, vec![Schema, Tool, Object]),
        (Text, vec![Schema, Tool, Object, Text]),
    ] {
        let desk = Desk::new(knows_only(top)).await;
        assert_eq!(desk.hears().await, Ok(acts()), "{top:?}");
        assert_eq!(rungs(&desk), way);
        assert_eq!(desk.hears().await, Ok(acts()));
        assert_eq!(rungs(&desk).len(), way.len() + 1, "it was remembered");
        assert_eq!(rungs(&desk).last(), Some(&top));
    }
}

#[tokio::test]
async fn the_shape_is_told_by_the_surest_means_that_there_is() {
    let desk = Desk::new(knows_only(Rung::Text)).await;
    desk.ask().await.unwrap();
    let asked: Vec<Value> = desk.stub.asked().into_iter().map(|asked| asked.body).collect();
    assert_eq!(
        asked[0]["response_format"]["json_schema"],
        json!({"name": "understood", "strict": true, "schema": SCHEMA.json})
    );
    assert_eq!(
        asked[1]["tools"][0]["function"],
        json!({"name": "understood", "parameters": SCHEMA.json})
    );
    assert_eq!(
        asked[1]["tool_choice"],
        json!({"type": "function", "function": {"name": "understood"}})
    );
    for body in &asked {
        assert_eq!(
            (&body["stream"], &body["model"], &body["max_tokens"]),
            (&json!(false), &json!("small"), &json!(300))
        );
        assert_eq!(body["temperature"], json!(0.0));
        let system = body["messages"][0]["content"].as_str().unwrap();
        let told = body["tools"].is_null() && body["response_format"]["type"] != "json_schema";
        assert_eq!(system.contains("JSON Schema"), told, "{system}");
    }
    assert!(
        desk.stub.asked()[0]
            .head
            .contains("authorization: bearer sk-hush")
    );
    assert_eq!(desk.stub.asked()[0].path, "/v1/chat/completions");
}

#[tokio::test]
async fn a_server_that_overlooks_the_shape_is_asked_otherwise() {
    // It takes every parameter, and does what the prompt says.
    let desk = Desk::new(|_, asked| match rung(asked) {
        Rung::Schema => says("Sure! You want a haircut."),
        Rung::Tool => says("I would book a haircut."),
        Rung::Object | Rung::Text => good(),
    })
    .await;
    assert_eq!(desk.hears().await, Ok(acts()));
    assert_eq!(rungs(&desk), [Rung::Schema, Rung::Tool, Rung::Object]);
    assert_eq!(desk.counts.outcomes(), [("ok", 1), ("invalid", 2)]);
    let desk = Desk::new(|_, asked| match rung(asked) {
        Rung::Schema => says(r#"{"service": "haircut"}"#),
        _ => good(),
    })
    .await;
    assert_eq!(
        desk.hears().await,
        Ok(acts()),
        "an object of quite another shape shows it too"
    );
}

#[tokio::test]
async fn a_story_without_an_end_shows_that_the_shape_was_overlooked() {
    let desk = Desk::new(|_, asked| match rung(asked) {
        Rung::Schema => {
            let choice = json!({"message": {"content": "Once upon a time"}, "finish_reason": "length"});
            Does::says(200, &json!({"choices": [choice]}).to_string())
        }
        _ => good(),
    })
    .await;
    assert_eq!(desk.hears().await, Ok(acts()));
    assert_eq!(rungs(&desk), [Rung::Schema, Rung::Tool]);
}

#[tokio::test]
async fn an_empty_answer_is_asked_about_without_an_empty_message() {
    let desk = Desk::new(|n, _| if n == 1 { says(" ") } else { good() }).await;
    assert!(desk.ask().await.is_ok() && desk.ask().await.is_ok());
    let asked = desk.stub.asked();
    let messages = asked[2].body["messages"].as_array().unwrap();
    assert!(
        messages
            .iter()
            .all(|message| message["content"].as_str().unwrap().len() > 1),
        "{messages:?}"
    );
    assert!(
        messages[2]["content"]
            .as_str()
            .unwrap()
            .contains("the answer is empty")
    );
}

#[tokio::test]
async fn a_rung_that_has_worked_is_not_left_for_one_bad_answer() {
    let desk = Desk::new(|n, _| if n == 1 { says("What a nice day!") } else { good() }).await;
    for _ in 0..2 {
        assert_eq!(desk.hears().await, Ok(acts()));
    }
    assert_eq!(rungs(&desk), [Rung::Schema; 3]);
}

#[tokio::test]
async fn a_busy_or_locked_endpoint_says_nothing_about_its_dialect() {
    let refused = "response_format json_schema is not supported";
    let broken = "the engine crashed over response_format json_schema";
    for (status, words) in [
        (401, refused),
        (403, refused),
        (429, refused),
        (502, refused),
        (503, refused),
        (500, broken),
    ] {
        let desk = Desk::new(move |_, _| refuses(status, words)).await;
        assert!(desk.hears().await.is_err());
        assert!(rungs(&desk).iter().all(|rung| *rung == Rung::Schema));
    }
}

#[tokio::test]
async fn a_server_that_breaks_over_what_it_refuses_is_asked_otherwise() {
    let desk = Desk::new(|_, asked| match rung(asked) {
        Rung::Schema => refuses(
            500,
            "1 validation error: ('body', 'response_format', 'type'): Input should be 'text'",
        ),
        _ => good(),
    })
    .await;
    assert_eq!(desk.hears().await, Ok(acts()));
    assert_eq!(desk.counts.outcomes(), [("ok", 1), ("error", 1)]);
    assert_eq!(
        desk.counts.retries(),
        0,
        "it is another question, not the same again"
    );
}

#[tokio::test]
async fn a_parameter_by_another_name_is_learnt() {
    let desk = Desk::new(|_, asked| {
        if asked.body.get("max_tokens").is_some() {
            return refuses(
                400,
                "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
            );
        }
        if asked.body.get("temperature").is_some() {
            return refuses(
                400,
                "Unsupported value: 'temperature' does not support 0.0 with this model.",
            );
        }
        good()
    })
    .await;
    for calls in [3, 4] {
        assert_eq!(desk.hears().await, Ok(acts()));
        assert_eq!(desk.stub.calls(), calls);
    }
    assert_eq!(desk.stub.asked()[3].body["max_completion_tokens"], 300);
    assert_eq!(rungs(&desk), [Rung::Schema; 4]);
}

#[tokio::test]
async fn a_bad_answer_is_mended_once() {
    let desk = Desk::with(
        |n, _| {
            if n == 0 {
                says(&format!("{{\"acts\": {}", "x".repeat(9000)))
            } else {
                good()
            }
        },
        |_| {},
    )
    .await;
    let reply = desk.ask().await.unwrap();
    assert_eq!(reply.value, acts());
    assert_eq!(
        (reply.spent.input_tokens, reply.spent.output_tokens),
        (200, 20),
        "both were billed"
    );
    let sent_back = desk.stub.asked()[1].body["messages"][2]["content"]
        .as_str()
        .unwrap()
        .len();
    assert_eq!(sent_back, 2000, "no more than is needed to mend it");
}

#[tokio::test]
async fn answers_come_in_many_clothes() {
    let text = acts().to_string();
    for message in [
        json!({"content": format!("<think>{{}} or so?</think>\n```json\n{text}\n```")}),
        json!({"content": [{"type": "text", "text": text}]}),
        json!({"content": acts()}),
        json!({"content": null, "tool_calls": [{"function": {"name": "understood", "arguments": acts()}}]}),
        json!({"content": "", "tool_calls": [{"id": 7, "function": {"name": "understood", "arguments": text}}]}),
        json!({"content": text, "refusal": null, "tool_calls": null, "reasoning_content": "hm", "audio": {}}),
        json!({"content": text, "refusal": "", "tool_calls": []}),
    ] {
        let shown = message.clone();
        let desk = Desk::new(move |_, _| completion(&shown)).await;
        assert_eq!(desk.hears().await, Ok(acts()), "{message}");
        assert_eq!(desk.stub.calls(), 1);
    }
}

#[tokio::test]
async fn what_is_left_out_of_an_answer_is_made_up_for() {
    let body = json!({"choices": [{"message": {"content": acts().to_string()}}], "usage": null}).to_string();
    let desk = Desk::new(move |_, _| Does::says(200, &body)).await;
    let reply = desk.ask().await.unwrap();
    assert_eq!((reply.model.as_str(), reply.request_id), ("small", None));
    assert_eq!(reply.spent.output_tokens, 5, "19 characters");
    assert!(
        (100..300).contains(&reply.spent.input_tokens),
        "{:?}",
        reply.spent
    );
}

#[tokio::test]
async fn the_model_and_the_requests_id_are_kept() {
    for name in ["x-request-id", "request-id"] {
        let desk = Desk::new(move |_, _| good().with(name, "req-42")).await;
        let reply = desk.ask().await.unwrap();
        assert_eq!(
            (reply.model.as_str(), reply.request_id.as_deref()),
            ("small-2026", Some("req-42"))
        );
        assert_eq!((reply.spent.input_tokens, reply.spent.output_tokens), (100, 10));
    }
}

#[tokio::test]
async fn a_model_that_cannot_do_it_costs_two_calls_once_that_is_known() {
    let desk = Desk::new(|_, _| says("I am a little teapot.")).await;
    assert_eq!(desk.hears().await, Err(Invalid));
    assert_eq!(
        rungs(&desk),
        [Rung::Schema, Rung::Tool, Rung::Object, Rung::Text, Rung::Text]
    );
    assert_eq!(desk.hears().await, Err(Invalid));
    assert_eq!(rungs(&desk)[5..], [Rung::Text, Rung::Text]);
}

#[tokio::test]
async fn a_refusal_about_something_else_ends_the_matter() {
    let desk = Desk::new(|_, _| refuses(400, "This model's maximum context length is 4096 tokens")).await;
    assert_eq!(desk.hears().await, Err(Error));
    assert_eq!(desk.stub.calls(), 1);
}

#[tokio::test]
async fn the_endpoint_is_told_of_the_trace_and_each_call_is_a_span_of_its_own() {
    let desk = Desk::new(|n, _| if n == 0 { Does::says(503, "busy") } else { good() }).await;
    let salon = business("salon");
    let traced = ChatRequest {
        trace: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            .parse()
            .ok(),
        ..question(&salon)
    };
    desk.client.complete(traced).await.unwrap();
    desk.ask().await.unwrap();
    let asked = desk.stub.asked();
    let told: Vec<_> = asked
        .iter()
        .map(|asked| {
            asked
                .head
                .lines()
                .find_map(|line| line.strip_prefix("traceparent: "))
        })
        .collect();
    let [Some(first), Some(second), None] = told.as_slice() else {
        panic!("{told:?}")
    };
    for told in [first, second] {
        assert!(
            told.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && told.ends_with("-01"),
            "{told}"
        );
    }
    assert_ne!(first, second);
    assert_eq!(asked[0].body, asked[1].body);
}
