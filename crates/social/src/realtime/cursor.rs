//! Where a person is in everything that they are told: what a client shows to be told what it has missed.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The form of the text, so that a later one is told apart.
const FORM: u8 = 2;
/// Longest text that is looked at, in bytes: what fits into a frame.
const LONGEST: usize = 64 * 1024;

/// The last event of each conversation, and the last change of a notification, that a person was told of. Conversations
/// from which they have gone are left out when they were told to their end, or the text would grow for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) user_id: i64,
    pub(super) notified: i64,
    /// When they last came into one, in milliseconds since 1970: one that is left out is older than this, or new.
    pub(super) joined: i64,
    pub(super) chats: BTreeMap<i64, i64>,
}

/// Writes a position: opaque text of the characters of base64url.
pub(super) fn write(user_id: i64, notified: i64, joined: i64, chats: &BTreeMap<i64, i64>) -> String {
    let mut bytes = vec![FORM];
    number(&mut bytes, user_id);
    number(&mut bytes, notified);
    number(&mut bytes, joined);
    let mut before = 0;
    for (chat_id, seq) in chats {
        number(&mut bytes, chat_id - before); // ids are in order, and mostly near to each other
        number(&mut bytes, *seq);
        before = *chat_id;
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a position; `None` for what [`write`] has not written.
pub(super) fn read(text: &str) -> Option<Cursor> {
    if text.len() > LONGEST {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let mut rest = bytes.strip_prefix(&[FORM])?;
    let (user_id, notified, joined) = (take(&mut rest)?, take(&mut rest)?, take(&mut rest)?);
    let (mut chats, mut chat_id) = (BTreeMap::new(), 0_i64);
    while !rest.is_empty() {
        let step = take(&mut rest).filter(|step| *step > 0)?;
        chat_id = chat_id.checked_add(step)?;
        chats.insert(chat_id, take(&mut rest)?);
    }
    Some(Cursor { user_id, notified, joined, chats })
}

/// Seven bits a byte, the lowest first (LEB128). What is negative is nowhere; it is written as 0.
fn number(bytes: &mut Vec<u8>, value: i64) {
    let mut value = u64::try_from(value).unwrap_or(0);
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

fn take(rest: &mut &[u8]) -> Option<i64> {
    let mut value = 0_u64;
    for shift in (0..63).step_by(7) {
        let (first, others) = rest.split_first()?;
        *rest = others;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return i64::try_from(value).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Cursor, read, write};

    #[test]
    fn what_is_written_is_read() {
        let maps = [vec![], vec![(1, 0)], vec![(1, 5), (2, 127), (300, 128), (i64::MAX, i64::MAX)]];
        for chats in maps {
            let chats: BTreeMap<i64, i64> = chats.into_iter().collect();
            let text = write(7, 99, 1_700_000_000_000, &chats);
            let cursor = Cursor { user_id: 7, notified: 99, joined: 1_700_000_000_000, chats };
            assert_eq!(read(&text), Some(cursor), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        let cut = write(7, 1_000, 1, &BTreeMap::from([(5, 1_000)]));
        let long = "A".repeat(70_000);
        for text in ["", "x", "!!", "AA", "Ag", "_____w", "AgcA_w", "AQcAAA", &cut[..cut.len() - 1], &long] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
