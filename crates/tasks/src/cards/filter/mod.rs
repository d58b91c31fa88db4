//! The language that cards are filtered by, as people write it:
//!
//! ```text
//! assignee:me,ann label:bug -label:"needs info" priority:>=high due:2026-10-01..2026-10-31 payment fails
//! ```
//!
//! Terms are separated by spaces, and a card fits when all of them hold. `-` in front of a term turns it around; of
//! several values with commas between them one must hold. What names no field is looked for in title and description: a
//! word, or a phrase in quotation marks.
//!
//! ```text
//! filter     = { space } , [ term , { space , { space } , term } , { space } ] ;
//! term       = [ "-" ] , ( field , ":" , values | quoted | word ) ;
//! field      = letter , { letter | digit | "_" | "-" } ;
//! values     = value , { "," , value } ;
//! value      = quoted | plain ;
//! quoted     = '"' , { character - ( '"' | "\" ) | "\" , [ '"' | "\" ] } , '"' ;
//! plain      = character - space - "," - '"' , { character - space - "," - '"' } ;
//! word       = character - space - "-" - '"' , { character - space - '"' } ;
//!              (* not of the form field , ":" , … *)
//!
//! (* What is in a value, by field *)
//! range      = [ sign ] , unit | [ unit ] , ".." , [ unit ] ;   (* one of the units at least *)
//! sign       = ">" | ">=" | "<" | "<=" ;
//! day        = "today" | "tomorrow" | "yesterday" | YYYY-MM-DD | RFC 3339 ;
//! ```
//!
//! | field | values | |
//! |---|---|---|
//! | `assignee` | user names, `me`, `none` | who works on it |
//! | `label` | names, `none` | |
//! | `column` | names | where it stands |
//! | `priority` | ranges of `none`, `low`, `medium`, `high`, `urgent` | `none` is the lowest |
//! | `due`, `start` | ranges of days, `none` | |
//! | `created` | ranges of days | |
//! | `estimate` | ranges of whole numbers from 0 to 1000, `none` | |
//! | `number` | whole numbers from 1 | of the card, in its project |
//! | `is` | `archived`, `open`, `done`, `overdue`, `unassigned` | |
//! | `has` | `due`, `estimate`, `label`, `comment`, `attachment`, `checklist` | |
//!
//! - Fields and words of the language may be written in capital letters, and names are compared as their neighbours are.
//! - In quotation marks, `\"` and `\\` stand for `"` and `\`; another `\` stands for itself. A name in quotation marks is
//!   always a name: `label:"none"` is the label that is called so.
//! - Days are those of UTC, and a range has both of its ends: `due:2026-10-01..2026-10-31` is all of October, `due:<today`
//!   is until the end of yesterday, `due:>2026-10-31` from the first of November on. What has none fits no range.
//! - A word with a colon behind letters is refused when it is no field, rather than looked for: most often it is one that
//!   was misspelt. `"https://a.example"` is looked for. `12:30` is a word: no field begins with a digit.
//! - At most 500 characters, 30 terms, and 20 values a term; no control characters.
//!
//! Further examples: `column:"In progress" is:overdue`, `estimate:none,>8`, `-has:label,comment` (neither of them),
//! `created:yesterday..`, `assignee:none priority:urgent "payment fails"`, `is:done,archived number:12,15`.
//!
//! Nothing here knows a database: it makes a [`Filter`] of a text, or tells all terms that are wrong, each with where it
//! stands and what would be right.

mod bounds;
mod days;
mod fields;
mod terms;
#[cfg(test)]
mod tests;
pub(crate) mod tree;

use poligon_common::{FieldError, Refused};
use poligon_core::db::Timestamp;

pub(crate) use self::tree::{Condition, Filter, Term};

/// Most characters of a filter.
pub(crate) const LONGEST: usize = 500;
/// Most terms of a filter.
pub(crate) const MOST_TERMS: usize = 30;
/// Most values of a term.
pub(crate) const MOST_VALUES: usize = 20;
/// Characters of a wrong term that are repeated to whoever wrote it.
const SHOWN: usize = 40;

impl Filter {
    /// Reads a filter; `now` decides which day is today.
    ///
    /// # Errors
    ///
    /// One for each term that is wrong, in order, for the field `/filter`. Of a text that is too long nothing else is
    /// told, and nothing of terms behind the thirtieth.
    ///
    /// | code | |
    /// |---|---|
    /// | `length` | more than 500 characters |
    /// | `too_many_terms` | more than 30 terms |
    /// | `max_items` | more than 20 values of a term |
    /// | `characters` | control characters |
    /// | `unbalanced_quote` | a quotation mark that does not enclose a whole value, or does not end |
    /// | `empty_value` | nothing where a value should be |
    /// | `unknown_field` | no such field |
    /// | `unknown_value` | a value that the field does not have |
    /// | `date` | no day |
    /// | `range` | a number out of bounds, or a range that holds nothing |
    pub(crate) fn parse(text: &str, now: Timestamp) -> Result<Self, Vec<FieldError>> {
        let length = text.chars().count();
        if length > LONGEST {
            let message = format!("must be at most {LONGEST} characters, and has {length}");
            return Err(vec![FieldError::new("/filter", "length", message)]);
        }
        let (mut terms, mut errors) = (Vec::new(), Vec::new());
        for (place, (at, written)) in terms::cut(text).enumerate() {
            if place == MOST_TERMS {
                let refused = Refused::new("too_many_terms", format!("there must be at most {MOST_TERMS} terms"));
                errors.push(told(at, written, &refused));
                break;
            }
            match read(written, now) {
                Ok(term) => terms.push(term),
                Err(refused) => errors.push(told(at, written, &refused)),
            }
        }
        if errors.is_empty() { Ok(Self { terms }) } else { Err(errors) }
    }
}

fn read(written: &str, now: Timestamp) -> Result<Term, Refused> {
    let (negated, subject) = terms::read(written)?;
    let condition = match subject {
        terms::Subject::Word(word) => Condition::Word(word),
        terms::Subject::Phrase(phrase) => Condition::Phrase(phrase),
        terms::Subject::Field(name, values) => fields::condition(&name, &values, now)?,
    };
    Ok(Term { negated, condition })
}

/// What is wrong with the term that begins at this character, from 1.
fn told(at: usize, written: &str, refused: &Refused) -> FieldError {
    let mut shown: String = written.chars().take(SHOWN).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if written.chars().count() > SHOWN {
        shown.push('…');
    }
    FieldError::new("/filter", refused.code, format!("`{shown}` at character {at}: {}", refused.message))
}
