// The list of dashboards, and ways to come to new ones.

import { may, SEE_PEOPLE } from './access.js';
import { maker } from './api.js';
import { faultText, showFault, toast } from './a11y.js';
import { mayLeave, openBoard } from './board.js';
import { dialogActions, field, openDialog, submitting, whileBusy } from './dialogs.js';
import { h, refill } from './dom.js';
import { icon } from './icons.js';
import { t } from './i18n.js';
import { VIEWS } from './place.js';
import { on, state } from './state.js';
import { loadList } from './stock.js';
import { openView } from './views.js';

const SIGNS = { kpis: 'number', segments: 'people', reports: 'text' };

let show = () => {};
on('list', () => show());
on('opened', () => show());
on('view', () => show());

export function sidebar() {
  const lists = h('div', { class: 'side-lists' });
  show = () =>
    refill(
      lists,
      group(
        'own',
        state.dashboards.filter((one) => one.access === 'owner'),
      ),
      group(
        'shared',
        state.dashboards.filter((one) => one.access !== 'owner'),
      ),
      overview(),
      others(),
    );
  show();
  const make = h(
    'button',
    { type: 'button', class: 'button primary', testid: 'dashboard-new', on: { click: newDashboard } },
    icon('add'),
    h('span', {}, t('new.button')),
  );
  const bring = h(
    'button',
    { type: 'button', class: 'button', testid: 'dashboard-import', on: { click: () => file.click() } },
    icon('up'),
    h('span', {}, t('import.button')),
  );
  const file = h('input', {
    type: 'file',
    accept: '.json,application/json',
    class: 'unseen',
    tabindex: '-1',
    'aria-label': t('import.button'),
    testid: 'dashboard-import-file',
    on: { change: () => whileBusy(bring, () => bringFile(file)) },
  });
  return h(
    'nav',
    { class: 'side', id: 'side', 'aria-label': t('side.title'), testid: 'side' },
    lists,
    h('div', { class: 'side-foot' }, make, bring, file),
  );
}

function group(name, items) {
  const id = `side-${name}`;
  const rows = items.map((item) => h('li', {}, link(item.id, item.title, item)));
  const none = name === 'own' && h('p', { class: 'muted side-none', testid: 'side-none' }, t('side.none'));
  if (rows.length === 0 && !none) return null;
  return h(
    'section',
    { 'aria-labelledby': id },
    h('h2', { id }, t(`side.${name}`)),
    rows.length === 0 ? none : h('ul', { testid: `dashboard-list-${name}` }, rows),
  );
}

function link(id, title, item) {
  const current = (state.board?.id ?? null) === id && state.board !== null;
  const go = goes(() => openBoard(id, {}, true));
  const star = item?.is_default
    ? h('span', { class: 'star-mark', title: t('default.is') }, icon('star'), h('span', { class: 'unseen' }, t('default.is')))
    : null;
  const owner =
    item && item.access !== 'owner' && item.owner ? h('span', { class: 'side-owner' }, item.owner.display_name) : null;
  return h(
    'a',
    {
      href: id ? `#dashboard=${id}` : '#',
      'aria-current': current ? 'page' : null,
      testid: `dashboard-link-${id ?? 'overview'}`,
      on: { click: go },
    },
    icon('bar'),
    h('span', { class: 'side-name' }, h('span', { class: 'side-title' }, title), owner),
    star,
  );
}

/** A click on a link: what it opens is opened in the page, unless another tab is wanted. */
const goes = (open) => async (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (await mayLeave()) open();
};

/** What there is beside dashboards. */
function others() {
  const row = (name) =>
    h(
      'a',
      {
        href: `#${name}`,
        'aria-current': state.view === name ? 'page' : null,
        testid: `view-link-${name}`,
        on: { click: goes(() => openView(name, true)) },
      },
      icon(SIGNS[name]),
      h('span', { class: 'side-name' }, h('span', { class: 'side-title' }, t(`view.${name}`))),
    );
  const names = VIEWS.filter((name) => name !== 'segments' || may(SEE_PEOPLE));
  return h(
    'section',
    { 'aria-labelledby': 'side-views' },
    h('h2', { id: 'side-views' }, t('side.views')),
    h(
      'ul',
      { testid: 'view-links' },
      names.map((name) => h('li', {}, row(name))),
    ),
  );
}

/** The caller's first page: what they have chosen, or the built-in overview. */
function overview() {
  const chosen = state.dashboards.some((one) => one.is_default);
  return chosen
    ? null
    : h(
        'section',
        { 'aria-label': t('side.built_in') },
        h('h2', {}, t('side.built_in')),
        h('ul', {}, h('li', {}, link(null, t('side.overview')))),
      );
}

const bringIn = maker();

async function bringFile(input) {
  const [chosen] = input.files;
  input.value = '';
  if (!chosen || !(await mayLeave())) return;
  let body;
  try {
    body = JSON.parse(await chosen.text());
  } catch {
    toast(t('import.no_json', { name: chosen.name }), 'error');
    return;
  }
  try {
    const made = await bringIn('analytics/dashboards/import', body);
    await opened(made);
    toast(t('import.done', { title: made.title }));
  } catch (fault) {
    toast(`${t('import.failed')} ${faultText(fault)}`, 'error');
  }
}

async function opened(made) {
  await loadList();
  await openBoard(made.id, {}, true);
}

/** A new dashboard: empty, or as a template is; `make` is of a `maker`. */
export function createFrom(make, template, title) {
  if (!template) return make('analytics/dashboards', { title });
  return make('analytics/dashboards/import', { ...template.dashboard, title });
}

/** Asks for a title and for what to begin with. */
async function newDashboard() {
  if (!(await mayLeave())) return;
  const made = await openDialog({ title: t('new.title'), testid: 'new-dashboard', build: newForm });
  if (made) await opened(made).catch(showFault);
}

function newForm(close) {
  const input = h('input', {
    type: 'text',
    class: 'input',
    maxlength: 100,
    required: true,
    value: t('new.untitled'),
    testid: 'new-dashboard-title',
    'data-focus': true,
  });
  const title = field(t('title'), input, { required: true });
  const choice = (value, name, hint) =>
    h(
      'label',
      { class: 'choice' },
      h('input', { type: 'radio', name: 'template', value, checked: value === '', testid: `template-${value || 'empty'}` }),
      h('span', {}, h('strong', {}, name), h('span', { class: 'muted' }, hint)),
    );
  const choices = [
    choice('', t('new.empty'), t('new.empty_hint')),
    ...state.templates.map(({ name, dashboard }) =>
      choice(name, dashboard.title, t('new.widgets', { count: dashboard.widgets.length })),
    ),
  ];
  const make = maker();
  const submit = submitting(async () => {
    const chosen = state.templates.find((one) => one.name === form.elements.template.value);
    try {
      close(await createFrom(make, chosen, input.value.trim()));
    } catch (fault) {
      title.tell(fault.errors?.[0]?.message ?? faultText(fault));
    }
  });
  const form = h(
    'form',
    { on: { submit } },
    h(
      'div',
      { class: 'dialog-body' },
      title.element,
      h('fieldset', { class: 'choices' }, h('legend', {}, t('new.begin')), choices),
    ),
    dialogActions(close, { label: t('new.create'), testid: 'new-dashboard' }),
  );
  return form;
}
