//! How something is named in an address: by its id or by its slug.

use std::str::FromStr;

use poligon_common::Id;

/// An id or a slug.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    /// By its id.
    Id(i64),
    /// By its slug.
    Slug(String),
}

impl FromStr for Named {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text.bytes().all(|b| b.is_ascii_digit()) {
            return text.parse::<Id>().map(|id| Self::Id(id.0));
        }
        if text.len() > 96 { Err(()) } else { Ok(Self::Slug(text.to_owned())) }
    }
}

/// The first of `wanted`, `wanted-2`, `wanted-3`, … that is free, by few looks: where all up to a number are taken, those
/// below it are not looked at. To be asked under a lock, so that it is free still when it is taken.
pub(crate) fn first_free<E>(wanted: &str, mut is_taken: impl FnMut(&str) -> Result<bool, E>) -> Result<String, E> {
    let named = |n: u64| if n == 1 { wanted.to_owned() } else { format!("{wanted}-{n}") };
    let (mut taken, mut free) = (0, 1);
    while is_taken(&named(free))? {
        (taken, free) = (free, free * 2);
    }
    while free - taken > 1 {
        let middle = taken + (free - taken) / 2;
        if is_taken(&named(middle))? { taken = middle } else { free = middle }
    }
    Ok(named(free))
}

#[cfg(test)]
mod tests {
    use super::{Named, first_free};

    #[test]
    fn a_number_is_an_id_and_anything_else_a_slug() {
        assert_eq!("17".parse(), Ok(Named::Id(17)));
        assert_eq!("017".parse::<Named>(), Err(()));
        assert_eq!("99999999999999999999".parse::<Named>(), Err(()));
        assert_eq!("top-17".parse(), Ok(Named::Slug("top-17".to_owned())));
        assert_eq!("a".repeat(97).parse::<Named>(), Err(()));
    }

    #[test]
    fn slugs_are_numbered_from_two() {
        let free = |most: u64| {
            let mut looks = 0;
            let found = first_free("a", |slug| {
                looks += 1;
                let number = if slug == "a" { 1 } else { slug[2..].parse::<u64>().unwrap() };
                Ok::<_, ()>(number <= most)
            });
            (found.unwrap(), looks)
        };
        assert_eq!(free(0), ("a".to_owned(), 1));
        assert_eq!(free(1), ("a-2".to_owned(), 2));
        for most in 2..100 {
            assert_eq!(free(most).0, format!("a-{}", most + 1));
        }
        assert!(free(100_000).1 < 50, "few looks");
    }
}
