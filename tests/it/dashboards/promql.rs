//! As much of PromQL as tells which series a query is about: names of metrics, what their labels must be, and by what
//! is grouped. It knows no arithmetic, and takes what it does not know for the name of a metric, so that nothing slips
//! through.

/// What a query asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    pub selectors: Vec<Selector>,
    /// Labels that something is grouped or matched by.
    pub labels: Vec<String>,
}

/// Series of one metric.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Selector {
    pub metric: String,
    pub matchers: Vec<Matcher>,
}

/// What a label must be, or must not be. A regular expression is a list of words here.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Matcher {
    pub label: String,
    pub values: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(char),
}

/// Words before a list of labels.
const GROUPING: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];
const OPERATORS: [&str; 5] = ["and", "or", "unless", "bool", "offset"];

fn is_grouping(token: &Token) -> bool {
    matches!(token, Token::Word(word) if GROUPING.contains(&word.as_str()))
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(&c) = rest.peek() {
        if c.is_ascii_alphabetic() || matches!(c, '_' | ':' | '$') {
            let mut word = String::new();
            while let Some(c) = rest.next_if(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '$')) {
                word.push(c);
            }
            tokens.push(Token::Word(word));
        } else if c.is_ascii_digit() {
            // A number or a duration.
            while rest.next_if(|c| c.is_ascii_alphanumeric() || *c == '.').is_some() {}
        } else if c == '"' {
            rest.next();
            let text: String = rest.by_ref().take_while(|c| *c != '"').collect();
            tokens.push(Token::Text(text));
        } else {
            rest.next();
            if !c.is_whitespace() {
                tokens.push(Token::Sign(c));
            }
        }
    }
    tokens
}

/// Reads a query.
pub(super) fn read(text: &str) -> Query {
    let tokens = tokens(text);
    let mut query = Query::default();
    let mut rest = tokens.iter().peekable();
    let sign = |token: Option<&&Token>, sign| token.is_some_and(|token| **token == Token::Sign(sign));
    while let Some(token) = rest.next() {
        match token {
            // A range: `[5m]`, `[$__rate_interval]`.
            Token::Sign('[') => while rest.next().is_some_and(|token| *token != Token::Sign(']')) {},
            token @ Token::Word(_) if is_grouping(token) => {
                assert_eq!(rest.next(), Some(&Token::Sign('(')), "{text}");
                for token in rest.by_ref().take_while(|token| **token != Token::Sign(')')) {
                    if let Token::Word(label) = token {
                        query.labels.push(label.clone());
                    }
                }
            }
            Token::Word(word) if OPERATORS.contains(&word.as_str()) => {}
            // A function, or an aggregation whose labels follow.
            Token::Word(_) if sign(rest.peek(), '(') || rest.peek().is_some_and(|next| is_grouping(next)) => {
            }
            Token::Word(metric) => {
                let mut selector = Selector {
                    metric: metric.clone(),
                    matchers: Vec::new(),
                };
                if sign(rest.peek(), '{') {
                    rest.next();
                    let inside: Vec<&Token> = rest
                        .by_ref()
                        .take_while(|token| **token != Token::Sign('}'))
                        .collect();
                    selector.matchers = matchers(&inside, text);
                }
                query.selectors.push(selector);
            }
            Token::Text(_) | Token::Sign(_) => {}
        }
    }
    query
}

fn matchers(inside: &[&Token], text: &str) -> Vec<Matcher> {
    let mut found = Vec::new();
    for part in inside
        .split(|token| **token == Token::Sign(','))
        .filter(|part| !part.is_empty())
    {
        let (Some(Token::Word(label)), Some(Token::Text(value))) = (part.first(), part.last()) else {
            panic!("a matcher that cannot be read in {text}");
        };
        let is_pattern = part.contains(&&Token::Sign('~'));
        let values = if is_pattern {
            value.split('|').map(str::to_owned).collect()
        } else {
            vec![value.clone()]
        };
        found.push(Matcher {
            label: label.clone(),
            values,
        });
    }
    found
}

#[test]
fn a_query_is_read_for_what_it_is_about() {
    let text = r#"histogram_quantile(0.95, sum by (le, stage) (rate(a_bucket{job="x", stage=~"wait|total"}[5m]))) > 1 and ignoring (kind) b{kind!="c"} / d"#;
    let matcher = |label: &str, values: &[&str]| Matcher {
        label: label.to_owned(),
        values: values.iter().map(|&value| value.to_owned()).collect(),
    };
    let selector = |metric: &str, matchers| Selector {
        metric: metric.to_owned(),
        matchers,
    };
    assert_eq!(
        read(text),
        Query {
            selectors: vec![
                selector(
                    "a_bucket",
                    vec![matcher("job", &["x"]), matcher("stage", &["wait", "total"])]
                ),
                selector("b", vec![matcher("kind", &["c"])]),
                selector("d", vec![]),
            ],
            labels: vec!["le".to_owned(), "stage".to_owned(), "kind".to_owned()],
        }
    );
}
