//! People who were active in more than the bucket: in so many days up to its end.

use chrono::NaiveDate;
use chrono_tz::Tz;
use poligon_common::calendar::{beginning, days_before, today};
use poligon_core::db::{Db, Timestamp};

use super::calendar::{Bucket, Interval, buckets as buckets_of};
use super::people::{self, Stretch, reach};
use super::{sweep, tally};
use crate::error::Error;
use crate::segments::Members;

/// Days of a month of active people.
const MONTH: i64 = 30;

/// The day that a bucket ends in.
fn last_day(bucket: &Bucket, zone: Tz) -> Option<NaiveDate> {
    Timestamp::from_millis(bucket.end - 1).map(|last| today(last, zone))
}

/// Numbers of people by the place of their bucket; the whole time stands behind the last one.
type ByPlace<T> = Vec<(i64, T)>;

/// The buckets, and behind them the whole time.
fn with_whole(buckets: &[Bucket]) -> Vec<Bucket> {
    let whole = buckets.first().zip(buckets.last()).map(|(first, last)| Bucket { start: first.start, ..last.clone() });
    buckets.iter().cloned().chain(whole).collect()
}

/// How many people were active in each bucket, and in the whole time.
pub(super) fn in_buckets(db: &mut Db, buckets: &[Bucket], members: Option<&Members>) -> Result<ByPlace<i64>, Error> {
    let all = with_whole(buckets);
    if people::are_few(db, all.len())? {
        let span = |(part, bucket): (i64, &Bucket)| Stretch::new(part, bucket.start, bucket.end);
        return reach(db, &(0..).zip(&all).map(span).collect::<Vec<_>>(), members);
    }
    let Some(whole) = all.last() else { return Ok(Vec::new()) };
    Ok(tally::active(db, buckets, whole, members)?.into_iter().map(|counted| (counted.part, counted.facts)).collect())
}

/// How many people were active in so many days up to the end of each bucket, that day included.
pub(super) fn within(
    db: &mut Db,
    buckets: &[Bucket],
    days: i64,
    zone: Tz,
    members: Option<&Members>,
) -> Result<ByPlace<i64>, Error> {
    let before = u64::try_from(days - 1).unwrap_or(0);
    let span = |(part, bucket): (i64, &Bucket)| {
        let start = beginning(days_before(last_day(bucket, zone)?, before), zone);
        Some(Stretch::new(part, start, bucket.end))
    };
    let all = with_whole(buckets);
    let spans: Vec<Stretch> = (0..).zip(&all).filter_map(span).collect();
    if people::are_few(db, spans.len())? { reach(db, &spans, members) } else { sweep::reach(db, &spans, members) }
}

/// How many people were active on a day of each bucket, all days together; and how many in thirty days up to its end, times its
/// days: the first by the second is the mean share.
pub(super) fn stickiness(
    db: &mut Db,
    buckets: &[Bucket],
    (from, to): (NaiveDate, NaiveDate),
    (zone, now): (Tz, Timestamp),
    members: Option<&Members>,
) -> Result<ByPlace<(i64, i64)>, Error> {
    let mut days = buckets_of(from, to, Interval::Day, zone);
    days.retain(|day| day.start <= now.millis()); // what has not begun is no day on which nobody was there
    let by_day = in_buckets(db, &days, members)?;
    let of_day = |place: usize| by_day.iter().find(|(part, _)| usize::try_from(*part) == Ok(place));
    let months = within(db, buckets, MONTH, zone, members)?;
    let pair = |(part, bucket): (i64, &Bucket)| {
        let met = days.iter().enumerate().filter(|(_, day)| day.start < bucket.end && bucket.start < day.end);
        let places: Vec<usize> = met.map(|(place, _)| place).collect();
        let daily = places.iter().filter_map(|place| of_day(*place)).map(|(_, people)| *people).sum();
        let month = months.iter().find(|(of, _)| *of == part).map_or(0, |(_, people)| *people);
        (part, (daily, month * i64::try_from(places.len()).unwrap_or(0)))
    };
    Ok((0..).zip(&with_whole(buckets)).map(pair).collect())
}
