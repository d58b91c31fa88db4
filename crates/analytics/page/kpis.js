// KPIs: figures that are to reach a target, or to stay below one, and how they stand.

import { announce, toast } from './a11y.js';
import { CHANGE_KPIS, may } from './access.js';
import { get } from './api.js';
import { h } from './dom.js';
import { schemaForm } from './form.js';
import { figure, headline, range } from './format.js';
import { icon } from './icons.js';
import { named, t } from './i18n.js';
import { cardButton, listing } from './listing.js';
import { periodName, plainPeriod } from './period.js';
import { periodField, zoneField } from './period-field.js';
import { state } from './state.js';
import { labelOf } from './stock.js';
import { editThing, removeThing } from './thing-dialog.js';

const PATH = 'analytics/kpis';
const SIGNS = { on_track: 'check', at_risk: 'alert', off_track: 'close' };

/** The view; `leave` ends it. */
export function kpisView() {
  const view = listing({
    name: 'kpis',
    load: async () => (await get(PATH)).items,
    card: (kpi) => card(kpi, () => view.reload()),
    add: may(CHANGE_KPIS) && { label: t('kpi.new'), act: () => edit(null, () => view.reload()) },
  });
  return { element: view.element, leave: view.stop };
}

function card(kpi, changed) {
  const testid = `kpi-${kpi.id}`;
  const tools = may(CHANGE_KPIS) && [
    cardButton('edit', t('edit'), kpi.name, `${testid}-edit`, () => edit(kpi, changed)),
    cardButton('trash', t('delete'), kpi.name, `${testid}-delete`, () => remove(kpi, changed)),
  ];
  return h(
    'li',
    { class: 'thing', testid },
    h('header', { class: 'thing-head' }, h('h2', { testid: `${testid}-name` }, kpi.name), tools),
    kpi.description && h('p', { class: 'muted thing-text', testid: `${testid}-description` }, kpi.description),
    h('p', { class: 'figure-value', testid: `${testid}-value` }, headline(kpi.value, kpi.unit)),
    h('p', { class: 'figure-notes' }, stateOf(kpi, testid), target(kpi, testid)),
    h(
      'dl',
      { class: 'facts' },
      fact(t('kpi.metric'), named('metric', kpi.metric)),
      fact(t('period'), `${periodName(plainPeriod(kpi.period))} · ${range(kpi.from, kpi.to)} (${kpi.tz})`, `${testid}-period`),
      Object.entries(kpi.filters).map(([name, values]) =>
        fact(named('dimension', name), values.map((value) => labelOf(name, value)).join(', ')),
      ),
    ),
  );
}

const fact = (name, text, testid = null) => h('div', {}, h('dt', {}, name), h('dd', { testid }, text));

/** How it stands, in words, with a sign and in colour. */
function stateOf(kpi, testid) {
  if (!kpi.state) return h('span', { class: 'state', testid: `${testid}-state` }, t('kpi.no_state'));
  return h(
    'span',
    { class: `state is-${kpi.state}`, testid: `${testid}-state` },
    icon(SIGNS[kpi.state]),
    h('span', {}, t(`state.${kpi.state}`)),
  );
}

function target(kpi, testid) {
  if (kpi.target === null) return null;
  const way = kpi.direction ? ` (${named('direction', kpi.direction).toLowerCase()})` : '';
  return h('span', { testid: `${testid}-target` }, `${t('target', { value: figure(kpi.target, kpi.unit) })}${way}`);
}

async function edit(kpi, changed) {
  const made = await editThing({
    path: PATH,
    id: kpi?.id ?? null,
    title: kpi ? t('kpi.edit', { name: kpi.name }) : t('kpi.new'),
    testid: 'kpi-form',
    fields,
    places: { kpi_name_taken: '/name', metric_forbidden: '/metric' },
  });
  // Whoever has given up may have learnt that it was changed meanwhile.
  if (made || kpi) changed();
  if (!made) return;
  toast(t('thing.saved', { name: made.name }));
  announce(t('thing.saved', { name: made.name }));
}

async function remove(kpi, changed) {
  const { id, name } = kpi;
  const gone = await removeThing({
    path: PATH,
    id,
    name,
    title: t('kpi.delete'),
    text: t('kpi.delete_text', { name }),
    testid: 'kpi-delete',
  });
  if (gone) changed();
}

/** What a KPI is of, as a schema: the same fields as in the settings of a number. */
function schema() {
  return {
    type: 'object',
    required: ['name', 'metric', 'target', 'direction'],
    properties: {
      name: { type: 'string', maxLength: 100, title: t('name') },
      description: { type: 'string', maxLength: 2000, 'x-multiline': true, 'x-rows': 2, title: t('description') },
      metric: { type: 'string', enum: [...state.metrics.keys()], title: t('kpi.metric') },
      filters: { type: 'object', title: t('kpi.filters') },
      target: { type: 'number', minimum: -1e15, maximum: 1e15, title: t('kpi.target') },
      direction: { type: 'string', enum: ['up', 'down'], title: t('kpi.direction') },
    },
  };
}

function fields(kpi) {
  const form = schemaForm(schema(), kpi, 'kpi');
  const zone = zoneField(kpi.tz, 'kpi');
  const period = periodField(plainPeriod(kpi.period) ?? { preset: 'this_month' }, 'kpi', zone.read);
  const read = () => ({ ...form.read(), period: period.read(), tz: zone.read() });
  const tell = (errors) => {
    const of = (stem) => errors.filter((one) => one.pointer === stem || one.pointer?.startsWith(`${stem}/`));
    of('/period').forEach(period.tell);
    of('/tz').forEach((one) => zone.tell(one.message));
    return form.tell(errors.filter((one) => ![...of('/period'), ...of('/tz')].includes(one)));
  };
  return {
    element: h('div', {}, form.element, period.element, zone.element),
    read,
    tell,
    check: () => form.check() && period.check(),
  };
}
