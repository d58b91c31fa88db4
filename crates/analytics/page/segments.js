// Segments: groups of people by what they did.

import { announce, toast } from './a11y.js';
import { CHANGE_SEGMENTS, may } from './access.js';
import { get } from './api.js';
import { h } from './dom.js';
import { schemaForm } from './form.js';
import { figure } from './format.js';
import { named, t } from './i18n.js';
import { cardButton, listing } from './listing.js';
import { state } from './state.js';
import { loadSegments } from './stock.js';
import { editThing, removeThing } from './thing-dialog.js';

const PATH = 'analytics/segments';
const MOST_CONDITIONS = 8;

/** The view; `leave` ends it. */
export function segmentsView() {
  let left = false;
  const view = listing({
    name: 'segments',
    load: loadSegments,
    card: (segment) =>
      card(
        segment,
        () => view.reload(),
        () => left,
      ),
    add: may(CHANGE_SEGMENTS) && { label: t('segment.new'), act: () => edit(null, () => view.reload()) },
  });
  const leave = () => {
    left = true;
    view.stop();
  };
  return { element: view.element, leave };
}

function card(segment, changed, isLeft) {
  const testid = `segment-${segment.id}`;
  const { name, description, conditions } = segment;
  const people = h('p', { class: 'figure-value', testid: `${testid}-people`, 'aria-busy': 'true' }, '…');
  count(segment, people, isLeft);
  const tools = may(CHANGE_SEGMENTS) && [
    cardButton('edit', t('edit'), name, `${testid}-edit`, () => edit(segment, changed)),
    cardButton('trash', t('delete'), name, `${testid}-delete`, () => remove(segment, changed)),
  ];
  return h(
    'li',
    { class: 'thing', testid },
    h('header', { class: 'thing-head' }, h('h2', { testid: `${testid}-name` }, name), tools),
    description && h('p', { class: 'muted thing-text', testid: `${testid}-description` }, description),
    people,
    h('p', { class: 'muted' }, t('segment.all_hold')),
    h(
      'ul',
      { class: 'conditions', testid: `${testid}-conditions` },
      conditions.map((one) => h('li', {}, words(one))),
    ),
  );
}

/** Counts are asked for one after the other: each looks through everything that people did. */
let turn = Promise.resolve();

/** Those that were deleted here: nobody counts them while the list still shows them. */
const removed = new Set();

function count(segment, place, isLeft) {
  turn = turn.then(async () => {
    if (isLeft() || !place.isConnected || removed.has(segment.id)) return;
    try {
      const { people } = await get(`${PATH}/${segment.id}`);
      // Counting may take longer than anybody waits.
      place.textContent =
        people === null ? t('segment.uncounted') : t('segment.people', { count: people, figure: figure(people, 'count') });
    } catch {
      place.textContent = t('segment.uncounted');
    }
    place.removeAttribute('aria-busy');
  });
}

/** A condition in words. */
function words({ kind, values, at_least: least, at_most: most, within_days: days }) {
  const parts = [named('kind', kind)];
  if (values?.length > 0) parts.push(`(${values.join(', ')})`);
  parts.push(often(least, most));
  if (days) parts.push(t('segment.within', { count: days }));
  return parts.join(' ');
}

function often(least, most) {
  if (most === 0) return t('segment.never');
  if (most === null) return t('segment.at_least', { count: least });
  return least === most ? t('segment.exactly', { count: least }) : t('segment.between', { least, count: most });
}

async function edit(segment, changed) {
  const made = await editThing({
    path: PATH,
    id: segment?.id ?? null,
    title: segment ? t('segment.edit', { name: segment.name }) : t('segment.new'),
    testid: 'segment-form',
    fields,
    places: { segment_name_taken: '/name' },
  });
  if (made || segment) changed();
  if (!made) return;
  toast(t('thing.saved', { name: made.name }));
  announce(t('thing.saved', { name: made.name }));
}

async function remove(segment, changed) {
  const { id, name } = segment;
  const gone = await removeThing({
    path: PATH,
    id,
    name,
    title: t('segment.delete'),
    text: t('segment.delete_text', { name }),
    testid: 'segment-delete',
  });
  if (!gone) return;
  removed.add(id);
  changed();
}

/** What people can have done: as the steps of funnels know it. */
function kinds() {
  const { steps } = state.types.get('funnel').schema.properties;
  return steps.items.properties.kind.enum;
}

function schema() {
  const number = (title, minimum, maximum) => ({ type: ['integer', 'null'], minimum, maximum, title });
  const condition = {
    type: 'object',
    required: ['kind'],
    properties: {
      kind: { type: 'string', enum: kinds(), title: t('conditions.kind') },
      values: { type: 'array', items: { type: 'string' }, title: t('conditions.values') },
      at_least: number(t('conditions.at_least'), 0, 1_000_000),
      at_most: number(t('conditions.at_most'), 0, 1_000_000),
      within_days: number(t('conditions.within_days'), 1, 400),
    },
  };
  return {
    type: 'object',
    required: ['name', 'conditions'],
    properties: {
      name: { type: 'string', maxLength: 100, title: t('name') },
      description: { type: 'string', maxLength: 2000, 'x-multiline': true, 'x-rows': 2, title: t('description') },
      conditions: { type: 'array', minItems: 1, maxItems: MOST_CONDITIONS, items: condition, title: t('conditions') },
    },
  };
}

const fields = (segment) => schemaForm(schema(), segment, 'segment');
