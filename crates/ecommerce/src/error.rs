//! Every refusal of this domain.

use poligon_common::problem::{Kind, Problem, kinds as common};
use poligon_common::{FieldError, Refused};
use poligon_core::db::{DbError, FromDb};

poligon_common::problem_kinds! {
    SLUG_TAKEN = 409, "slug_taken", "Slug taken", "Something else has this slug. Choose another, or leave it out to have one made.";
    SKU_TAKEN = 409, "sku_taken", "SKU taken", "Another variant has this SKU.";
    CATEGORY_CYCLE = 409, "category_cycle", "Category cycle", "A category cannot stand below itself.";
    CATEGORY_TOO_DEEP = 409, "category_too_deep", "Category too deep", "The tree of categories has at most eight levels.";
    CATEGORY_IN_USE = 409, "category_in_use", "Category in use", "The category has products, other categories or coupons in it. Move them first.";
    LAST_VARIANT = 409, "last_variant", "Last variant", "A product has at least one variant. Archive the product instead.";
    STOCK_TOO_LOW = 409, "stock_too_low", "Stock too low", "Less would be on hand than is reserved for orders.";
    STOCK_NOT_TRACKED = 409, "stock_not_tracked", "Stock not tracked", "This variant is always in stock: nothing is counted for it.";
    // Pictures and CSV.
    TOO_MANY_IMAGES = 409, "too_many_images", "Too many images", "A product has at most 20 pictures. Remove one first.";
    // Reviews.
    REVIEW_EXISTS = 409, "review_exists", "Review exists", "You have reviewed this product already. Change that review instead.";
    NOT_AUTHOR = 403, "not_author", "Not the author", "Only the author of a review changes it, and only they and moderators remove it.";
    OWN_REVIEW = 409, "own_review", "Own review", "Nobody votes on a review of their own.";
    // Shipping methods.
    COUNTRY_TAKEN = 409, "country_taken", "Country taken", "Another shipping zone has the country: a country stands in one zone. Take it out there first.";
    SHIPPING_CODE_TAKEN = 409, "shipping_code_taken", "Shipping code taken", "Another shipping method of the zone has this code.";
    TOO_MANY_METHODS = 409, "too_many_methods", "Too many methods", "A shipping zone has at most twenty methods. Remove one first.";
    // Carts and coupons.
    COUPON_CODE_TAKEN = 409, "coupon_code_taken", "Coupon code taken", "Another coupon has this code.";
    COUPON_EXPIRED = 409, "coupon_expired", "Coupon expired", "The coupon can no longer be used.";
    COUPON_NOT_STARTED = 409, "coupon_not_started", "Coupon not started", "The coupon cannot be used yet.";
    COUPON_EXHAUSTED = 409, "coupon_exhausted", "Coupon exhausted", "The coupon was used as often as it may be, by everybody or by you.";
    COUPON_NOT_APPLICABLE = 409, "coupon_not_applicable", "Coupon not applicable", "The coupon is for other goods than these.";
    COUPON_MINIMUM_NOT_MET = 409, "coupon_minimum_not_met", "Minimum not met", "The goods that the coupon is for cost less than it asks for.";
    VARIANT_UNAVAILABLE = 409, "variant_unavailable", "Variant unavailable", "This is not for sale, or no more.";
    QUANTITY_LIMITED = 409, "quantity_limited", "Quantity limited", "One order may not have so many pieces of this. The lines that are too many are listed in lines.";
    CART_FULL = 409, "cart_full", "Cart full", "A cart has at most 100 different things.";
    // Orders and returns.
    CART_EMPTY = 409, "cart_empty", "Cart empty", "There is nothing in the cart. Put something in first.";
    OUT_OF_STOCK = 409, "out_of_stock", "Out of stock", "Fewer pieces are left than are wanted. The lines in question are listed in lines.";
    PRICE_CHANGED = 409, "price_changed", "Price changed", "Something costs something else than you have seen. Look at the cart, and set the quantity of those lines again to accept the new price.";
    SHIPPING_UNAVAILABLE = 409, "shipping_unavailable", "Shipping unavailable", "Nothing is shipped there that way: see GET shipping/rates for the ways that there are.";
    ADDRESS_INVALID = 422, "address_invalid", "Address invalid", "The address cannot be one of its country. Every wrong part is listed in errors.";
    NOTHING_TO_RETURN = 409, "nothing_to_return", "Nothing to return", "Fewer pieces of a line were delivered, and not sent back, than the return names.";
    RETURN_TOO_LATE = 409, "return_too_late", "Too late to return", "Goods can be sent back for 30 days after their delivery.";
    // Payments.
    ORDER_NOT_PAYABLE = 409, "order_not_payable", "Order not payable", "Only an order that waits for its payment can be paid: this one is paid, has ended, or costs nothing.";
    PAYMENT_IN_PROGRESS = 409, "payment_in_progress", "Payment in progress", "The order has a payment that is on its way. Finish or cancel that one, or wait for its outcome.";
    ACTION_REQUIRED = 409, "action_required", "Action required", "The customer has not finished what the provider asks of them at next_action.url.";
    REFUND_EXCEEDS_CAPTURED = 409, "refund_exceeds_captured", "Refund exceeds captured", "No more can be given back than was captured, less what was given back or is about to be: available says how much is left.";
    SIGNATURE_INVALID = 400, "signature_invalid", "Signature invalid", "The webhook carries no Poligon-Signature of the form t=UNIX,v1=HEX, or one that does not fit its body: HMAC-SHA-256 with the webhook secret over the time, a dot and the body.";
    SIGNATURE_OUT_OF_TIME = 400, "signature_out_of_time", "Signature out of time", "The time in Poligon-Signature is more than 300 seconds from now.";
    // Shipments.
    NOTHING_LEFT_TO_SHIP = 409, "nothing_left_to_ship", "Nothing left to ship", "Nothing is left to ship of the order, or less of a line than was asked for. See what of its lines is shipped.";
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
    #[error("the category has {products} products, {categories} categories and {coupons} coupons in it")]
    CategoryInUse {
        /// Products of the category itself.
        products: i64,
        /// Categories right below it.
        categories: i64,
        /// Coupons that are for it.
        coupons: i64,
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
    /// No room for one more picture.
    #[error("the product has {0} pictures already")]
    TooManyImages(i64),
    /// The files of an upload were given up before their picture was there.
    #[error("the upload took too long; send it again")]
    UploadLapsed,
    // Reviews.
    /// The customer has reviewed the product.
    #[error("you have reviewed this product already")]
    ReviewExists,
    /// A vote on one's own review.
    #[error("this review is your own")]
    OwnReview,
    /// Somebody else's review.
    #[error("this review is somebody else's")]
    NotAuthor,
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
    /// Another coupon has the code.
    #[error("the code {0} is taken")]
    CouponCodeTaken(String),
    /// Its time is over.
    #[error("the coupon can no longer be used")]
    CouponExpired,
    /// Its time has not begun.
    #[error("the coupon cannot be used yet")]
    CouponNotStarted,
    /// A limit is reached.
    #[error("the coupon was used as often as it may be")]
    CouponExhausted,
    /// Nothing in the cart that it is for.
    #[error("the coupon is for other goods than these")]
    CouponNotApplicable,
    /// Too little of what it is for: both in minor units.
    #[error("the goods that the coupon is for cost {spend}, and must cost {minimum} at least")]
    CouponMinimum {
        /// What they cost.
        spend: i64,
        /// What they must cost.
        minimum: i64,
    },
    /// Lines that cannot be bought, all for one reason.
    #[error("{}", refused_lines(.1))]
    Lines(&'static Kind, Vec<RefusedLine>),
    /// Too many lines.
    #[error("the cart would have more than {0} different things")]
    CartFull(usize),
    // Orders and returns.
    /// Nothing to order.
    #[error("there is nothing in the cart")]
    CartEmpty,
    /// Another total than the customer has seen, in minor units.
    #[error("the total is {total} now")]
    TotalChanged {
        /// What it is.
        total: i64,
    },
    /// No such way of shipping, or none to that country.
    #[error("{0}")]
    ShippingUnavailable(String),
    /// Parts of an address that cannot be.
    #[error("the address cannot be one of its country")]
    AddressInvalid(Vec<FieldError>),
    /// More than was delivered.
    #[error("{0}")]
    NothingToReturn(String),
    /// The time for it is over.
    #[error("the goods could be sent back for 30 days after their delivery")]
    ReturnTooLate,
    /// A refused move of an order or a return: what it is of, from, to.
    #[error("{0} that is {1} cannot become {2}")]
    RefusedMove(&'static str, &'static str, &'static str),
    // Payments.
    /// An order in this state takes no payment.
    #[error("an order that is {0} cannot be paid")]
    OrderNotPayable(&'static str),
    /// There is another payment.
    #[error("the order has a payment that is on its way or has succeeded")]
    PaymentInProgress,
    /// The customer has something to do first.
    #[error("the customer has not finished the challenge")]
    ActionRequired,
    /// So much is left to be given back.
    #[error("only {available} can be given back of this payment")]
    RefundExceedsCaptured {
        /// Minor units.
        available: i64,
    },
    /// The caller sees the payment and may not change it without this permission.
    #[error("this needs the permission {0}")]
    PaymentForbidden(&'static str),
    // Shipments.
    /// Nothing of an order is left in the store, or less than was asked for.
    #[error("nothing is left to ship, or less than was asked for")]
    NothingLeftToShip,
    /// A refused move between states: from, to.
    #[error("what is {0} cannot become {1}")]
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

/// A line that cannot be bought as it is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RefusedLine {
    /// The variant.
    pub variant_id: i64,
    /// Its SKU.
    pub sku: String,
    /// Pieces that were wanted.
    pub quantity: i64,
    /// Pieces that can be had; `null` where that is not the question.
    pub available: Option<i64>,
}

fn refused_lines(lines: &[RefusedLine]) -> String {
    let told = lines.iter().map(|line| match line.available {
        Some(available) => format!("only {available} of {} can be had", line.sku),
        None => format!("{} cannot be had as it was", line.sku),
    });
    told.collect::<Vec<_>>().join("; ")
}

impl Error {
    /// One wrong field.
    pub(crate) fn field(pointer: &str, code: &str, message: &str) -> Self {
        Self::Fields(vec![FieldError::new(pointer, code, message)])
    }

    /// A field that breaks a rule which only its object can tell.
    pub(crate) fn refused(pointer: &str, refused: Refused) -> Self {
        Self::Fields(vec![FieldError::new(pointer, refused.code, refused.message)])
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
            Error::TooManyImages(_) => &TOO_MANY_IMAGES,
            Error::UploadLapsed => &common::CONFLICT,
            // Reviews.
            Error::ReviewExists => &REVIEW_EXISTS,
            Error::OwnReview => &OWN_REVIEW,
            Error::NotAuthor => &NOT_AUTHOR,
            // Shipping methods.
            Error::CountryTaken(_) => &COUNTRY_TAKEN,
            Error::ShippingCodeTaken(_) => &SHIPPING_CODE_TAKEN,
            Error::TooManyMethods(_) => &TOO_MANY_METHODS,
            // Carts and coupons.
            Error::CouponCodeTaken(_) => &COUPON_CODE_TAKEN,
            Error::CouponExpired => &COUPON_EXPIRED,
            Error::CouponNotStarted => &COUPON_NOT_STARTED,
            Error::CouponExhausted => &COUPON_EXHAUSTED,
            Error::CouponNotApplicable => &COUPON_NOT_APPLICABLE,
            Error::CouponMinimum { .. } => &COUPON_MINIMUM_NOT_MET,
            Error::Lines(kind, _) => kind,
            Error::CartFull(_) => &CART_FULL,
            // Orders and returns.
            Error::CartEmpty => &CART_EMPTY,
            Error::TotalChanged { .. } => &PRICE_CHANGED,
            Error::ShippingUnavailable(_) => &SHIPPING_UNAVAILABLE,
            Error::AddressInvalid(wrong) => {
                return Self::new(&ADDRESS_INVALID)
                    .detail(format!("{} parts of the address are wrong", wrong.len()))
                    .errors(wrong);
            }
            Error::NothingToReturn(_) => &NOTHING_TO_RETURN,
            Error::ReturnTooLate => &RETURN_TOO_LATE,
            // Payments.
            Error::OrderNotPayable(_) => &ORDER_NOT_PAYABLE,
            Error::PaymentInProgress => &PAYMENT_IN_PROGRESS,
            Error::ActionRequired => &ACTION_REQUIRED,
            Error::RefundExceedsCaptured { .. } => &REFUND_EXCEEDS_CAPTURED,
            Error::PaymentForbidden(_) => &common::FORBIDDEN,
            // Shipments.
            Error::NothingLeftToShip => &NOTHING_LEFT_TO_SHIP,
            Error::InvalidTransition(..) | Error::RefusedMove(..) => &common::INVALID_TRANSITION,
            Error::Stale => &common::PRECONDITION_FAILED,
            Error::NotFound => &common::NOT_FOUND,
            Error::Fields(wrong) => return Self::invalid(wrong),
            Error::Db(error) => return error.into(),
        };
        let problem = Self::new(kind).detail(error.to_string());
        match error {
            Error::InvalidTransition(from, to) | Error::RefusedMove(_, from, to) => {
                problem.with("from", from).with("to", to)
            }
            Error::Lines(_, lines) => problem.with("lines", serde_json::json!(lines)),
            Error::RefundExceedsCaptured { available } => problem.with("available", available),
            _ => problem,
        }
    }
}
