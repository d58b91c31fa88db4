// What is read once and kept: lists of dashboards and templates, the catalogue, names of the values of dimensions.

import { call, get, getAll, getOpenly } from './api.js';
import { language, named } from './i18n.js';
import { emit, state } from './state.js';

export async function loadList() {
  const { user } = state;
  const [dashboards, templates] = await Promise.all([
    getAll('analytics/dashboards'),
    get(`analytics/dashboards/templates?lang=${language}`),
  ]);
  if (state.user !== user) return;
  state.dashboards = dashboards;
  state.templates = templates.items;
  emit('list');
}

export async function loadCatalogue() {
  const [metrics, types] = await Promise.all([get('analytics/metrics'), get('analytics/widgets/schemas')]);
  state.metrics = new Map(metrics.items.map((metric) => [metric.name, metric]));
  state.types = new Map(types.items.map((type) => [type.type, type]));
}

/** Forgets everything: somebody else may come, who sees other things. */
export function forget() {
  Object.assign(state, { dashboards: [], templates: [], metrics: new Map(), types: new Map(), segments: null });
  emit('list');
}

/** Groups of people, for whoever may see them; what there is now, when it cannot be asked for. */
export async function loadSegments() {
  state.segments = (await get('analytics/segments')).items;
  return state.segments;
}

const labels = new Map();

/** Where the names of things are that the figures know by their numbers. */
const PLACES = { product: 'ecommerce/products?sort=popularity&limit=100', article: 'content/articles?limit=100' };
const askedFor = new Set();

/** Finds out what groups are called. */
export function learnLabels(dimension, series) {
  if (dimension && series.some((one) => one.group !== null)) lookUp(dimension);
}

/** Asks once for the names of what is well known; whatever is not among it goes by its number. */
async function lookUp(dimension) {
  if (!PLACES[dimension] || askedFor.has(dimension)) return;
  askedFor.add(dimension);
  try {
    const { items } = await getOpenly(PLACES[dimension]);
    for (const item of items) labels.set(`${dimension}\n${item.id}`, item.title);
  } catch {
    return;
  }
  state.names += 1;
  if (state.board) emit('figures');
}

/** What a value of a dimension is called: names of the program in words, anything else as it is. */
export function labelOf(dimension, value) {
  const name = labels.get(`${dimension}\n${value}`);
  if (name) return name;
  if (PLACES[dimension] || dimension === 'board') return `№ ${value}`;
  return /^[a-z][a-z_]*$/.test(value) && dimension !== 'name' ? named('value', value) : value;
}

/** Values of a dimension that occur in these days, the most frequent first. */
export async function valuesOf(dimension, days) {
  const metric = metricWith(dimension);
  if (!metric) return [];
  const answer = await call('POST', 'analytics/metrics/query', {
    metric,
    from: days.from,
    to: days.to,
    tz: days.tz,
    interval: 'month',
    group_by: dimension,
    groups: 50,
  });
  learnLabels(dimension, answer.series);
  return answer.series
    .filter((one) => one.group !== null)
    .map((one) => ({ value: one.group, label: labelOf(dimension, one.group) }));
}

/** A metric of the dimension: one that is on the dashboard and was answered, since the caller may see it; else any. */
function metricWith(dimension) {
  const has = (name) => state.metrics.get(name)?.dimensions.includes(dimension);
  const answered = (state.result?.widgets ?? []).map((one) => one.data?.metric).filter(Boolean);
  return answered.find(has) ?? [...state.metrics.keys()].find(has);
}

/** The dimensions that something on the dashboard can be filtered by. */
export function dimensionsOf(widgets) {
  const found = new Set();
  for (const widget of widgets) state.metrics.get(widget.settings?.metric)?.dimensions.forEach((one) => found.add(one));
  return [...found];
}
