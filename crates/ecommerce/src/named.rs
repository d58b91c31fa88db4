//! Values by name: the attributes of a product, the options of a variant; and how a patch changes them (RFC 7396).

use std::collections::BTreeMap;

use poligon_common::Refused;
use poligon_common::input::Line;

/// Values by name, as they are stored.
pub(crate) type Named = BTreeMap<String, String>;

/// Checks names (1 to 50 characters) and values (1 to `LONGEST`) of a map with at most `MOST` members.
pub(crate) fn named_values<const MOST: usize, const LONGEST: usize>(
    given: Named,
    what: &str,
) -> Result<Named, Refused> {
    few_enough(given.len(), MOST, what)?;
    given
        .into_iter()
        .map(|(name, value)| Ok((Line::<1, 50>::try_from(name)?.0, Line::<1, LONGEST>::try_from(value)?.0)))
        .collect()
}

fn few_enough(count: usize, most: usize, what: &str) -> Result<(), Refused> {
    if count <= most { Ok(()) } else { Err(Refused::new("max_items", format!("must have at most {most} {what}"))) }
}

/// How values by name are to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// They shall be these.
    Whole(Named),
    /// The named ones shall be these, or go; the others stay.
    Merged(BTreeMap<String, Option<String>>),
}

impl Change {
    /// A patch as a client gives it, checked for itself.
    pub(crate) fn of_patch<const MOST: usize, const LONGEST: usize>(
        given: BTreeMap<String, Option<String>>,
        what: &str,
    ) -> Result<Self, Refused> {
        // Twice as many, so that all of them can be replaced by others at once.
        few_enough(given.len(), 2 * MOST, what)?;
        let member = |(name, value): (String, Option<String>)| {
            let value = value.map(Line::<1, LONGEST>::try_from).transpose()?;
            Ok((Line::<1, 50>::try_from(name)?.0, value.map(|line| line.0)))
        };
        Ok(Self::Merged(given.into_iter().map(member).collect::<Result<_, Refused>>()?))
    }

    /// What `before` becomes by it, with at most `most` members.
    pub(crate) fn apply(&self, before: Named, most: usize, what: &str) -> Result<Named, Refused> {
        let after = match self {
            Self::Whole(after) => after.clone(),
            Self::Merged(patch) => merged(before, patch),
        };
        few_enough(after.len(), most, what)?;
        Ok(after)
    }
}

fn merged(mut values: Named, patch: &BTreeMap<String, Option<String>>) -> Named {
    for (name, value) in patch {
        match value {
            Some(value) => values.insert(name.clone(), value.clone()),
            None => values.remove(name),
        };
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(values: &[(&str, &str)]) -> Named {
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_patch_sets_what_it_names_takes_away_what_is_null_and_leaves_the_rest() {
        let given = BTreeMap::from([("a".to_owned(), Some("2".to_owned())), ("b".to_owned(), None)]);
        let patch = Change::of_patch::<3, 10>(given, "things").unwrap();
        let before = named(&[("a", "1"), ("b", "1"), ("c", "1")]);
        assert_eq!(patch.apply(before, 3, "things").unwrap(), named(&[("a", "2"), ("c", "1")]));
    }

    #[test]
    fn what_comes_of_a_patch_is_limited() {
        let given = BTreeMap::from([("d".to_owned(), Some("1".to_owned()))]);
        let patch = Change::of_patch::<3, 10>(given, "things").unwrap();
        let refused = patch.apply(named(&[("a", "1"), ("b", "1"), ("c", "1")]), 3, "things").unwrap_err();
        assert_eq!(refused.code, "max_items");
        let replaced = Change::Whole(named(&[("x", "1")]));
        assert_eq!(replaced.apply(named(&[("a", "1")]), 3, "things").unwrap(), named(&[("x", "1")]));
    }
}
