//! What a list of goods costs: subtotal, discount, shipping, tax, total. Whole minor units throughout; every rounding is
//! half up, once, on a sum.
//!
//! The discount is made of the goods that the coupon is for. It is shared out among their lines by their amounts, with
//! the remainder going to the largest fractions first (Hare's quota), so that the parts add up. Tax is on goods after
//! discount and on shipping.

/// A line to be priced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Priced {
    /// What one piece costs, in minor units.
    pub(crate) unit_price: i64,
    /// Pieces.
    pub(crate) quantity: i64,
    /// Whether the coupon is for it.
    pub(crate) eligible: bool,
}

impl Priced {
    fn amount(self) -> i64 {
        self.unit_price.saturating_mul(self.quantity)
    }
}

/// What a coupon takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reduction {
    /// So many hundredths of the goods.
    Percent(i64),
    /// So much, but not more than the goods cost.
    Fixed(i64),
    /// The shipping.
    FreeShipping,
}

/// What it comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) subtotal: i64,
    pub(crate) discount: i64,
    /// The discount of each line.
    pub(crate) line_discounts: Vec<i64>,
    pub(crate) shipping: i64,
    pub(crate) tax: i64,
    pub(crate) total: i64,
}

/// What the goods cost before discount.
pub(crate) fn subtotal(lines: &[Priced]) -> i64 {
    lines.iter().map(|line| line.amount()).fold(0, i64::saturating_add)
}

/// What the goods cost that a coupon is for.
pub(crate) fn eligible(lines: &[Priced]) -> i64 {
    lines.iter().filter(|line| line.eligible).map(|line| line.amount()).fold(0, i64::saturating_add)
}

/// Prices lines with a reduction, a price for shipping, and a tax rate in basis points.
pub(crate) fn totals(lines: &[Priced], reduction: Option<Reduction>, shipping: i64, tax_bp: i64) -> Totals {
    let (subtotal, eligible) = (subtotal(lines), eligible(lines));
    let discount = match reduction {
        Some(Reduction::Percent(percent)) => share(eligible, percent, 100),
        Some(Reduction::Fixed(amount)) => amount.min(eligible),
        Some(Reduction::FreeShipping) | None => 0,
    };
    let shipping = if reduction == Some(Reduction::FreeShipping) { 0 } else { shipping };
    let taxed = (subtotal - discount).saturating_add(shipping);
    let tax = share(taxed, tax_bp, 10_000);
    let line_discounts = share_out(discount, lines, eligible);
    Totals { subtotal, discount, line_discounts, shipping, tax, total: taxed.saturating_add(tax) }
}

/// `amount * part / whole`, rounded half up.
fn share(amount: i64, part: i64, whole: i64) -> i64 {
    let exact = i128::from(amount) * i128::from(part) * 2 + i128::from(whole);
    i64::try_from(exact.div_euclid(i128::from(whole) * 2)).unwrap_or(i64::MAX)
}

/// Parts of `discount` for the eligible lines, by their amounts.
fn share_out(discount: i64, lines: &[Priced], eligible: i64) -> Vec<i64> {
    if discount == 0 || eligible == 0 {
        return vec![0; lines.len()];
    }
    let (whole, of) = (i128::from(discount), i128::from(eligible));
    let exact = |line: &Priced| if line.eligible { whole * i128::from(line.amount()) } else { 0 };
    let mut parts: Vec<i64> = lines.iter().map(|line| i64::try_from(exact(line) / of).unwrap_or(0)).collect();
    let mut order: Vec<usize> = (0..lines.len()).filter(|&n| lines[n].eligible).collect();
    order.sort_by_key(|&n| (std::cmp::Reverse(exact(&lines[n]) % of), n));
    let left = discount - parts.iter().sum::<i64>();
    for &n in order.iter().take(usize::try_from(left).unwrap_or(0)) {
        parts[n] += 1;
    }
    parts
}
