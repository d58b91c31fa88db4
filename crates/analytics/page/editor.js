// Changing a dashboard, or one's own view of it: a draft, what undoes it, and saving without running others over.

import { announce, faultText, showFault, toast } from './a11y.js';
import { call, callTagged, maker } from './api.js';
import { mayLeave, openBoard, reload } from './board.js';
import { openDialog, whileBusy } from './dialogs.js';
import { h } from './dom.js';
import { instant } from './format.js';
import { compacted, overlaid } from './layout.js';
import { t } from './i18n.js';
import { emit, isChanged, on, state } from './state.js';
import { loadList } from './stock.js';
import { plainBoard } from './period.js';
import { forgetPreviews } from './preview.js';
import { editWidget } from './widget-dialog.js';

const PARTS = ['title', 'description', 'tz', 'period', 'filters', 'widgets'];
const url = (rest = '') => `analytics/dashboards/${state.board.id}${rest}`;
/** What is saved: the draft without what only the page knows. */
const body = () => structuredClone(Object.fromEntries(PARTS.map((name) => [name, state.draft[name]])));

/** Begins to change the dashboard (`edit`), or one's own view of it (`own`). */
export async function begin(mode) {
  const { id } = state.board;
  const isOpen = () => state.board?.id === id && state.mode === 'view';
  try {
    const { body: board, tag } = await callTagged('GET', url());
    if (!isOpen()) return;
    state.board = plainBoard(board);
    state.tag = tag;
  } catch (fault) {
    if (isOpen()) showFault(fault);
    return;
  }
  const draft = structuredClone(Object.fromEntries(PARTS.map((name) => [name, state.board[name]])));
  const own = state.board.override;
  draft.hidden = mode === 'own' ? [...(own?.hidden ?? [])] : [];
  if (mode === 'own') draft.widgets = overlaid(draft.widgets, own?.layout);
  Object.assign(state, { mode, draft, past: [] });
  begun();
}

function begun() {
  const isOwn = state.mode === 'own';
  emit('mode');
  emit('draft');
  announce(t(isOwn ? 'own.begun' : 'edit.begun'));
  document.querySelector(isOwn ? '[data-testid=own-save]' : '[data-testid=widget-add]')?.focus();
}

/** Back to looking, whatever was changed. */
function end() {
  forgetPreviews();
  Object.assign(state, { mode: 'view', draft: null, past: [], tag: null });
  emit('mode');
  document.querySelector('[data-testid=dashboard-edit], [data-testid=dashboard-own]')?.focus();
}

export async function cancel() {
  if (!(await mayLeave())) return;
  end();
  await reload();
}

/** Changes the draft; what was before can be had back by `undo`. */
export function change(what, act) {
  if (!state.draft) return false;
  const before = structuredClone(state.draft);
  act(state.draft);
  if (JSON.stringify(before) === JSON.stringify(state.draft)) return false;
  state.past.push({ what, before });
  emit('draft');
  return true;
}

export function undo() {
  const last = state.past.pop();
  if (!last) return;
  state.draft = last.before;
  emit('draft');
  announce(t('undone', { what: last.what }));
}

export function closeGaps() {
  const done = change(t('gaps'), (draft) => (draft.widgets = compacted(draft.widgets)));
  announce(t(done ? 'gaps.done' : 'gaps.none'));
}

/** Saves the draft. */
export function saveDraft(button) {
  return whileBusy(button, async () => {
    try {
      await (state.mode === 'own' ? saveOwn() : saveBoard());
    } catch (fault) {
      if (state.draft === null) return;
      if (fault.status === 412) await conflict();
      else if (fault.status === 404 && state.mode === 'edit') await rescue();
      else refused(fault);
    }
  });
}

/** Sends the draft. What is heard of the dashboard meanwhile is taken for what others have done only after the answer. */
async function sent(method, path, given, headers) {
  const { id } = state.board;
  const asked = call(method, path, given, headers);
  state.saving = asked.catch(() => {});
  try {
    const answer = await asked;
    return state.board?.id === id && state.draft !== null ? answer : null;
  } finally {
    state.saving = null;
  }
}

async function saveBoard() {
  const { title } = state.draft;
  const saved = await sent('PUT', url(), body(), state.tag ? { 'If-Match': state.tag } : {});
  if (saved === null) return;
  state.board = plainBoard(saved);
  end();
  document.title = `${title} · Poligon`;
  await Promise.all([reload(), loadList()]);
  toast(t('saved'));
  announce(t('saved'));
}

async function saveOwn() {
  const { asked, draft, board } = state;
  const own = board.override;
  const saved = await sent('PUT', url('/override'), {
    period: asked.period ?? own?.period ?? null,
    tz: asked.tz ?? own?.tz ?? null,
    filters: asked.filters ?? own?.filters ?? null,
    hidden: draft.hidden,
    layout: draft.widgets.map(({ id, x, y, w, h: rows }) => ({ id, x, y, w, h: rows })),
  });
  if (saved === null) return;
  end();
  await reload();
  emit('mode');
  toast(t('own.saved'));
  announce(t('own.saved'));
}

/** Tells what was refused, at the widget where it is about one. */
function refused(fault) {
  const wrong = new Map();
  for (const error of fault.errors ?? []) {
    const at = /^\/widgets\/(\d+)(\/.*)?$/.exec(error.pointer ?? '');
    const widget = at && state.draft?.widgets?.[Number(at[1])];
    if (!widget) continue;
    const list = wrong.get(widget.id) ?? [];
    wrong.set(widget.id, [...list, { ...error, pointer: at[2] ?? '' }]);
  }
  if (wrong.size === 0 || state.mode !== 'edit') {
    showFault(fault);
    return;
  }
  toast(t('save.refused', { count: wrong.size }), 'error');
  const [[id, errors]] = wrong;
  editWidget(id, errors);
}

/** Somebody has saved in the meantime: whose state goes on? */
async function conflict() {
  let theirs;
  try {
    theirs = await call('GET', url());
  } catch (fault) {
    toast(faultText(fault), 'error');
    return;
  }
  if (state.draft === null) return;
  const at = instant(theirs.updated_at, undefined, { dateStyle: 'short', timeStyle: 'medium' });
  const text = t('conflict.text', { version: theirs.version, mine: state.board.version, at });
  const choice = await choose('conflict', text, ['conflict.choose', 'conflict.stay', 'reload', 'conflict.reload']);
  if (choice === 'reload') {
    end();
    await reload();
  } else if (choice === 'copy') {
    await saveAsCopy();
  }
}

/** The dashboard is no longer there: what was made of it can be kept. */
export async function rescue() {
  if (document.querySelector('[data-testid=rescue]')) return;
  const text = t('rescue.text', { title: state.board.title });
  const choice = await choose('rescue', text, ['rescue.choose', 'conflict.stay', 'discard', 'leave.go']);
  if (choice === 'copy') await saveAsCopy();
  else if (choice === 'discard') {
    end();
    await openBoard(null, {}, true);
    await loadList().catch(showFault);
  }
}

/** What becomes of the draft? `stay`, `copy`, or what gives it up. */
function choose(testid, text, [hint, stay, away, giveUp]) {
  return openDialog({
    title: t(`${testid}.title`),
    testid,
    build: (close) => {
      const act = (value, key, className = 'button') =>
        h(
          'button',
          { type: 'button', class: className, testid: `${testid}-${value}`, on: { click: () => close(value) } },
          t(key),
        );
      return [
        h('div', { class: 'dialog-body' }, h('p', { testid: `${testid}-text` }, text), h('p', { class: 'muted' }, t(hint))),
        h(
          'footer',
          { class: 'dialog-foot' },
          act('stay', stay),
          h('span', { class: 'grow' }),
          act(away, giveUp),
          act('copy', 'conflict.copy', 'button primary'),
        ),
      ];
    },
  });
}

const makeCopy = maker();

async function saveAsCopy() {
  const title = t('copy.of', { title: state.draft.title }).slice(0, 100);
  try {
    const made = await makeCopy('analytics/dashboards', { ...body(), title });
    end();
    await loadList();
    await openBoard(made.id, {}, true);
    toast(t('copy.done', { title: made.title }));
  } catch (fault) {
    refused(fault);
  }
}

/** A draft whose person has been logged out: it waits until they are there again. */
let aside = null;
export const isSetAside = () => aside !== null;
export const forgetAside = () => (aside = null);
/** The dashboard that the draft of this person is of. */
export const setAsideOf = () => (aside !== null && aside.personId === state.user?.id ? aside.kept.board.id : null);

export function setAside() {
  if (!isChanged()) return;
  const { board, tag, mode, draft, past, user } = state;
  aside = { personId: user.id, kept: { board, tag, mode, draft, past } };
}

/** Goes on with the draft, if its person has opened its dashboard, or has not found it any more. */
export function takeUp() {
  if (setAsideOf() === null) return;
  const { kept } = aside;
  const gone = state.board === null && state.fault?.status === 404 && kept.mode === 'edit';
  if (!gone && kept.board.id !== state.board?.id) return;
  aside = null;
  Object.assign(state, kept);
  if (gone) emit('opened');
  begun();
  if (gone) rescue();
}

on('opened', takeUp);

document.addEventListener('keydown', (event) => {
  const writing = event.target.closest?.('input, textarea, select, dialog');
  if (
    state.mode === 'view' ||
    writing ||
    !(event.ctrlKey || event.metaKey) ||
    event.key.toLowerCase() !== 'z' ||
    event.shiftKey
  )
    return;
  event.preventDefault();
  undo();
});
