// What is shown as a table, a list or text; and the table that stands behind every chart.

import { announce } from './a11y.js';
import { fill, h } from './dom.js';
import { bucketName, figure, share } from './format.js';
import { icon } from './icons.js';
import { named, t } from './i18n.js';
import { seriesName } from './names.js';

/**
 * A table: `columns` are `{name, number}`; `rows` are arrays of `{text, sort}`, of which the first names the row.
 * `order` remembers in `by` what it is sorted by: figures that come later are drawn in the same order.
 */
function table({ caption, columns, rows, testid, order = {}, sortable = true }) {
  const body = h('tbody');
  const heads = columns.map((column, at) => head(column, at));
  function head(column, at) {
    const className = column.number ? 'number' : null;
    if (!sortable) return h('th', { scope: 'col', class: className }, column.name);
    const button = h(
      'button',
      { type: 'button', class: 'sorter', testid: testid && `${testid}-sort-${at}`, on: { click: () => sort(at) } },
      h('span', {}, column.name),
      icon('down'),
    );
    return h('th', { scope: 'col', class: className }, button);
  }
  const show = (list) =>
    fill(
      body,
      list.map((row) =>
        h(
          'tr',
          {},
          row.map((cell, at) =>
            at === 0
              ? h('th', { scope: 'row' }, cell.text)
              : h('td', { class: columns[at].number ? 'number' : null }, cell.text),
          ),
        ),
      ),
    );
  function sort(at) {
    const down = order.by?.at === at ? !order.by.down : Boolean(columns[at].number);
    order.by = { at, down };
    showSorted(order.by);
    announce(t(down ? 'sorted.down' : 'sorted.up', { name: columns[at].name }));
  }
  function showSorted({ at, down }) {
    show([...rows].sort((one, other) => compare(one[at].sort, other[at].sort) * (down ? -1 : 1)));
    heads.forEach((element, index) =>
      index === at
        ? element.setAttribute('aria-sort', down ? 'descending' : 'ascending')
        : element.removeAttribute('aria-sort'),
    );
  }
  if (order.by && order.by.at < columns.length) showSorted(order.by);
  else show(rows);
  const whole = h(
    'table',
    { class: 'data', testid },
    h('caption', { class: 'unseen' }, caption),
    h('thead', {}, h('tr', {}, heads)),
    body,
  );
  return scroll(caption, testid && `${testid}-scroll`, whole);
}

/** Room for what may be wider than its place: the keyboard scrolls it. */
const scroll = (caption, testid, whole) =>
  h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption, testid }, whole);

function compare(one, other) {
  if (one === other) return 0;
  if (one === null || one === undefined) return -1;
  if (other === null || other === undefined) return 1;
  return typeof one === 'number' && typeof other === 'number' ? one - other : String(one).localeCompare(String(other));
}

const numberCell = (value, unit) => ({ text: figure(value, unit), sort: value });

/** Figures by time: a row for each bucket, a column for each series. */
function byTime(widget, data, order, testid) {
  const compared = data.series.length === 1 ? data.compared?.series[0] : null;
  const columns = [
    { name: t(`interval.${data.interval}`) },
    ...data.series.map((one) => ({ name: seriesName(widget, one), number: true })),
    compared && { name: t('compared'), number: true },
  ];
  const rows = data.buckets.map((bucket, at) => [
    { text: bucketName(bucket.label, true), sort: bucket.label },
    ...data.series.map((one) => numberCell(one.values[at] ?? null, data.unit)),
    ...(compared ? [numberCell(compared.values[at] ?? null, data.unit)] : []),
  ]);
  return table({ caption: widget.title, columns: columns.filter(Boolean), rows, testid, order });
}

/** Figures by group: a row for each, with its share where shares make sense. */
function byGroup(widget, data, order, testid) {
  const sums = ['count', 'cents'].includes(data.unit);
  const whole = data.series.reduce((sum, one) => sum + (one.total ?? 0), 0);
  const columns = [
    { name: named('dimension', widget.settings.group_by ?? 'group') },
    { name: named('metric', data.metric), number: true },
    sums && { name: t('share_of_all'), number: true },
  ];
  const rows = data.series.map((one) => {
    const part = whole > 0 && one.total !== null ? one.total / whole : null;
    const name = seriesName(widget, one);
    return [{ text: name, sort: name }, numberCell(one.total, data.unit), ...(sums ? [{ text: share(part), sort: part }] : [])];
  });
  return table({ caption: widget.title, columns: columns.filter(Boolean), rows, testid, order });
}

/** A widget that is a table. */
export function metricTable(widget, data, order) {
  const groups = widget.settings.by === 'group' && widget.settings.group_by;
  return (groups ? byGroup : byTime)(widget, data, order, `widget-${widget.id}-data`);
}

/** The table behind a chart. */
export function dataTable(widget, data, order) {
  const testid = `widget-${widget.id}-data`;
  if (data.kind === 'funnel') return funnelTable(widget, data, order, testid);
  const groups = widget.type === 'pie' || (widget.type === 'bar' && widget.settings.group_by);
  return (groups ? byGroup : byTime)(widget, data, order, testid);
}

const stepName = (step) => step.label ?? named('kind', step.kind);

function funnelTable(widget, data, order, testid) {
  const columns = [
    { name: t('funnel.step') },
    { name: t('funnel.people'), number: true },
    { name: t('funnel.of_first'), number: true },
    { name: t('funnel.of_previous'), number: true },
  ];
  const rows = data.steps.map((step, at) => [
    { text: `${at + 1}. ${stepName(step)}`, sort: at },
    numberCell(step.people, 'count'),
    { text: share(step.of_first), sort: step.of_first },
    { text: share(step.of_previous), sort: step.of_previous },
  ]);
  return table({ caption: widget.title, columns, rows, testid, order });
}

/** Steps below each other, each as wide as the share of people who came so far. */
export function funnelView(widget, data) {
  const most = Math.max(1, ...data.steps.map((step) => step.people));
  const steps = data.steps.map((step, at) =>
    h(
      'li',
      { class: 'step', testid: `widget-${widget.id}-step-${at}` },
      h(
        'div',
        { class: 'step-head' },
        h('span', { class: 'step-name' }, stepName(step)),
        h(
          'span',
          { class: 'number' },
          h('strong', {}, figure(step.people, 'count')),
          ` · ${share(step.of_first ?? (at === 0 ? 1 : null))}`,
        ),
      ),
      h(
        'div',
        { class: 'step-track', 'aria-hidden': 'true' },
        h('div', { class: 'step-bar', style: { '--share': step.people / most } }),
      ),
      at > 0 && h('p', { class: 'step-note' }, t('funnel.went_on', { share: share(step.of_previous) })),
    ),
  );
  return h('ol', { class: 'funnel' }, steps);
}

/** Who came back, by when they came first: a real table, with shades. */
export function cohortView(widget, data) {
  const length = Math.max(0, ...data.cohorts.map((cohort) => cohort.kept.length));
  const heads = Array.from({ length }, (_, at) => h('th', { scope: 'col', class: 'number' }, `+${at}`));
  const rows = data.cohorts.map((cohort) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, bucketName(cohort.label, true)),
      h('td', { class: 'number' }, figure(cohort.size, 'count')),
      Array.from({ length }, (_, at) => kept(cohort.kept[at])),
    ),
  );
  const caption = `${widget.title}. ${t('cohort.caption', { interval: t(`interval.${data.interval}`).toLowerCase() })}`;
  const whole = h(
    'table',
    { class: 'data cohort', testid: `widget-${widget.id}-data` },
    h('caption', { class: 'unseen' }, caption),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        h('th', { scope: 'col' }, t('cohort.first')),
        h('th', { scope: 'col', class: 'number' }, t('cohort.size')),
        heads,
      ),
    ),
    h('tbody', {}, rows),
  );
  return scroll(caption, `widget-${widget.id}-data-scroll`, whole);
}

function kept(cell) {
  if (!cell) return h('td', { class: 'shade is-none' });
  return h(
    'td',
    { class: 'shade number', style: { '--share': cell.share ?? 0 }, title: t('cohort.people', { count: cell.people }) },
    share(cell.share),
  );
}

/** Text that the API has made of Markdown. What could load or run something is left out once more. */
export function htmlView(widget, data) {
  const parsed = new DOMParser().parseFromString(data.html, 'text/html');
  parsed
    .querySelectorAll('script, style, iframe, object, embed, form, link, meta, base, template, svg, math')
    .forEach((element) => element.remove());
  for (const element of parsed.body.querySelectorAll('*')) tame(element);
  return h('div', { class: 'prose', testid: `widget-${widget.id}-text` }, ...parsed.body.childNodes);
}

function tame(element) {
  for (const { name, value } of [...element.attributes]) {
    const address = ['href', 'src'].includes(name);
    const fine = address
      ? /^(https?:|mailto:|\/|#)/i.test(value.trim())
      : ['alt', 'title', 'colspan', 'rowspan', 'start', 'lang', 'align', 'type', 'checked', 'disabled'].includes(name);
    if (!fine) element.removeAttribute(name);
  }
  if (element.localName === 'a') Object.assign(element, { target: '_blank', rel: 'noopener noreferrer nofollow' });
  // Headings come below the title of the widget.
  const level = /^h([1-6])$/.exec(element.localName);
  if (level) element.replaceWith(h(`h${Math.min(6, Number(level[1]) + 2)}`, {}, ...element.childNodes));
  // Pictures of other places are not loaded: who looks at a dashboard tells nobody.
  if (element.localName === 'img' && new URL(element.getAttribute('src') ?? '', location.href).origin !== location.origin) {
    element.replaceWith(h('span', { class: 'muted' }, element.getAttribute('alt') || t('picture')));
  }
}
