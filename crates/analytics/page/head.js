// The head of a dashboard: its name, and what can be done with it in each mode.

import { showFault, toast } from './a11y.js';
import { call, callTagged, maker, save } from './api.js';
import { deafen, listenAgain, openBoard, reload } from './board.js';
import { askText, confirmed, menuButton, whileBusy } from './dialogs.js';
import { fill, h, refill } from './dom.js';
import { begin, cancel, closeGaps, saveDraft, undo } from './editor.js';
import { exportMenu } from './exports.js';
import { icon } from './icons.js';
import { t } from './i18n.js';
import { boardSettings } from './settings.js';
import { shareDialog } from './shares.js';
import { createFrom } from './sidebar.js';
import { emit, isOwner, isStored, mayEdit, on, state } from './state.js';
import { loadList } from './stock.js';
import { addWidget } from './widget-dialog.js';

const button = (name, label, testid, click, className = 'button') =>
  h('button', { type: 'button', class: className, testid, on: { click } }, icon(name), h('span', {}, label));

let parts = null;
const whenThere = (show) => () => parts && state.board && show();
on(
  'opened',
  whenThere(() => showAll()),
);
on(
  'figures',
  whenThere(() => showTitle()),
);
on(
  'mode',
  whenThere(() => showAll()),
);
on(
  'draft',
  whenThere(() => showDraft()),
);
on(
  'overtaken',
  whenThere(() => (parts.note.hidden = false)),
);

export function head() {
  parts = {
    title: h('h1', { testid: 'dashboard-title', tabindex: '-1' }),
    badges: h('div', { class: 'badges' }),
    text: h('p', { class: 'muted board-text', testid: 'dashboard-description' }),
    actions: h('div', { class: 'actions', role: 'group', 'aria-label': t('actions') }),
    note: h(
      'p',
      { class: 'banner warn', role: 'alert', hidden: true, testid: 'overtaken' },
      icon('alert'),
      h('span', {}, t('overtaken')),
    ),
  };
  parts.whole = h(
    'div',
    { class: 'board-head' },
    h('div', { class: 'board-names' }, h('div', { class: 'board-title' }, parts.title, parts.badges), parts.text),
    parts.actions,
    parts.note,
  );
  return parts.whole;
}

function showAll() {
  showTitle();
  parts.note.hidden = true;
  parts.whole.classList.toggle('is-editing', state.mode !== 'view');
  const actions = { view: viewActions, edit: editActions, own: ownActions }[state.mode];
  refill(parts.actions, actions());
  showDraft();
}

function showTitle() {
  const shown = state.mode === 'edit' ? state.draft : state.board;
  parts.title.textContent = shown.title;
  parts.text.textContent = shown.description ?? '';
  parts.text.hidden = !shown.description;
  fill(parts.badges, badges());
}

function badges() {
  const badge = (name, text, testid) => h('span', { class: 'badge', testid }, icon(name), text);
  const { board } = state;
  return [
    state.mode === 'edit' && badge('edit', t('mode.edit'), 'badge-editing'),
    state.mode === 'own' && badge('eye', t('mode.own'), 'badge-own'),
    board.is_default && board.id && badge('star', t('default.is'), 'badge-default'),
    board.access !== 'owner' &&
      board.owner &&
      badge('share', t('shared_by', { name: board.owner.display_name }), 'badge-shared'),
    board.access === 'view' && board.id && !state.link && badge('eye', t('access.view'), 'badge-view'),
    board.override && state.mode === 'view' && badge('settings', t('own.is'), 'badge-override'),
  ];
}

function viewActions() {
  if (state.link) return [];
  const copyOnce = (event) => whileBusy(event.currentTarget, copyBuiltIn);
  if (!isStored())
    return [button('copy', t('copy.built_in'), 'dashboard-make-own', copyOnce, 'button primary'), exportMenu(null)];
  const first = mayEdit()
    ? button('edit', t('edit'), 'dashboard-edit', () => begin('edit'), 'button primary')
    : button('settings', t('own.begin'), 'dashboard-own', () => begin('own'), 'button primary');
  return [
    first,
    isOwner() && button('share', t('share'), 'dashboard-share', shareDialog),
    exportMenu(null),
    menuButton({
      label: t('more'),
      iconName: 'more',
      testid: 'dashboard-more',
      items: moreItems,
      hideLabel: true,
      className: 'button square',
    }),
  ];
}

function moreItems() {
  const { board } = state;
  const item = (label, name, testid, act, danger = false) => ({
    label,
    icon: name,
    testid,
    act: () => Promise.resolve(act()).catch(showFault),
    danger,
  });
  return [
    mayEdit() && item(t('rename'), 'edit', 'dashboard-rename', renameBoard),
    item(t('copy'), 'copy', 'dashboard-copy', copyBoard),
    board.is_default
      ? item(t('default.unset'), 'star', 'dashboard-default-unset', () => setDefault(null))
      : item(t('default.set'), 'star', 'dashboard-default', () => setDefault(board.id)),
    mayEdit() && item(t('own.begin'), 'settings', 'dashboard-own', () => begin('own')),
    board.override && item(t('own.reset'), 'undo', 'dashboard-own-reset', resetOwn),
    item(t('file'), 'download', 'dashboard-file', saveFile),
    isOwner() && item(t('delete'), 'trash', 'dashboard-delete', deleteBoard, true),
  ];
}

function editActions() {
  return [
    button('add', t('widget.add'), 'widget-add', addWidget, 'button primary'),
    button('up', t('gaps'), 'close-gaps', closeGaps),
    button('settings', t('settings'), 'dashboard-settings', boardSettings),
    ...endings('save', t('save')),
  ];
}

const ownActions = () => [button('up', t('gaps'), 'close-gaps', closeGaps), ...endings('own-save', t('own.save'))];

function endings(testid, label) {
  parts.undo = button('undo', t('undo'), 'undo', undo);
  parts.save = button('check', label, testid, () => saveDraft(parts.save), 'button primary');
  return [parts.undo, h('span', { class: 'gap' }), button('close', t('cancel'), 'edit-cancel', cancel), parts.save];
}

function showDraft() {
  if (state.mode === 'view') return;
  parts.undo.disabled = state.past.length === 0;
  showTitle();
}

const url = (rest = '') => `analytics/dashboards/${state.board.id}${rest}`;

async function opened(made, text) {
  await loadList();
  await openBoard(made.id, {}, true);
  toast(text);
}

async function renameBoard() {
  const act = (title) => call('PATCH', url(), { title });
  const done = await askText({
    title: t('rename'),
    label: t('title'),
    value: state.board.title,
    action: t('save'),
    testid: 'rename',
    act,
  });
  if (!done) return;
  await Promise.all([reload(), loadList()]);
  document.title = `${done.title} · Poligon`;
}

async function copyBoard() {
  const title = t('copy.of', { title: state.board.title }).slice(0, 100);
  const make = maker();
  const made = await askText({
    title: t('copy'),
    label: t('title'),
    value: title,
    action: t('copy'),
    testid: 'copy',
    act: (name) => make(url('/copy'), { title: name }),
  });
  if (made) await opened(made, t('copy.done', { title: made.title }));
}

const makeOwn = maker();

async function copyBuiltIn() {
  try {
    const overview = state.templates.find((one) => one.name === 'overview');
    const made = await createFrom(makeOwn, overview, t('side.overview'));
    await opened(made, t('copy.done', { title: made.title }));
  } catch (fault) {
    showFault(fault);
  }
}

async function setDefault(id) {
  await call('PUT', 'analytics/dashboard', { dashboard_id: id });
  await Promise.all([reload(), loadList()]);
  toast(t(id ? 'default.done' : 'default.undone'));
  emit('list');
}

async function resetOwn() {
  await call('DELETE', url('/override'));
  state.asked = { period: null, tz: null, filters: null };
  emit('asked');
  await reload();
  showAll();
  toast(t('own.reset_done'));
}

async function saveFile() {
  const file = await call('GET', url('/file'));
  const name = state.board.title.replace(/[^\p{L}\p{N}._-]+/gu, '-').slice(0, 60) || 'dashboard';
  save(new Blob([JSON.stringify(file, null, 2)], { type: 'application/json' }), `${name}.json`);
}

async function deleteBoard() {
  const { title } = state.board;
  const gone = url();
  const { tag } = await callTagged('GET', gone);
  const sure = await confirmed({
    title: t('delete.title'),
    text: t('delete.text', { title }),
    label: t('delete'),
    testid: 'delete',
  });
  if (!sure) return;
  deafen();
  try {
    await call('DELETE', gone, undefined, tag ? { 'If-Match': tag } : {});
  } catch (fault) {
    listenAgain();
    throw fault;
  }
  await openBoard(null, {}, true);
  await loadList();
  toast(t('delete.done', { title }));
}
