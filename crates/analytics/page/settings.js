// What a dashboard is called and what it shows by itself.

import { inForce } from './controls.js';
import { dialogActions, field, openDialog } from './dialogs.js';
import { h } from './dom.js';
import { change } from './editor.js';
import { named, t } from './i18n.js';
import { periodName, PRESETS, timeZones } from './period.js';
import { labelOf } from './stock.js';
import { state } from './state.js';

export async function boardSettings() {
  const changes = await openDialog({ title: t('settings.title'), testid: 'settings', build: settingsForm });
  if (changes) change(t('settings'), (draft) => Object.assign(draft, changes));
}

function settingsForm(close) {
  const { draft } = state;
  const title = h('input', {
    type: 'text',
    class: 'input',
    maxlength: 100,
    required: true,
    value: draft.title,
    testid: 'settings-title',
    'data-focus': true,
  });
  const text = h('textarea', {
    class: 'input',
    maxlength: 2000,
    rows: 2,
    value: draft.description ?? '',
    testid: 'settings-description',
  });
  const period = periodSelect(draft.period);
  const tz = h(
    'select',
    { class: 'input', testid: 'settings-tz' },
    [...new Set([draft.tz, ...timeZones()])].map((name) => h('option', { value: name }, name.replaceAll('_', ' '))),
  );
  tz.value = draft.tz;
  const filters = filtersChoice(draft.filters ?? {});
  const submit = (event) => {
    event.preventDefault();
    close({
      title: title.value.trim(),
      description: text.value.trim(),
      period: period.read(),
      tz: tz.value,
      filters: filters.read(),
    });
  };
  return h(
    'form',
    { on: { submit } },
    h(
      'div',
      { class: 'dialog-body' },
      field(t('title'), title, { required: true }).element,
      field(t('description'), text).element,
      field(t('settings.period'), period.element, { hint: t('settings.period_hint') }).element,
      field(t('tz'), tz).element,
      filters.element,
    ),
    dialogActions(close, { label: t('apply'), testid: 'settings' }),
  );
}

/** A preset, or the days that it has or that are looked at now. */
function periodSelect(own) {
  const days = [own, inForce().period].filter((one) => one && !one.preset);
  const options = [...PRESETS.map((preset) => ({ preset })), ...days];
  const element = h(
    'select',
    { class: 'input', testid: 'settings-period' },
    options.map((one, at) => h('option', { value: at }, periodName(one))),
  );
  const at = options.findIndex((one) => JSON.stringify(one) === JSON.stringify(own));
  element.value = at < 0 ? 3 : at;
  return { element, read: () => options[Number(element.value)] };
}

/** Filters are tried out while looking; here they are taken over. */
function filtersChoice(own) {
  const now = inForce().filters;
  const words = (filters) =>
    Object.entries(filters)
      .map(([name, values]) => `${named('dimension', name)}: ${values.map((value) => labelOf(name, value)).join(', ')}`)
      .join('; ') || t('settings.no_filters');
  const same = JSON.stringify(now) === JSON.stringify(own);
  const tick = h('input', { type: 'checkbox', testid: 'settings-filters' });
  const take = same
    ? null
    : h('label', { class: 'tick' }, tick, h('span', {}, t('settings.take_filters', { filters: words(now) })));
  const element = h(
    'div',
    { class: 'field' },
    h('span', { class: 'label' }, t('settings.filters')),
    h('p', { class: 'hint' }, words(own)),
    take,
  );
  return { element, read: () => (tick.checked ? now : own) };
}
