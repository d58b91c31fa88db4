// What there is beside dashboards, one view at a time: KPIs, segments, reports.

import { announce } from './a11y.js';
import { closeBoard } from './board.js';
import { fill, h } from './dom.js';
import { kpisView } from './kpis.js';
import { reportsView } from './reports.js';
import { segmentsView } from './segments.js';
import { t } from './i18n.js';
import { writePlace } from './place.js';
import { emit, on, state } from './state.js';

const MADE = { kpis: kpisView, reports: reportsView, segments: segmentsView };

let holder = null;
/** Ends what the view that is open does by itself. */
let leave = () => {};

on('view', () => state.view === null && clear());

function clear() {
  leave();
  leave = () => {};
  if (holder) fill(holder);
}

/** Where views are shown. */
export function viewHolder() {
  clear();
  holder = h('div', { class: 'view-holder' });
  return holder;
}

/** Closes what is open, and opens a view; `step` makes an entry of the history. */
export function openView(name, step = false) {
  closeBoard();
  clear();
  state.asked = { period: null, tz: null, filters: null };
  state.view = name;
  writePlace(step);
  const made = MADE[name]();
  leave = made.leave;
  fill(holder, made.element);
  document.title = `${t(`view.${name}`)} · Poligon`;
  emit('view');
  announce(t('view.opened', { title: t(`view.${name}`) }));
}
