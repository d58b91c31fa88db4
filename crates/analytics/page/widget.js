// The card of a widget: its title, what can be done with it, and what it shows, or why not.

import { chartOf } from './charts.js';
import { cohortView, dataTable, funnelView, htmlView, metricTable } from './tables.js';
import { change } from './editor.js';
import { fill, freshId, h, refill } from './dom.js';
import { exportMenu } from './exports.js';
import { icon } from './icons.js';
import { known, t } from './i18n.js';
import { numberView } from './number.js';
import { state } from './state.js';
import { editWidget, removeWidget } from './widget-dialog.js';

const CHARTS = ['line', 'area', 'bar', 'stacked_bar', 'pie'];
const BODIES = { funnel: funnelView, cohort: cohortView, text: htmlView, table: metricTable, number: numberView };

/** A card; `update` shows a widget and its answer, `drop` takes it away. */
export function widgetCard(id) {
  const card = { id, asTable: false, order: {}, chart: null, shown: null };
  card.title = h('h2', { id: freshId('widget'), testid: `widget-${id}-title` });
  card.tools = h('div', { class: 'tools' });
  card.body = h('div', { class: 'card-body', testid: `widget-${id}-body` });
  card.move = h(
    'button',
    { type: 'button', class: 'button quiet square small handle', testid: `widget-${id}-move` },
    icon('move'),
  );
  card.resize = h('button', { type: 'button', class: 'resize', testid: `widget-${id}-resize` });
  card.header = h('header', { class: 'card-head' }, card.move, card.title, card.tools);
  card.element = h(
    'article',
    { class: 'card', 'aria-labelledby': card.title.id, testid: `widget-${id}` },
    card.header,
    card.body,
    card.resize,
  );
  card.update = (widget, answer) => update(card, widget, answer);
  card.repaint = () => card.chart?.repaint();
  card.drop = () => {
    card.chart?.drop();
    card.element.remove();
  };
  return card;
}

function update(card, widget, answer) {
  // Other settings make other columns.
  if (JSON.stringify(card.widget?.settings) !== JSON.stringify(widget.settings)) card.order = {};
  card.widget = widget;
  card.title.textContent = widget.title || t(`type.${widget.type}`);
  card.element.dataset.type = widget.type;
  showTools(card);
  // What is the same is left alone: a table keeps its order, a chart its tooltip.
  const now = JSON.stringify([widget.type, widget.settings, answer, card.asTable, state.names]);
  if (now === card.shown) return;
  card.shown = now;
  showBody(card, widget, answer);
}

function showTools(card) {
  const { title } = card.widget;
  const editing = state.mode !== 'view';
  card.move.hidden = !editing;
  card.resize.hidden = !editing;
  card.move.setAttribute('aria-label', t('widget.move', { title }));
  card.resize.setAttribute('aria-label', t('widget.resize', { title }));
  card.move.title = t('widget.move_hint');
  const hidden = state.draft?.hidden.includes(card.id) ?? false;
  const wanted = JSON.stringify([state.mode, title, hidden, card.widget.type, card.asTable]);
  if (card.toolsFor === wanted) return;
  card.toolsFor = wanted;
  fill(card.tools, { view: viewTools, edit: editTools, own: ownTools }[state.mode](card, hidden));
}

const tool = (name, label, testid, click) =>
  h(
    'button',
    { type: 'button', class: 'button quiet square small', 'aria-label': label, title: label, testid, on: { click } },
    icon(name),
  );

function viewTools(card) {
  const { title, type } = card.widget;
  const turn = () => {
    card.asTable = !card.asTable;
    card.toolsFor = null;
    card.update(card.widget, card.answer);
    card.tools.querySelector('button')?.focus();
  };
  const table = tool(
    card.asTable ? type : 'table',
    t(card.asTable ? 'widget.as_chart' : 'widget.as_table', { title }),
    `widget-${card.id}-table`,
    turn,
  );
  const hasTable = [...CHARTS, 'number', 'funnel'].includes(type);
  return [hasTable && table, !state.link && type !== 'text' && exportMenu(card.widget)];
}

function editTools(card) {
  const { title } = card.widget;
  return [
    tool('settings', t('widget.settings', { title }), `widget-${card.id}-settings`, () => editWidget(card.id)),
    tool('trash', t('widget.delete', { title }), `widget-${card.id}-delete`, () => removeWidget(card.id)),
  ];
}

function ownTools(card, hidden) {
  const { title } = card.widget;
  const label = t(hidden ? 'widget.show' : 'widget.hide', { title });
  const turn = () => {
    change(
      label,
      (draft) => (draft.hidden = hidden ? draft.hidden.filter((one) => one !== card.id) : [...draft.hidden, card.id]),
    );
    card.tools.querySelector('button')?.focus();
  };
  return [tool(hidden ? 'eye' : 'hide', label, `widget-${card.id}-hide`, turn)];
}

function showBody(card, widget, answer) {
  card.answer = answer;
  card.element.dataset.state = stateOf(widget, answer);
  const keepsChart =
    CHARTS.includes(widget.type) && card.chart && answer.data && !isEmpty(widget, answer.data) && !card.asTable;
  if (keepsChart) {
    card.chart.update(widget, answer.data);
    return;
  }
  card.chart?.drop();
  card.chart = null;
  redraw(card.body, content(card, widget, answer));
}

/** Draws it anew for whoever reads it: focus and scrolling stay where they were. */
function redraw(body, element) {
  const old = body.querySelector('.scroll');
  const { scrollLeft = 0, scrollTop = 0 } = old ?? {};
  refill(body, element);
  if (old) Object.assign(body.querySelector('.scroll') ?? {}, { scrollLeft, scrollTop });
}

function stateOf(widget, answer) {
  if (answer.pending) return 'loading';
  if (answer.problem) return 'error';
  if (answer.missing) return 'waiting';
  return isEmpty(widget, answer.data) ? 'empty' : 'ready';
}

function content(card, widget, answer) {
  if (answer.pending) return h('div', { class: 'shimmer', role: 'img', 'aria-label': t('loading') });
  if (answer.problem) return problemView(card, answer.problem);
  if (answer.missing) return message('hide', t('widget.hidden'));
  if (isEmpty(widget, answer.data)) return message('bar', t('widget.empty'), 'empty');
  if (card.asTable) return dataTable(widget, answer.data, card.order);
  if (!CHARTS.includes(widget.type)) return BODIES[widget.type](widget, answer.data, card.order);
  card.chart = chartOf(widget, answer.data);
  return card.chart.element;
}

const message = (name, text, testid = 'waiting') =>
  h('div', { class: 'message', testid: `widget-state-${testid}` }, icon(name), h('p', {}, text));

function problemView(card, problem) {
  const words = known(`problem.${problem.code}`) ?? problem.detail ?? t('fault.title');
  return h(
    'div',
    { class: 'message is-error', testid: `widget-${card.id}-problem` },
    icon('alert'),
    h('p', {}, words),
    h('code', {}, problem.code),
  );
}

function isEmpty(widget, data) {
  if (widget.type === 'number') return !data;
  if (data?.kind === 'metric') return data.series.every((one) => one.values.every((value) => !value) && !one.total);
  if (data?.kind === 'funnel') return data.steps.every((step) => step.people === 0);
  if (data?.kind === 'cohort') return data.cohorts.every((cohort) => cohort.size === 0);
  return data?.kind === 'text' ? !data.html.trim() : !data;
}
