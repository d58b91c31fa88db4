// Figures, days and times for people.

import { language, t } from './i18n.js';

export const CURRENCY = 'USD';
const NOTHING = '–';
const SECOND = 1000;
const SPANS = [
  ['day', 86_400 * SECOND],
  ['hour', 3_600 * SECOND],
  ['minute', 60 * SECOND],
  ['second', SECOND],
];

const plain = new Intl.NumberFormat(language, { maximumFractionDigits: 2 });
const compact = new Intl.NumberFormat(language, { notation: 'compact', maximumFractionDigits: 1 });
const money = new Intl.NumberFormat(language, { style: 'currency', currency: CURRENCY });
const roundMoney = new Intl.NumberFormat(language, { style: 'currency', currency: CURRENCY, maximumFractionDigits: 0 });
const compactMoney = new Intl.NumberFormat(language, {
  style: 'currency',
  currency: CURRENCY,
  notation: 'compact',
  maximumFractionDigits: 1,
});
const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 });
const change = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1, signDisplay: 'exceptZero' });

/** A span of time in its two largest units. */
function duration(milliseconds) {
  const sign = milliseconds < 0 ? '−' : '';
  let left = Math.abs(milliseconds);
  if (left < SECOND) return `${sign}${plain.format(Math.round(left))} ${t('span.millisecond')}`;
  const parts = [];
  for (const [unit, length] of SPANS) {
    const count = Math.floor(left / length);
    left -= count * length;
    if (count > 0) parts.push(`${count} ${t(`span.${unit}`)}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return sign + parts.join(' ');
}

/** A figure in full. */
export function figure(value, unit) {
  if (value === null || value === undefined) return NOTHING;
  if (unit === 'cents') return money.format(value / 100);
  if (unit === 'ratio') return percent.format(value);
  if (unit === 'milliseconds') return duration(value);
  return plain.format(value);
}

/** A figure as large as it may be in a headline: cents matter below a thousand only. */
export function headline(value, unit) {
  if (unit === 'cents' && value !== null && Math.abs(value) >= 100_000) return roundMoney.format(value / 100);
  return figure(value, unit);
}

/** A figure at an axis. */
export function short(value, unit) {
  if (unit === 'cents') return compactMoney.format(value / 100);
  if (unit === 'ratio') return percent.format(value);
  if (unit === 'milliseconds') return duration(value).split(' ').slice(0, 2).join(' ');
  return compact.format(value);
}

export function share(value) {
  return value === null || value === undefined ? NOTHING : percent.format(value);
}

/** The change from one figure to another, as a share of the first; null where there is none. */
export function changed(before, after) {
  if (before === null || after === null || before === undefined || after === undefined || before === 0) return null;
  return (after - before) / Math.abs(before);
}

export function signed(ratio) {
  return change.format(ratio);
}

const days = {
  short: new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', timeZone: 'UTC' }),
  long: new Intl.DateTimeFormat(language, {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    weekday: 'short',
    timeZone: 'UTC',
  }),
  range: new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }),
  month: new Intl.DateTimeFormat(language, { month: 'short', year: 'numeric', timeZone: 'UTC' }),
};

const utc = (day) => new Date(`${day}T00:00:00Z`);

/** What a bucket is called: `long` in tables and tooltips, else at an axis. */
export function bucketName(label, long = false) {
  const week = /^(\d{4})-W(\d{2})$/.exec(label);
  if (week)
    return long
      ? t('bucket.week', { week: Number(week[2]), year: week[1] })
      : t('bucket.week_short', { week: Number(week[2]) });
  if (/^\d{4}-\d{2}$/.test(label)) return days.month.format(utc(`${label}-01`));
  if (/^\d{4}-\d{2}-\d{2}$/.test(label)) return (long ? days.long : days.short).format(utc(label));
  const hour = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})/.exec(label);
  if (hour) return long ? `${days.long.format(utc(hour[1]))}, ${hour[2]}` : `${days.short.format(utc(hour[1]))} ${hour[2]}`;
  return String(label);
}

/** From one day to another. */
export function range(from, to) {
  return from === to ? days.range.format(utc(from)) : days.range.formatRange(utc(from), utc(to));
}

/** An instant in a time zone. */
export function instant(text, tz, style = { dateStyle: 'medium', timeStyle: 'short' }) {
  return new Intl.DateTimeFormat(language, { ...style, timeZone: tz || undefined }).format(new Date(text));
}

/** What a unit is called; nothing for counts. */
export function unitHint(unit) {
  if (unit === 'cents') return t('unit.cents', { currency: CURRENCY });
  if (unit === 'ratio') return t('unit.ratio');
  if (unit === 'milliseconds') return t('unit.milliseconds');
  return null;
}
