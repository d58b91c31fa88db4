// Adding a widget, its settings, and taking it away.

import { announce } from './a11y.js';
import { dialogActions, field, openDialog } from './dialogs.js';
import { fill, h } from './dom.js';
import { change } from './editor.js';
import { schemaForm } from './form.js';
import { icon } from './icons.js';
import { pick, t } from './i18n.js';
import { COLUMNS, freePlace, LAST_ROW, MOST_ROWS, placed } from './layout.js';
import { state } from './state.js';

const MOST = 40;
const find = (id) => state.draft.widgets.find((widget) => widget.id === id);

/** An id that no widget of the dashboard has. */
function freshWidgetId(type) {
  for (let number = 1; ; number += 1) {
    const id = `${type.replaceAll('_', '-')}-${number}`;
    if (!find(id) && !state.board.widgets.some((widget) => widget.id === id)) return id;
  }
}

/** Asks which type, then for its settings. */
export async function addWidget() {
  if (state.draft.widgets.length >= MOST) {
    announce(t('widget.most', { count: MOST }));
    return;
  }
  const type = await openDialog({ title: t('widget.add'), testid: 'widget-types', wide: true, build: typeList });
  if (!type) return;
  const widget = {
    id: freshWidgetId(type.type),
    type: type.type,
    title: '',
    settings: {},
    ...freePlace(state.draft.widgets, type.size),
  };
  const made = await ask(widget, t('widget.new', { type: pick(type.title) }), []);
  if (!made) return;
  change(t('widget.added', { title: made.title }), (draft) => draft.widgets.push(made));
  announce(t('widget.added', { title: made.title }));
  const card = document.querySelector(`[data-testid="widget-${made.id}"]`);
  card?.scrollIntoView({ block: 'center' });
  card?.querySelector('.handle')?.focus();
}

function typeList(close) {
  const types = [...state.types.values()].map((type) =>
    h(
      'button',
      { type: 'button', class: 'type', testid: `widget-type-${type.type}`, on: { click: () => close(type) } },
      icon(type.type),
      h('span', {}, h('strong', {}, pick(type.title)), h('span', { class: 'muted' }, pick(type.description))),
    ),
  );
  return h('div', { class: 'dialog-body types' }, types);
}

/** The settings of a widget; `errors` are those of the API, by pointers within the widget. */
export async function editWidget(id, errors = []) {
  const old = find(id);
  const made = await ask(old, t('widget.settings', { title: old.title }), errors);
  if (!made) return;
  change(t('widget.changed', { title: made.title }), (draft) => {
    draft.widgets = placed(
      draft.widgets.map((widget) => (widget.id === id ? { ...made, x: old.x, y: old.y, w: old.w, h: old.h } : widget)),
      id,
      made,
    );
  });
}

export function removeWidget(id) {
  const { title } = find(id);
  change(t('widget.deleted', { title }), (draft) => (draft.widgets = draft.widgets.filter((widget) => widget.id !== id)));
  announce(`${t('widget.deleted', { title })} ${t('undo.hint')}`);
  document.querySelector('[data-testid=undo]')?.focus();
}

function ask(widget, title, errors) {
  return openDialog({ title, testid: 'widget-form', build: (close) => widgetForm(close, widget, errors) });
}

function widgetForm(close, widget, errors) {
  const { schema } = state.types.get(widget.type);
  const input = h('input', {
    type: 'text',
    class: 'input',
    maxlength: 100,
    value: widget.title,
    testid: 'widget-form-title',
    'data-focus': true,
  });
  const title = field(t('widget.title'), input, { hint: t('widget.title_hint') });
  const settings = schemaForm(schema, widget.settings, 'setting');
  const place = placeFields(widget);
  const wrong = h('p', { class: 'wrong banner', role: 'alert', hidden: true, testid: 'widget-form-error' });
  const tell = (list) => {
    const inside = list
      .filter((one) => one.pointer.startsWith('/settings'))
      .map((one) => ({ ...one, pointer: one.pointer.slice('/settings'.length) }));
    const lost = [
      ...settings.tell(inside),
      ...list.filter((one) => !one.pointer.startsWith('/settings') && one.pointer !== '/title'),
    ];
    title.tell(list.find((one) => one.pointer === '/title')?.message ?? null);
    wrong.hidden = lost.length === 0;
    fill(wrong, icon('alert'), h('span', {}, lost.map((one) => `${one.pointer} ${one.message}`.trim()).join('; ')));
  };
  const submit = (event) => {
    event.preventDefault();
    if (!settings.check() || !form.reportValidity()) return;
    const read = settings.read();
    close({ ...widget, ...place.read(), settings: read, title: input.value.trim() || ownTitle(widget, read) });
  };
  const form = h(
    'form',
    { novalidate: true, on: { submit } },
    h('div', { class: 'dialog-body' }, wrong, title.element, settings.element, place.element),
    dialogActions(close, { label: t('apply'), testid: 'widget-form' }),
  );
  if (errors.length > 0) queueMicrotask(() => setTimeout(() => tell(errors)));
  return form;
}

/** A title for who gives none: the metric, else the type. */
function ownTitle(widget, settings) {
  const select = document.querySelector('[data-testid=setting-metric]');
  const metric = settings.metric ? select?.selectedOptions[0]?.textContent : null;
  return metric ?? pick(state.types.get(widget.type).title);
}

/** Place and size in numbers: for whoever neither drags nor presses arrows. */
function placeFields(widget) {
  const number = (name, least, most, value) => {
    const input = h('input', {
      type: 'number',
      class: 'input',
      min: least,
      max: most,
      step: 1,
      required: true,
      value,
      testid: `widget-form-${name}`,
    });
    return { name, input, element: field(t(`place.${name}`), input).element };
  };
  const fields = [
    number('column', 1, COLUMNS, widget.x + 1),
    number('row', 1, LAST_ROW + 1, widget.y + 1),
    number('width', 1, COLUMNS, widget.w),
    number('height', 1, MOST_ROWS, widget.h),
  ];
  const read = () => {
    const [column, row, width, height] = fields.map((one) => Number(one.input.value));
    const w = Math.min(Math.max(1, width), COLUMNS);
    return { x: Math.min(column - 1, COLUMNS - w), y: row - 1, w, h: height };
  };
  const element = h(
    'details',
    { class: 'place' },
    h('summary', { testid: 'widget-form-place' }, t('place.title')),
    h(
      'div',
      { class: 'four' },
      fields.map((one) => one.element),
    ),
  );
  return { element, read };
}
