// The grid of widgets: what stands where, and moving and resizing by mouse, by finger and by keyboard.

import { announce } from './a11y.js';
import { fill, h } from './dom.js';
import { change } from './editor.js';
import { icon } from './icons.js';
import { t } from './i18n.js';
import { COLUMNS, overlaid, placed, rowsOf, sorted } from './layout.js';
import { on, state } from './state.js';
import { answerOf } from './preview.js';
import { widgetCard } from './widget.js';

/** Height of a row and of the gap below it, in pixels, as in the style sheet. */
const ROW = 80;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

let grid = null;
const cards = new Map();
for (const name of ['opened', 'figures', 'mode', 'draft', 'loading']) on(name, () => grid && show());
on('closed', () => grid && clear());
on('theme', () => cards.forEach((card) => card.repaint()));

export function gridView() {
  clear();
  grid = h('div', { class: 'grid', testid: 'grid' });
  return grid;
}

function clear() {
  cards.forEach((card) => card.drop());
  cards.clear();
  if (grid) fill(grid);
}

/** The widgets as they are shown in this mode, in the order in which they are read. */
export function shownWidgets() {
  if (state.draft) return sorted(state.draft.widgets);
  const own = state.board.override;
  const laid = own?.layout?.length ? overlaid(state.board.widgets, own.layout) : state.board.widgets;
  return sorted(laid.filter((widget) => !own?.hidden?.includes(widget.id)));
}

function show() {
  if (!state.board) {
    if (state.loading) fill(grid, skeletons());
    return;
  }
  const widgets = shownWidgets();
  for (const [id, card] of cards) {
    if (widgets.some((widget) => widget.id === id)) continue;
    card.drop();
    cards.delete(id);
  }
  grid.querySelectorAll('.skeleton, .nothing').forEach((element) => element.remove());
  grid.classList.toggle('is-editing', state.mode !== 'view');
  grid.style.setProperty('--rows', rowsOf(widgets) + (state.mode === 'view' ? 0 : 2));
  widgets.forEach((widget, at) => showOne(widget, at));
  if (widgets.length === 0) grid.append(nothing());
}

function showOne(widget, at) {
  let card = cards.get(widget.id);
  if (!card) {
    card = widgetCard(widget.id);
    cards.set(widget.id, card);
    handles(card, widget.id);
  }
  // Moving an element that holds the focus would lose it.
  if (grid.children[at] !== card.element) {
    const focused = card.element.contains(document.activeElement) ? document.activeElement : null;
    grid.insertBefore(card.element, grid.children[at] ?? null);
    focused?.focus();
  }
  lay(card.element, widget);
  card.element.classList.toggle('is-hidden', Boolean(state.draft?.hidden.includes(widget.id)));
  card.update(widget, answerOf(widget));
}

function lay(element, { x, y, w, h: rows }) {
  for (const [name, value] of Object.entries({ '--x': x + 1, '--y': y + 1, '--w': w, '--h': rows }))
    element.style.setProperty(name, value);
}

const skeletons = () =>
  [3, 3, 3, 3, 8, 4].map((w, at) =>
    h('div', {
      class: 'card skeleton',
      'aria-hidden': 'true',
      style: { '--x': at < 4 ? at * 3 + 1 : (at - 4) * 8 + 1, '--y': at < 4 ? 1 : 3, '--w': w, '--h': at < 4 ? 2 : 4 },
    }),
  );

function nothing() {
  const text = state.mode === 'edit' ? t('board.empty_edit') : t('board.empty');
  return h('div', { class: 'nothing', testid: 'board-empty' }, icon('bar'), h('p', {}, text));
}

/** The two handles of a card: one moves, one resizes; arrows do the same, with Shift they resize. */
function handles(card, id) {
  const key = (resize) => (event) => {
    const step = ARROWS[event.key];
    if (!step || state.mode === 'view') return;
    event.preventDefault();
    nudge(id, step, resize || event.shiftKey);
  };
  card.move.addEventListener('keydown', key(false));
  card.resize.addEventListener('keydown', key(true));
  card.move.addEventListener('pointerdown', (event) => drag(event, card, id, false));
  card.header.addEventListener(
    'pointerdown',
    (event) => event.target.closest('button, .menu-holder') || drag(event, card, id, false),
  );
  card.resize.addEventListener('pointerdown', (event) => drag(event, card, id, true));
}

const find = (id) => state.draft?.widgets.find((widget) => widget.id === id);

function nudge(id, [dx, dy], resize) {
  const old = find(id);
  if (!old) return;
  const place = resize ? { w: Math.min(old.w + dx, COLUMNS - old.x), h: old.h + dy } : { x: old.x + dx, y: old.y + dy };
  const done = change(
    t(resize ? 'resizing' : 'moving', { title: old.title }),
    (draft) => (draft.widgets = placed(draft.widgets, id, place)),
  );
  tellPlace(find(id), done);
}

function tellPlace(widget, done = true) {
  const { title, x, y, w, h: rows } = widget;
  announce(t(done ? 'placed' : 'placed.not', { title, column: x + 1, row: y + 1, width: w, height: rows }));
}

/** Follows the pointer from the places where the widgets stood, so that what gave way comes back when it may. */
function drag(down, card, id, resize) {
  if (state.mode === 'view' || down.button !== 0 || matchMedia('(max-width: 767px)').matches) return;
  down.preventDefault();
  const box = grid.getBoundingClientRect();
  const column = (box.width + 12) / COLUMNS;
  const from = structuredClone(state.draft.widgets);
  const old = from.find((widget) => widget.id === id);
  let latest = from;
  const top = scrollY;
  card.element.classList.add('is-held');
  grid.classList.add('is-dragging');
  const follow = (event) => {
    const dx = Math.round((event.clientX - down.clientX) / column);
    const dy = Math.round((event.clientY - down.clientY + scrollY - top) / ROW);
    const place = resize
      ? { w: Math.min(Math.max(1, old.w + dx), COLUMNS - old.x), h: old.h + dy }
      : { x: old.x + dx, y: old.y + dy };
    latest = placed(from, id, place);
    for (const widget of latest) {
      const element = cards.get(widget.id)?.element;
      if (element) lay(element, widget);
    }
    grid.style.setProperty('--rows', rowsOf(latest) + 2);
  };
  const end = (event) => {
    card.element.classList.remove('is-held');
    grid.classList.remove('is-dragging');
    for (const [type, listener] of Object.entries(listeners)) window.removeEventListener(type, listener);
    if (
      event.type === 'pointerup' &&
      change(t(resize ? 'resizing' : 'moving', { title: old.title }), (draft) => (draft.widgets = latest))
    )
      tellPlace(find(id));
    else show();
  };
  const listeners = { pointermove: follow, pointerup: end, pointercancel: end };
  for (const [type, listener] of Object.entries(listeners)) window.addEventListener(type, listener);
}
