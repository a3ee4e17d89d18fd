//! What an endpoint understands of the many dialects of "answer with JSON of this shape", as learnt by asking.
//!
//! The surest way is asked for first. Down the ladder goes only what the endpoint's own words or its answer call for:
//! a refusal that names the feature, or an answer that shows that the feature was overlooked before it ever worked.
//! An endpoint that is busy, away or locked says nothing about its dialect. What is learnt holds until the process
//! ends, for one model at one endpoint.

/// How the shape of the answer is asked for, surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// `response_format` with a strict schema: the server lets nothing else through.
    Schema,
    /// A tool that must be called, whose arguments are the answer.
    Tool,
    /// `response_format` for any JSON object; the schema is told in the prompt.
    Object,
    /// Nothing but the prompt.
    Text,
}

impl Rung {
    /// What it is called in the documentation and to people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "strict schema",
            Self::Tool => "forced tool call",
            Self::Object => "JSON mode",
            Self::Text => "plain text",
        }
    }

    const fn below(self) -> Option<Self> {
        match self {
            Self::Schema => Some(Self::Tool),
            Self::Tool => Some(Self::Object),
            Self::Object => Some(Self::Text),
            Self::Text => None,
        }
    }

    /// Words by which a refusal tells that it is about this.
    const fn named_by(self) -> &'static [&'static str] {
        match self {
            Self::Schema => &[
                "response_format",
                "response format",
                "json_schema",
                "json schema",
                "schema",
                "structured output",
                "grammar",
                "guided",
            ],
            Self::Tool => &["tool", "function"],
            Self::Object => &[
                "response_format",
                "response format",
                "json_object",
                "json mode",
                "json",
            ],
            Self::Text => &[],
        }
    }
}

/// What is known of one model at one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) rung: Rung,
    /// This rung has worked: an answer that overlooks it is the model's mistake, and not the endpoint's way.
    pub(super) proven: bool,
    /// `max_completion_tokens` instead of `max_tokens`.
    pub(super) counts_completion: bool,
    /// A temperature may be given.
    pub(super) takes_temperature: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            rung: Rung::Schema,
            proven: false,
            counts_completion: false,
            takes_temperature: true,
        }
    }
}

/// Words that are about what was asked, and not about how the server is today.
const REFUSING: [&str; 7] = [
    "failed to parse",
    "validation error",
    "not supported",
    "unsupported",
    "not permitted",
    "unrecognized",
    "unknown parameter",
];

impl Dialect {
    /// One rung down, if there is one.
    pub(super) fn down(self) -> Option<Self> {
        let rung = self.rung.below()?;
        Some(Self {
            rung,
            proven: false,
            ..self
        })
    }

    /// The dialect that a refusal calls for: the same request, said otherwise. `None` when it is about something else.
    pub(super) fn after(self, status: u16, complaint: &str) -> Option<Self> {
        let complaint = complaint.to_lowercase();
        let says = |word: &str| complaint.contains(word);
        // Some servers (llama-cpp-python among them) break over what they refuse. A server that breaks says little, so
        // there it must be said in so many words, of something that has never worked.
        let breaks_over_it = || status == 500 && !self.proven && REFUSING.into_iter().any(says);
        if !matches!(status, 400 | 404 | 422 | 501) && !breaks_over_it() {
            return None;
        }
        if !self.counts_completion && says("max_completion_tokens") {
            return Some(Self {
                counts_completion: true,
                ..self
            });
        }
        if self.takes_temperature && says("temperature") {
            return Some(Self {
                takes_temperature: false,
                ..self
            });
        }
        if self.rung.named_by().iter().any(|word| says(word)) {
            return self.down();
        }
        None
    }
}

/// Whether a refusal says that there is no such model.
pub(super) fn lacks_model(status: u16, complaint: &str) -> bool {
    let complaint = complaint.to_lowercase();
    let says = |word: &str| complaint.contains(word);
    let unknown = [
        "not found",
        "not exist",
        "unknown",
        "invalid model",
        "no such",
        "not a valid",
        "not available",
    ];
    says("model") && (status == 404 || status == 400 && unknown.into_iter().any(says))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(rung: Rung) -> Dialect {
        Dialect {
            rung,
            ..Dialect::default()
        }
    }

    #[test]
    fn a_refusal_that_names_the_feature_leads_one_rung_down() {
        use Rung::{Object, Schema, Text, Tool};
        for (rung, status, said, next) in [
            (
                Schema,
                400,
                "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
                Some(Tool),
            ),
            (
                Schema,
                422,
                "Unrecognized request argument supplied: response_format",
                Some(Tool),
            ),
            (Schema, 501, "structured outputs are not implemented", Some(Tool)),
            (
                Schema,
                500,
                "1 validation error: {'loc': ('body', 'response_format', 'type')",
                Some(Tool),
            ),
            (
                Tool,
                400,
                "registry.example/library/tiny does not support tools",
                Some(Object),
            ),
            (
                Tool,
                404,
                "No endpoints found that support tool use",
                Some(Object),
            ),
            (
                Object,
                400,
                "'response_format.type' must be 'json_schema' or 'text'",
                Some(Text),
            ),
            (Text, 400, "response_format", None),
            (
                Schema,
                400,
                "This model's maximum context length is 4096 tokens",
                None,
            ),
            (Schema, 404, "The model `gpt-9` does not exist", None),
            (Schema, 401, "response_format", None),
            (Schema, 429, "response_format", None),
            (
                Schema,
                500,
                "failed to parse grammar of the json_schema",
                Some(Tool),
            ),
        ] {
            assert_eq!(
                on(rung).after(status, said).map(|d| d.rung),
                next,
                "{status} {said}"
            );
        }
    }

    #[test]
    fn a_server_that_breaks_over_what_it_refuses_is_believed_until_the_rung_has_worked() {
        let said = "1 validation error: {'type': 'literal_error', 'loc': ('body', 'response_format', 'type'), \
                    'msg': \"Input should be 'text' or 'json_object'\", 'input': 'json_schema'}";
        let fresh = Dialect::default();
        assert_eq!(fresh.after(500, said).map(|d| d.rung), Some(Rung::Tool));
        let proven = Dialect {
            proven: true,
            ..fresh
        };
        assert_eq!(proven.after(500, said), None);
        assert_eq!(fresh.after(500, "1 validation error in the database"), None);
        assert_eq!(fresh.after(503, said), None);
    }

    #[test]
    fn parameters_that_are_refused_are_said_otherwise_on_the_same_rung() {
        let old = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
        let learnt = Dialect::default().after(400, old).unwrap();
        assert!(learnt.counts_completion && learnt.rung == Rung::Schema);
        assert_eq!(learnt.after(400, old), None, "it was said otherwise already");
        let cold = "Unsupported value: 'temperature' does not support 0 with this model.";
        assert!(!learnt.after(400, cold).unwrap().takes_temperature);
    }

    #[test]
    fn a_model_that_is_missing_is_told_from_a_path_that_is() {
        assert!(lacks_model(404, "The model `x` does not exist."));
        assert!(lacks_model(404, "model \"x\" not found, try pulling it first"));
        assert!(lacks_model(400, "x is not a valid model ID"));
        assert!(!lacks_model(404, "404 page not found"));
        assert!(!lacks_model(
            400,
            "this model's maximum context length is 4096 tokens"
        ));
    }
}
