// What is open, in the part of the address behind `#`: it stays in the browser, survives a reload, and can be kept as a link.

import { state } from './state.js';

/** What there is beside dashboards. */
export const VIEWS = ['kpis', 'segments', 'reports'];

/** Reads the address: `{link}`, `{view}`, or `{dashboard, period, tz, filters}`. */
export function readPlace() {
  const said = new URLSearchParams(location.hash.slice(1));
  const id = Number(said.get('dashboard'));
  const day = (name) => (/^\d{4}-\d{2}-\d{2}$/.test(said.get(name) ?? '') ? said.get(name) : null);
  const days = day('from') && day('to') ? { from: day('from'), to: day('to') } : null;
  return {
    link: /^[\w-]{8,256}$/.test(said.get('link') ?? '') ? said.get('link') : null,
    view: VIEWS.find((name) => location.hash === `#${name}`) ?? null,
    dashboard: Number.isSafeInteger(id) && id > 0 ? id : null,
    period: said.get('preset') ? { preset: said.get('preset') } : days,
    tz: said.get('tz'),
    filters: readFilters(said.get('filters')),
  };
}

function readFilters(text) {
  try {
    const filters = JSON.parse(text);
    const sound =
      filters &&
      Object.values(filters).every((values) => Array.isArray(values) && values.every((one) => typeof one === 'string'));
    return sound ? filters : null;
  } catch {
    return null;
  }
}

/** Leaves nothing in the address of what was open. */
export const leavePlace = () => history.replaceState(null, '', location.pathname + location.search);

/** Writes what is open into the address; `step` makes an entry of the history. */
export function writePlace(step = false) {
  const said = new URLSearchParams();
  const { period, tz, filters } = state.asked;
  if (state.link) said.set('link', state.link);
  else if (state.board?.id) said.set('dashboard', state.board.id);
  if (period?.preset) said.set('preset', period.preset);
  else if (period) {
    said.set('from', period.from);
    said.set('to', period.to);
  }
  if (tz) said.set('tz', tz);
  if (filters) said.set('filters', JSON.stringify(filters));
  const hash = state.view ?? said.toString();
  const url = `${location.pathname}${location.search}${hash ? `#${hash}` : ''}`;
  if (url === location.pathname + location.search + location.hash) return;
  if (step) history.pushState(null, '', url);
  else history.replaceState(null, '', url);
}
