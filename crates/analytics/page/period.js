// Which days a period comes to, in a time zone.

import { t } from './i18n.js';

export const PRESETS = [
  'today',
  'yesterday',
  'last_7_days',
  'last_30_days',
  'last_90_days',
  'this_week',
  'this_month',
  'last_month',
  'this_year',
];

const DAY = 86_400_000;
const text = (date) => date.toISOString().slice(0, 10);
const moved = (date, days) => new Date(date.getTime() + days * DAY);

/** The day that it is in a time zone, as a date of UTC. A zone that the browser does not know is taken for UTC. */
function today(tz) {
  const format = (timeZone) =>
    new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  let day;
  try {
    day = format(tz);
  } catch {
    day = format('UTC');
  }
  const parts = day.formatToParts(new Date());
  const part = (type) => parts.find((one) => one.type === type).value;
  return new Date(`${part('year')}-${part('month')}-${part('day')}T00:00:00Z`);
}

/** `{from, to}` of a period; weeks begin on Monday. */
export function daysOf(period, tz) {
  if (!period.preset) return { from: period.from, to: period.to };
  const now = today(tz);
  const first = (month) => new Date(Date.UTC(now.getUTCFullYear(), month, 1));
  const back = /^last_(\d+)_days$/.exec(period.preset);
  const ends = {
    today: () => [now, now],
    yesterday: () => [moved(now, -1), moved(now, -1)],
    this_week: () => [moved(now, -((now.getUTCDay() + 6) % 7)), now],
    this_month: () => [first(now.getUTCMonth()), now],
    last_month: () => [first(now.getUTCMonth() - 1), moved(first(now.getUTCMonth()), -1)],
    this_year: () => [first(0), now],
  };
  const [from, to] = back ? [moved(now, 1 - Number(back[1])), now] : (ends[period.preset] ?? ends.today)();
  return { from: text(from), to: text(to) };
}

/** A period without what it has not. */
export const plainPeriod = (period) =>
  period?.preset ? { preset: period.preset } : period && { from: period.from, to: period.to };

/** A dashboard whose periods can be compared. */
export function plainBoard(board) {
  const own = board.override && { ...board.override, period: plainPeriod(board.override.period) ?? null };
  return { ...board, period: plainPeriod(board.period), override: own };
}

export const samePeriod = (one, other) => one?.preset === other?.preset && one?.from === other?.from && one?.to === other?.to;

export function periodName(period) {
  return period?.preset ? t(`preset.${period.preset}`) : `${period?.from} – ${period?.to}`;
}

/** Time zones to choose from; UTC first. */
export function timeZones() {
  const all = typeof Intl.supportedValuesOf === 'function' ? Intl.supportedValuesOf('timeZone') : [];
  const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  return [...new Set(['UTC', own, ...all].filter(Boolean))];
}
