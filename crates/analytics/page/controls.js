// What is looked at: the period, the time zone, the filters.

import { ask, reload } from './board.js';
import { h, refill } from './dom.js';
import { filterChips, filterNotes, openFilter } from './filters.js';
import { instant, range } from './format.js';
import { icon } from './icons.js';
import { t } from './i18n.js';
import { daysOf, PRESETS, samePeriod, timeZones } from './period.js';
import { on, state } from './state.js';
import { dimensionsOf } from './stock.js';

let parts = null;
on('opened', () => parts && state.board && show());
on('figures', () => parts && state.board && show());
on('asked', () => parts && state.board && show());
on('mode', () => parts && state.board && show());

/** What is in force: what was chosen for now, the own view, or the dashboard. */
export function inForce() {
  const { asked, board, result } = state;
  const own = board.override;
  return {
    period: asked.period ?? own?.period ?? board.period,
    tz: asked.tz ?? own?.tz ?? board.tz ?? result?.tz ?? 'UTC',
    filters: asked.filters ?? own?.filters ?? board.filters ?? {},
  };
}

export function controls() {
  parts = {
    preset: presetSelect(),
    from: dayInput('from'),
    to: dayInput('to'),
    tz: zoneSelect(),
    chips: h('div', { class: 'chips', testid: 'filters' }),
  };
  parts.days = h('div', { class: 'days', hidden: true }, labelled(t('from'), parts.from), labelled(t('to'), parts.to));
  parts.range = h('span', { class: 'range', testid: 'period-range' });
  parts.asOf = h('span', { class: 'muted as-of', testid: 'as-of' });
  const add = h(
    'button',
    { type: 'button', class: 'button small', testid: 'filter-add', on: { click: addFilter } },
    icon('filter'),
    h('span', {}, t('filter.add')),
  );
  parts.add = add;
  parts.back = h(
    'button',
    {
      type: 'button',
      class: 'button small quiet',
      testid: 'controls-reset',
      on: { click: () => ask({ period: null, tz: null, filters: null }) },
    },
    icon('undo'),
    h('span', {}, t('controls.reset')),
  );
  const fresh = h(
    'button',
    {
      type: 'button',
      class: 'button small quiet square',
      'aria-label': t('refresh'),
      title: t('refresh'),
      testid: 'refresh',
      on: { click: () => reload() },
    },
    icon('refresh'),
  );
  return h(
    'section',
    { class: 'controls', 'aria-label': t('controls') },
    labelled(t('period'), parts.preset),
    parts.days,
    labelled(t('tz'), parts.tz),
    parts.chips,
    add,
    parts.back,
    h('span', { class: 'grow' }),
    h('span', { class: 'when' }, parts.range, parts.asOf),
    fresh,
  );
}

const labelled = (text, control) => h('label', { class: 'inline' }, h('span', {}, text), control);

function presetSelect() {
  const options = [...PRESETS, 'custom'].map((name) => h('option', { value: name }, t(`preset.${name}`)));
  const choose = () => {
    if (select.value !== 'custom') return ask({ period: { preset: select.value } });
    const days = state.result ? { from: state.result.from, to: state.result.to } : daysOf(inForce().period, inForce().tz);
    parts.days.hidden = false;
    parts.from.value = days.from;
    parts.to.value = days.to;
    return parts.from.focus();
  };
  const select = h('select', { class: 'input small', testid: 'period-preset', on: { change: choose } }, options);
  return select;
}

function dayInput(name) {
  const change = () => {
    const [from, to] = [parts.from.value, parts.to.value];
    const wrong = !from || !to || from > to;
    for (const input of [parts.from, parts.to]) input.setCustomValidity(wrong ? t('period.wrong') : '');
    if (wrong) return parts.to.reportValidity();
    return samePeriod({ from, to }, inForce().period) ? undefined : ask({ period: { from, to } });
  };
  return h('input', {
    type: 'date',
    class: 'input small',
    min: '2000-01-01',
    max: '2100-12-31',
    testid: `period-${name}`,
    on: { change },
  });
}

function zoneSelect() {
  const options = timeZones().map((name) => h('option', { value: name }, name.replaceAll('_', ' ')));
  const select = h(
    'select',
    { class: 'input small zone', testid: 'time-zone', on: { change: () => ask({ tz: select.value }) } },
    options,
  );
  return select;
}

function show() {
  const { period, tz, filters } = inForce();
  const custom = !period?.preset;
  parts.preset.value = custom ? 'custom' : period.preset;
  parts.days.hidden = !custom;
  if (custom && document.activeElement !== parts.from && document.activeElement !== parts.to) {
    parts.from.value = period?.from ?? '';
    parts.to.value = period?.to ?? '';
  }
  if (![...parts.tz.options].some((option) => option.value === tz)) parts.tz.append(h('option', { value: tz }, tz));
  parts.tz.value = tz;
  refill(
    parts.chips,
    state.link ? filterNotes(filters) : filterChips(filters, (next) => ask({ filters: next }), addFilter),
  );
  parts.chips.hidden = Object.keys(filters).length === 0;
  parts.add.hidden = dimensions().length === 0;
  parts.back.hidden = Object.values(state.asked).every((value) => value === null);
  if (!state.result) return;
  parts.range.textContent = range(state.result.from, state.result.to);
  parts.asOf.textContent = t('as_of', { at: instant(state.result.as_of, state.result.tz, { timeStyle: 'medium' }) });
}

/** Public links do not offer filters: whoever has one sees what its owner has chosen to show. */
const dimensions = () => (state.link ? [] : dimensionsOf(state.draft?.widgets ?? state.board.widgets));

async function addFilter(dimension = null) {
  const { filters } = inForce();
  const days = { from: state.result?.from, to: state.result?.to, tz: state.result?.tz };
  const next = await openFilter({
    filters,
    dimensions: dimensions(),
    days,
    dimension: typeof dimension === 'string' ? dimension : null,
  });
  if (next) await ask({ filters: next });
}
