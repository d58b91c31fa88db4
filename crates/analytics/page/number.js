// A number: how much, whether that is more than before and whether that is good, and how it went.

import { h, svg } from './dom.js';
import { changed, figure, headline, range, signed } from './format.js';
import { icon } from './icons.js';
import { t } from './i18n.js';
import { isPartial } from './state.js';

const WIDTH = 240;
const HEIGHT = 44;

export function numberView(widget, data) {
  const [now] = data.series;
  const total = now?.total ?? null;
  return h(
    'div',
    { class: 'figure' },
    h('p', { class: 'figure-value', testid: `widget-${widget.id}-value` }, headline(total, data.unit)),
    h('div', { class: 'figure-notes' }, trend(widget, data, total), target(widget, data)),
    sparkline((now?.values ?? []).slice(0, isPartial(data) ? -1 : undefined), data.compared?.series[0]?.values ?? []),
  );
}

/** The change against the days before: an arrow, a share, and whether it is good. */
function trend(widget, data, total) {
  if (!data.compared) return null;
  const before = data.compared.series[0]?.total ?? null;
  const ratio = changed(before, total);
  const title = t('trend.before', { period: range(data.compared.from, data.compared.to), value: figure(before, data.unit) });
  if (ratio === null) return h('span', { class: 'trend', title, testid: `widget-${widget.id}-trend` }, t('trend.none'));
  const way = Math.abs(ratio) < 0.0005 ? 'steady' : ratio > 0 ? 'up' : 'down';
  const direction = data.direction ?? widget.settings.direction;
  const good = !direction || way === 'steady' ? 'even' : way === direction ? 'good' : 'bad';
  const words = good === 'even' ? '' : `, ${t(`trend.${good}`)}`;
  return h(
    'span',
    { class: `trend is-${good}`, title, testid: `widget-${widget.id}-trend` },
    icon(way),
    h('span', {}, signed(ratio)),
    h('span', { class: 'trend-to' }, t('trend.to')),
    h('span', { class: 'unseen' }, `${words}. ${title}`),
  );
}

/** How it stands to its target, in colour and in words. */
function target(widget, data) {
  if (data.target === null || data.target === undefined) return null;
  const text = t('target', { value: figure(data.target, data.unit) });
  const state = data.state
    ? h(
        'span',
        { class: `state is-${data.state}`, testid: `widget-${widget.id}-state` },
        icon({ on_track: 'check', at_risk: 'alert', off_track: 'close' }[data.state]),
        t(`state.${data.state}`),
      )
    : null;
  return h('span', { class: 'target', testid: `widget-${widget.id}-target` }, state, text);
}

function path(values, least, most) {
  const step = WIDTH / Math.max(1, values.length - 1);
  let open = false;
  return values
    .map((value, at) => {
      if (value === null) {
        open = false;
        return '';
      }
      const y = HEIGHT - 3 - ((value - least) / (most - least || 1)) * (HEIGHT - 6);
      const command = `${open ? 'L' : 'M'}${(at * step).toFixed(1)} ${y.toFixed(1)}`;
      open = true;
      return command;
    })
    .join('');
}

/** How it went. Decoration: the table says the same. */
function sparkline(values, before) {
  const known = [...values, ...before.slice(0, values.length)].filter((value) => value !== null);
  if (values.length < 2 || known.length < 2) return null;
  const most = Math.max(...known);
  // What hardly changes shall not look as if it did.
  const least = Math.min(...known, most - Math.abs(most) / 4);
  const line = path(values, least, most);
  const whole = values.every((value) => value !== null);
  return svg(
    'svg',
    { class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    ...(before.length > 1
      ? [svg('path', { d: path(before.slice(0, values.length), least, most), class: 'spark-before' })]
      : []),
    ...(whole ? [svg('path', { d: `${line}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z`, class: 'spark-area' })] : []),
    svg('path', { d: line, class: 'spark-line' }),
  );
}
