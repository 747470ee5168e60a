//! Small text tools: globs, words of a script line, queries.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Whether `*` (any run of characters, slashes too) makes the pattern equal to the text.
pub fn glob(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Splits a line at spaces. Double quotes hold words together; inside them `\n`, `\r`, `\t`, `\"` and `\\` mean what
/// they usually do.
pub fn split(line: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut open, mut quoted) = (Vec::new(), String::new(), false, false);
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => (open, quoted) = (true, !quoted),
            '\\' if quoted => word.push(match chars.next() {
                Some('n') => '\n',
                Some('r') => '\r',
                Some('t') => '\t',
                Some(c @ ('"' | '\\')) => c,
                other => return Err(format!("unknown escape {other:?} in {line:?}")),
            }),
            c if c.is_whitespace() && !quoted => {
                if std::mem::take(&mut open) {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => {
                open = true;
                word.push(c);
            }
        }
    }
    if quoted {
        return Err(format!("unclosed quote in {line:?}"));
    }
    if open {
        words.push(word);
    }
    Ok(words)
}

/// The values of a key in a query or a form, decoded.
pub fn values(query: &str, key: &str) -> Vec<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(k, _)| decode(k) == key).map(|(_, v)| decode(v)).collect()
}

/// Undoes percent encoding and `+`.
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let hex = text.get(at + 1..at + 3).and_then(|h| u8::from_str_radix(h, 16).ok());
        match (bytes[at], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 2;
            }
            (b'+', _) => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The Authorization header of a login.
pub fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}
