//! From a text to its terms: what stands between spaces, quotation marks, colons and commas.

use poligon_common::Refused;
use unicode_normalization::UnicodeNormalization as _;

use super::MOST_VALUES;

/// What a term is about.
pub(super) enum Subject {
    Word(String),
    Phrase(String),
    /// The name of a field in small letters, and its values: one at least.
    Field(String, Vec<Value>),
}

/// A value of a field, in normalisation form C and without spaces around it; never empty.
pub(super) struct Value {
    pub(super) text: String,
    /// Whether it stood in quotation marks.
    pub(super) quoted: bool,
}

impl Value {
    fn of(text: &str, quoted: bool) -> Result<Self, Refused> {
        let text: String = text.trim().nfc().collect();
        if text.is_empty() {
            return Err(empty("there must be a value behind each colon and comma, without a space"));
        }
        Ok(Self { text, quoted })
    }

    /// Whether it is this word of the language.
    pub(super) fn is(&self, word: &str) -> bool {
        !self.quoted && self.text.eq_ignore_ascii_case(word)
    }
}

/// The terms of a text as they are written, each with the place of its first character, from 1. Within quotation marks
/// spaces separate nothing; what has no closing mark goes to the end.
pub(super) fn cut(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let (mut quoted, mut escaped) = (false, false);
    // Each character is looked at once, in order.
    let parts = text.split(move |c: char| {
        if c == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = quoted && c == '\\' && !escaped;
        !quoted && c.is_whitespace()
    });
    let mut next = 1;
    let placed = parts.map(move |part| {
        let at = next;
        next += part.chars().count() + 1;
        (at, part)
    });
    placed.filter(|(_, part)| !part.is_empty())
}

/// A term: whether it is turned around, and what it is about.
pub(super) fn read(term: &str) -> Result<(bool, Subject), Refused> {
    if term.contains(char::is_control) {
        return Err(Refused::new("characters", "there must be no control characters"));
    }
    let (negated, rest) = term.strip_prefix('-').map_or((false, term), |rest| (true, rest));
    if negated && (rest.is_empty() || rest.starts_with('-')) {
        return Err(empty(
            "one - stands directly before what it turns around, and in quotation marks if it is looked for",
        ));
    }
    let subject = match rest.split_once(':') {
        Some((field, rest)) if is_field(field) => Subject::Field(field.to_lowercase(), values(rest)?),
        _ => match value(rest, None)? {
            (phrase, None) if phrase.quoted => Subject::Phrase(phrase.text),
            (word, None) => Subject::Word(word.text),
            (_, Some(_)) => return Err(unbalanced("a phrase in quotation marks is followed by a space")),
        },
    };
    Ok((negated, subject))
}

fn is_field(name: &str) -> bool {
    name.starts_with(char::is_alphabetic) && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}

fn values(text: &str) -> Result<Vec<Value>, Refused> {
    let (mut values, mut rest) = (Vec::new(), Some(text));
    while let Some(text) = rest {
        if values.len() == MOST_VALUES {
            return Err(Refused::new("max_items", format!("there must be at most {MOST_VALUES} values")));
        }
        let (value, behind) = value(text, Some(','))?;
        values.push(value);
        rest = behind;
    }
    Ok(values)
}

/// The value that a text begins with, and what stands behind the `comma` after it.
fn value(text: &str, comma: Option<char>) -> Result<(Value, Option<&str>), Refused> {
    let Some(inner) = text.strip_prefix('"') else {
        let (plain, behind) = match comma.and_then(|comma| text.split_once(comma)) {
            Some((plain, behind)) => (plain, Some(behind)),
            None => (text, None),
        };
        if plain.contains('"') {
            return Err(unbalanced("quotation marks stand around the whole value; within them \\\" is one"));
        }
        return Ok((Value::of(plain, false)?, behind));
    };
    let Some((quoted, after)) = unquoted(inner) else {
        return Err(unbalanced("there must be a closing quotation mark"));
    };
    let behind = match (after.is_empty(), comma.and_then(|comma| after.strip_prefix(comma))) {
        (true, _) => None,
        (false, Some(behind)) => Some(behind),
        (false, None) => {
            return Err(unbalanced("behind a closing quotation mark stands a space, or a comma and a value"));
        }
    };
    Ok((Value::of(&quoted, true)?, behind))
}

/// What stands before the closing quotation mark, and what is behind it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let (mut out, mut rest) = (String::new(), text.chars());
    loop {
        match rest.next()? {
            '"' => return Some((out, rest.as_str())),
            '\\' => {
                // Looks ahead: of other characters a backslash is only the neighbour.
                let mut ahead = rest.clone();
                match ahead.next() {
                    Some(c @ ('"' | '\\')) => {
                        out.push(c);
                        rest = ahead;
                    }
                    _ => out.push('\\'),
                }
            }
            c => out.push(c),
        }
    }
}

fn empty(message: &str) -> Refused {
    Refused::new("empty_value", message)
}

fn unbalanced(message: &str) -> Refused {
    Refused::new("unbalanced_quote", message)
}
