// The dashboard that is open: its figures, and what happens to it meanwhile.

import { announce, faultText, toast } from './a11y.js';
import { get, getOpenly } from './api.js';
import { controls } from './controls.js';
import { closeDialogs, confirmed } from './dialogs.js';
import { fill, h } from './dom.js';
import { rescue } from './editor.js';
import { gridView } from './grid.js';
import { head } from './head.js';
import { icon } from './icons.js';
import { language, t } from './i18n.js';
import { listen } from './live.js';
import { daysOf, plainBoard } from './period.js';
import { writePlace } from './place.js';
import { emit, isChanged, on, state } from './state.js';
import { learnLabels, loadList } from './stock.js';

let stopListening = () => {};
let asking = 0;
/** Asks for the figures of what is open until nobody wishes for newer ones: `{again, ended}`. */
let run = null;
/** Figures that come by themselves are asked for no more often than so many milliseconds. */
const GAP_MS = 2000;
let due = null;
let latest = 0;

/** Closes what is open, and opens a dashboard: null is the caller's default one. */
export async function openBoard(id, place = {}, step = false) {
  closeBoard();
  // A public link shows what its owner filters by: it takes no other filters.
  const filters = state.link ? null : (place.filters ?? null);
  state.asked = { period: place.period ?? null, tz: place.tz ?? null, filters };
  state.view = null;
  emit('view');
  const days = query();
  if (!(await load(id))) return;
  // Which days they are depends on the time zone of the dashboard, which is known from now on.
  if (query() !== days) await load(state.board.id);
  if (state.board !== null) opened(step);
}

function opened(step) {
  writePlace(step);
  document.title = `${state.board.title} · Poligon`;
  emit('opened');
  announce(t('opened', { title: state.board.title }));
  if (!document.hidden) follow();
}

export function closeBoard() {
  deafen();
  closeDialogs();
  asking += 1;
  run = null;
  clearTimeout(due);
  due = null;
  Object.assign(state, {
    board: null,
    tag: null,
    result: null,
    fault: null,
    mode: 'view',
    draft: null,
    past: [],
    live: 'off',
    loading: false,
  });
  emit('closed');
  emit('live');
}

/** No longer follows what happens: before the end of the dashboard, which is no news to whoever makes it. */
export function deafen() {
  stopListening();
  stopListening = () => {};
}

/** Follows it again, where it has not ended. */
export function listenAgain() {
  if (state.board !== null && !document.hidden) follow();
}

let question = null;

/** Whether what is open may be left: changes that are not saved are asked about, once at a time. */
export async function mayLeave() {
  if (!isChanged()) return true;
  question ??= confirmed({ title: t('leave.title'), text: t('leave.text'), label: t('leave.go'), testid: 'leave' });
  const sure = await question;
  question = null;
  return Boolean(sure);
}

function turned(live) {
  state.live = live;
  emit('live');
}

/** Follows what happens to the dashboard that is open. */
function follow() {
  deafen();
  if (state.link) return;
  const { id } = state.board;
  stopListening = listen(id === null ? 'dashboard' : `dashboards/${id}`, heard, turned);
}

// A browser has few connections to a server: tabs that nobody sees give theirs back.
document.addEventListener('visibilitychange', () => {
  if (state.board === null) return;
  if (document.hidden) return deafen();
  follow();
  reload();
});

function heard(event, told) {
  if (event === 'figures') freshen();
  if (event === 'deleted') goneMeanwhile();
  if (!['ready', 'changed'].includes(event)) return;
  if (state.board?.id === null) anotherIsFirst(told);
  // Who connects is told the version of now first: what has changed meanwhile is not missed.
  else if (told.version) mayBeOvertaken(told);
}

/** The built-in overview is never changed: another dashboard has become the first one of the caller. */
function anotherIsFirst({ version }) {
  if (version) reload();
}

/** What is being saved here just now is known with the answer. */
async function mayBeOvertaken(told) {
  const id = state.board?.id;
  await state.saving;
  if (state.board?.id !== id || told.version === state.board?.version) return;
  if (state.mode === 'view') reload();
  else emit('overtaken', told);
}

function freshen() {
  due ??= setTimeout(
    () => {
      due = null;
      reload();
    },
    Math.max(0, latest + GAP_MS - Date.now()),
  );
}

async function goneMeanwhile() {
  if (state.mode === 'edit') return rescue();
  toast(t('deleted.meanwhile', { title: state.board?.title ?? '' }), 'error');
  await openBoard(null, {}, true);
  return loadList().catch(() => {});
}

/** What is asked for, as the query of an address. */
export function query(more = {}) {
  const { period, tz, filters } = state.asked;
  const said = new URLSearchParams(more);
  if (period) {
    const { from, to } = daysOf(period, tz ?? state.board?.override?.tz ?? state.board?.tz ?? 'UTC');
    said.set('from', from);
    said.set('to', to);
  }
  if (tz) said.set('tz', tz);
  if (filters) said.set('filters', JSON.stringify(filters));
  const text = said.toString();
  return text ? `?${text}` : '';
}

function path(id) {
  if (state.link) return `analytics/shared/${encodeURIComponent(state.link)}`;
  return id ? `analytics/dashboards/${id}/data` : 'analytics/dashboard';
}

/** Answers whether there are new figures. */
async function load(id) {
  asking += 1;
  const asked = asking;
  latest = Date.now();
  Object.assign(state, { loading: true, fault: null });
  emit('loading');
  try {
    const result = await (state.link ? getOpenly : get)(path(id) + query(id || state.link ? {} : { lang: language }));
    if (asked === asking) take(result);
    return asked === asking;
  } catch (fault) {
    if (asked !== asking) return false;
    state.fault = fault;
    if (state.board) toast(faultText(fault), 'error');
    return false;
  } finally {
    if (asked === asking) {
      state.loading = false;
      emit('loading');
    }
  }
}

function take(result) {
  const isAnother = state.board !== null && state.board.id !== result.dashboard.id;
  state.result = result;
  if (state.mode === 'view') state.board = plainBoard(result.dashboard);
  for (const widget of result.dashboard.widgets) {
    const answer = result.widgets.find((one) => one.id === widget.id);
    if (answer?.data?.kind === 'metric') learnLabels(widget.settings.group_by, answer.data.series);
  }
  emit('figures');
  renameInList(result.dashboard);
  if (isAnother) opened(false);
  // Figures that take long may be told as they were while they are asked anew; nobody says when that is done.
  const isOld = result.widgets.some((one) => one.as_of !== null && one.as_of < result.as_of);
  if (isOld && !state.link && !document.hidden) freshen();
}

/** Somebody may have given it another title. */
function renameInList({ id, title }) {
  const listed = state.dashboards.find((one) => one.id === id);
  if (!listed || listed.title === title) return;
  listed.title = title;
  document.title = `${title} · Poligon`;
  emit('list');
}

/** The figures anew; answers whether they have come. While they are on their way, further wishes become one. */
export async function reload() {
  if (state.board === null) return false;
  if (run) run.again = true;
  else {
    run = { again: true, ended: null };
    run.ended = repeat(run);
  }
  return run.ended;
}

/** As long as the dashboard is open for which it was begun. */
async function repeat(mine) {
  let fine = false;
  while (run === mine && mine.again) {
    mine.again = false;
    fine = await load(state.board.id);
  }
  if (run === mine) run = null;
  return fine;
}

/** Another period, time zone or filter, for now. */
export async function ask(change) {
  Object.assign(state.asked, change);
  writePlace();
  emit('asked');
  if (await reload()) announce(t('figures.shown'));
}

let showBoard = () => {};
for (const name of ['loading', 'opened', 'closed', 'view']) on(name, () => showBoard());

export function boardView() {
  const top = h('div', { class: 'board-top' }, head(), controls());
  const bar = h('div', { class: 'progress', hidden: true, 'aria-hidden': 'true' });
  const grid = gridView();
  const refused = h('div', { class: 'refused', testid: 'board-error', hidden: true });
  const board = h('div', { class: 'board', testid: 'board' }, bar, top, refused, grid);
  showBoard = () => {
    const none = state.board === null;
    board.hidden = state.view !== null;
    bar.hidden = !state.loading;
    board.setAttribute('aria-busy', String(state.loading));
    top.hidden = none;
    grid.hidden = none && !state.loading;
    refused.hidden = !(none && state.fault);
    if (!refused.hidden) fill(refused, refusal());
  };
  showBoard();
  return board;
}

/** Without the catalogue nothing can be shown: everything is asked for anew then. */
const tryAgain = () => (state.link || state.metrics.size > 0 ? openBoard(null, {}, true) : emit('again'));

function refusal() {
  const gone = state.fault.status === 404;
  const text = gone ? t(state.link ? 'link.gone' : 'board.gone') : faultText(state.fault);
  const other = h(
    'button',
    { type: 'button', class: 'button primary', testid: 'board-error-action', on: { click: tryAgain } },
    gone && !state.link ? t('board.default') : t('again'),
  );
  return [
    icon('alert'),
    h('h1', {}, gone ? t('board.gone_title') : t('fault.title')),
    h('p', { class: 'muted' }, text),
    state.link && gone ? null : other,
  ];
}
