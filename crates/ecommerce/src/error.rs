//! Every refusal of this domain.

use poligon_common::FieldError;
use poligon_common::problem::{Kind, Problem, kinds as common};
use poligon_core::db::{DbError, FromDb};

poligon_common::problem_kinds! {
    SLUG_TAKEN = 409, "slug_taken", "Slug taken", "Something else has this slug. Choose another, or leave it out to have one made.";
    SKU_TAKEN = 409, "sku_taken", "SKU taken", "Another variant has this SKU.";
    CATEGORY_CYCLE = 409, "category_cycle", "Category cycle", "A category cannot stand below itself.";
    CATEGORY_TOO_DEEP = 409, "category_too_deep", "Category too deep", "The tree of categories has at most eight levels.";
    CATEGORY_IN_USE = 409, "category_in_use", "Category in use", "The category has products or other categories in it. Move them first.";
    LAST_VARIANT = 409, "last_variant", "Last variant", "A product has at least one variant. Archive the product instead.";
    STOCK_TOO_LOW = 409, "stock_too_low", "Stock too low", "Less would be on hand than is reserved for orders.";
    STOCK_NOT_TRACKED = 409, "stock_not_tracked", "Stock not tracked", "This variant is always in stock: nothing is counted for it.";
    // Pictures and CSV.
    // Reviews.
    // Shipping methods.
    COUNTRY_TAKEN = 409, "country_taken", "Country taken", "Another shipping zone has the country: a country stands in one zone. Take it out there first.";
    SHIPPING_CODE_TAKEN = 409, "shipping_code_taken", "Shipping code taken", "Another shipping method of the zone has this code.";
    TOO_MANY_METHODS = 409, "too_many_methods", "Too many methods", "A shipping zone has at most twenty methods. Remove one first.";
    // Carts and coupons.
    // Orders and returns.
    // Payments.
    // Shipments.
}

/// Why this domain did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another category or product has the slug.
    #[error("the slug {0} is taken")]
    SlugTaken(String),
    /// Another variant has the SKU.
    #[error("the SKU {0} is taken")]
    SkuTaken(String),
    /// A category below itself.
    #[error("the category would stand below itself")]
    CategoryCycle,
    /// More levels than the tree may have.
    #[error("the tree of categories would have more than {0} levels")]
    CategoryTooDeep(usize),
    /// Something is in the category.
    #[error("the category has {products} products and {categories} categories in it")]
    CategoryInUse {
        /// Products of the category itself.
        products: i64,
        /// Categories right below it.
        categories: i64,
    },
    /// Nothing would be left to buy.
    #[error("this is the last variant of its product")]
    LastVariant,
    /// Less on hand than reserved.
    #[error("{on_hand} are on hand, of which {reserved} are reserved")]
    StockTooLow {
        /// Pieces on hand.
        on_hand: i64,
        /// Pieces reserved.
        reserved: i64,
    },
    /// Nothing is counted.
    #[error("the stock of this variant is not tracked")]
    StockNotTracked,
    // Pictures and CSV.
    // Reviews.
    // Shipping methods.
    /// Another zone has these countries.
    #[error("another shipping zone has {}", .0.join(", "))]
    CountryTaken(Vec<String>),
    /// Another method of the zone has the code.
    #[error("another shipping method of the zone has the code {0}")]
    ShippingCodeTaken(String),
    /// More methods than a zone may have.
    #[error("the shipping zone has {0} methods already")]
    TooManyMethods(i64),
    // Carts and coupons.
    // Orders and returns.
    // Payments.
    // Shipments.
    /// A refused move between states: from, to.
    #[error("a product that is {0} cannot become {1}")]
    InvalidTransition(&'static str, &'static str),
    /// `If-Match` names an older version.
    #[error("the object has changed since it was read")]
    Stale,
    /// No such object, or none that the caller may know of.
    #[error("there is no such object")]
    NotFound,
    /// Fields that only the database could check.
    #[error("{}", .0.iter().map(|field| field.message.as_str()).collect::<Vec<_>>().join("; "))]
    Fields(Vec<FieldError>),
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Error {
    /// One wrong field.
    pub(crate) fn field(pointer: &str, code: &str, message: &str) -> Self {
        Self::Fields(vec![FieldError::new(pointer, code, message)])
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::Db(error.into())
    }
}

impl FromDb for Error {
    fn db(&self) -> Option<&DbError> {
        match self {
            Self::Db(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let kind: &'static Kind = match error {
            Error::SlugTaken(_) => &SLUG_TAKEN,
            Error::SkuTaken(_) => &SKU_TAKEN,
            Error::CategoryCycle => &CATEGORY_CYCLE,
            Error::CategoryTooDeep(_) => &CATEGORY_TOO_DEEP,
            Error::CategoryInUse { .. } => &CATEGORY_IN_USE,
            Error::LastVariant => &LAST_VARIANT,
            Error::StockTooLow { .. } => &STOCK_TOO_LOW,
            Error::StockNotTracked => &STOCK_NOT_TRACKED,
            // Pictures and CSV.
            // Reviews.
            // Shipping methods.
            Error::CountryTaken(_) => &COUNTRY_TAKEN,
            Error::ShippingCodeTaken(_) => &SHIPPING_CODE_TAKEN,
            Error::TooManyMethods(_) => &TOO_MANY_METHODS,
            // Carts and coupons.
            // Orders and returns.
            // Payments.
            // Shipments.
            Error::InvalidTransition(..) => &common::INVALID_TRANSITION,
            Error::Stale => &common::PRECONDITION_FAILED,
            Error::NotFound => &common::NOT_FOUND,
            Error::Fields(wrong) => return Self::invalid(wrong),
            Error::Db(error) => return error.into(),
        };
        let problem = Self::new(kind).detail(error.to_string());
        match error {
            Error::InvalidTransition(from, to) => problem.with("from", from).with("to", to),
            _ => problem,
        }
    }
}
