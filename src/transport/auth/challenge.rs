//! `WWW-Authenticate` (RFC 9110, section 11.6.1): a list of challenges, each a scheme with parameters.
//!
//! Registries send several lines, several challenges in a line, commas in quoted strings and values without quotes, so
//! this is a real parser of the grammar and no pattern search.

use ::http::HeaderMap;
use ::http::header::WWW_AUTHENTICATE;

use crate::limits;

/// What a registry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Challenge {
    /// User and password in each request.
    Basic,
    /// A token from a token service (distribution spec, auth/token).
    Bearer {
        /// The token service, not yet checked.
        realm: String,
        /// The service's name for the registry; empty if it named none.
        service: String,
        /// What the token must allow; empty if it did not say.
        scope: String,
    },
}

impl Challenge {
    /// The challenges in `headers` that can be answered, the better ones first: Bearer before Basic, unknown schemes passed
    /// over.
    pub fn all(headers: &HeaderMap) -> Vec<Self> {
        let (mut bearer, mut basic) = (Vec::new(), Vec::new());
        let mut left = limits::CHALLENGE;
        for value in headers.get_all(WWW_AUTHENTICATE) {
            let Some(rest) = left.checked_sub(value.len()) else { return Vec::new() };
            left = rest;
            // Quoted strings may hold ISO 8859-1; what we need of them is ASCII.
            for Parsed { scheme, parameters } in parse(&String::from_utf8_lossy(value.as_bytes())) {
                let parameter =
                    |name: &str| parameters.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.clone());
                if scheme.eq_ignore_ascii_case("basic") {
                    basic = vec![Self::Basic];
                } else if scheme.eq_ignore_ascii_case("bearer")
                    && let Some(realm) = parameter("realm")
                {
                    bearer.push(Self::Bearer {
                        realm,
                        service: parameter("service").unwrap_or_default(),
                        scope: parameter("scope").unwrap_or_default(),
                    });
                }
            }
        }
        bearer.append(&mut basic);
        bearer
    }
}

/// One challenge as written.
#[derive(Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The scheme's name.
    pub scheme: String,
    /// Names and values, quotes and escapes removed.
    pub parameters: Vec<(String, String)>,
}

/// Reads one header value; what follows a violation of the grammar is left out.
pub fn parse(text: &str) -> Vec<Parsed> {
    let mut scanner = Scanner { rest: text };
    let mut found: Vec<Parsed> = Vec::new();
    loop {
        scanner.skip(|c| c == ',' || is_space(c));
        let Some(name) = scanner.token() else { return found };
        // A name with "=" is a parameter of the challenge before it; without, it is the next scheme. Space around "="
        // is "bad whitespace", which a recipient must read over.
        let behind_name = scanner.rest;
        scanner.skip(is_space);
        let value = if scanner.eat('=') {
            scanner.skip(is_space);
            scanner.value()
        } else {
            scanner.rest = behind_name;
            None
        };
        match (value, found.last_mut()) {
            (Some(value), Some(challenge)) => challenge.parameters.push((name.to_owned(), value)),
            // A parameter that belongs to nothing.
            (Some(_), None) => return found,
            (None, _) if scanner.rest.starts_with('=') => return found,
            (None, _) => {
                found.push(Parsed { scheme: name.to_owned(), parameters: Vec::new() });
                scanner.token68();
            }
        }
    }
}

struct Scanner<'a> {
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    fn skip(&mut self, skipped: impl Fn(char) -> bool) {
        self.rest = self.rest.trim_start_matches(skipped);
    }

    fn eat(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn token(&mut self) -> Option<&'a str> {
        let end = self.rest.find(|c| !is_token(c)).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!token.is_empty()).then_some(token)
    }

    /// A quoted string or a token; unquoted values may hold `/` and `:`, as in `realm=https://…` (regclient#265).
    fn value(&mut self) -> Option<String> {
        if !self.eat('"') {
            let end = self.rest.find(|c: char| c == ',' || c == '"' || is_space(c)).unwrap_or(self.rest.len());
            let (value, rest) = self.rest.split_at(end);
            self.rest = rest;
            return Some(value.to_owned());
        }
        let mut value = String::new();
        let mut characters = self.rest.char_indices();
        while let Some((at, c)) = characters.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Some(value);
                }
                '\\' => value.push(characters.next()?.1),
                c => value.push(c),
            }
        }
        // No closing quote: nothing after it can be trusted.
        self.rest = "";
        None
    }

    /// Passes over `Negotiate YII=` and the like: the one argument of schemes that have no parameters.
    fn token68(&mut self) {
        let before = self.rest;
        self.skip(is_space);
        let end = self.rest.find(|c: char| c == ',' || is_space(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        let padding = word.trim_end_matches('=');
        let is_argument = !padding.is_empty() && !padding.contains(['=', '"']);
        let next = rest.trim_start_matches(is_space);
        if is_argument && (next.is_empty() || next.starts_with(',')) {
            self.rest = rest;
        } else {
            self.rest = before;
        }
    }
}

fn is_space(c: char) -> bool {
    c == ' ' || c == '\t'
}

/// RFC 9110, section 5.6.2.
fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}
