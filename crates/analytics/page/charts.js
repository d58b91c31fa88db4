// Charts by Apache ECharts, drawn as SVG. Every text comes to it as text; tooltips are elements of our own.

import { reducedMotion } from './a11y.js';
import { colour, faded, palette } from './colours.js';
import { h } from './dom.js';
import { bucketName, figure, short } from './format.js';
import { t } from './i18n.js';
import { seriesName, summary } from './names.js';
import { isPartial } from './state.js';

let library = null;
const echarts = () => (library ??= import('./echarts.js'));

/** A chart of a widget: `element`, `update`, `repaint`, `drop`. */
export function chartOf(widget, data) {
  const element = h('div', { class: 'chart', role: 'img', testid: `widget-${widget.id}-chart` });
  const chart = { element, widget, data, drawn: null, dropped: false };
  const watch = new ResizeObserver(() => (chart.drawn ? draw(chart, true) : undefined));
  chart.update = (nextWidget, nextData) => {
    chart.widget = nextWidget;
    chart.data = nextData;
    draw(chart);
  };
  chart.repaint = () => draw(chart);
  chart.drop = () => {
    chart.dropped = true;
    watch.disconnect();
    chart.drawn?.dispose();
  };
  draw(chart);
  watch.observe(element);
  return chart;
}

async function draw(chart, resized = false) {
  chart.element.setAttribute('aria-label', summary(chart.widget, chart.data));
  const { init } = await echarts();
  if (chart.dropped || !chart.element.isConnected) return;
  chart.drawn ??= init(chart.element, null, { renderer: 'svg' });
  if (resized) chart.drawn.resize();
  const box = chart.element.getBoundingClientRect();
  const make =
    chart.widget.type === 'pie' ? pie : chart.widget.type === 'bar' && chart.widget.settings.group_by ? ranking : overTime;
  chart.drawn.setOption({ ...common(), ...make(chart.widget, chart.data, box) }, { notMerge: true });
  chart.element.dataset.drawn = 'true';
}

function common() {
  return {
    animation: !reducedMotion(),
    animationDuration: 350,
    animationDurationUpdate: 250,
    color: palette(),
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: colour('muted'), fontSize: 12 },
  };
}

const tooltipLook = () => ({
  confine: true,
  padding: 0,
  borderWidth: 0,
  extraCssText: 'box-shadow:none;background:none;',
  transitionDuration: 0,
});

/** A tooltip: its head, and a row for each `{colour, name, value}`. */
function tip(title, rows) {
  return h(
    'div',
    { class: 'tip' },
    title && h('strong', {}, title),
    rows.map((row) =>
      h(
        'div',
        { class: 'tip-row' },
        h('span', { class: 'tip-dot', style: { background: row.colour } }),
        h('span', { class: 'tip-name' }, row.name),
        h('span', { class: 'number' }, row.value),
      ),
    ),
  );
}

const legendLook = (names) => ({
  type: 'scroll',
  bottom: 0,
  left: 0,
  itemWidth: 10,
  itemHeight: 10,
  icon: 'roundRect',
  itemGap: 14,
  data: names,
  textStyle: { color: colour('muted'), width: 140, overflow: 'truncate' },
  pageIconColor: colour('text'),
  pageIconInactiveColor: colour('line'),
  pageTextStyle: { color: colour('muted') },
});

/** Labels of axes stay inside of the grid's box. */
const INSIDE = { outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' };

const valueAxis = (unit, box) => ({
  type: 'value',
  splitNumber: box.height < 180 ? 3 : 4,
  axisLabel: { color: colour('muted'), formatter: (value) => short(value, unit) },
  splitLine: { lineStyle: { color: colour('grid') } },
  axisLine: { show: false },
  axisTick: { show: false },
  ...(unit === 'count' ? { minInterval: 1 } : {}),
});

function overTime(widget, data, box) {
  const { type } = widget;
  const stacked = type === 'stacked_bar' || (type === 'area' && data.series.length > 1);
  const open = isPartial(data) && !stacked && !type.includes('bar');
  const series = data.series.map((one, at) => timeSeries(widget, open ? closedPart(one) : one, at, stacked));
  if (open) series.push(...data.series.map((one, at) => openPart(timeSeries(widget, one, at, false))));
  if (data.compared) {
    data.compared.series
      .slice(0, 1)
      .forEach((one) => data.series.length === 1 && series.push(comparedSeries(one, data.buckets.length)));
  }
  const names = [...new Set(series.map((one) => one.name))];
  const withLegend = names.length > 1;
  return {
    grid: { left: 2, right: 14, top: 12, bottom: withLegend ? 30 : 2, ...INSIDE },
    tooltip: {
      trigger: 'axis',
      axisPointer: {
        type: type.includes('bar') ? 'shadow' : 'line',
        lineStyle: { color: colour('muted') },
        shadowStyle: { color: faded('muted', 0.12) },
      },
      formatter: (hits) => timeTip(data, hits),
      ...tooltipLook(),
    },
    ...(withLegend ? { legend: legendLook(names) } : {}),
    xAxis: {
      type: 'category',
      data: data.buckets.map((bucket) => bucketName(bucket.label)),
      boundaryGap: type.includes('bar'),
      axisLabel: { color: colour('muted'), hideOverlap: true },
      axisLine: { lineStyle: { color: colour('line') } },
      axisTick: { show: false },
    },
    yAxis: valueAxis(data.unit, box),
    series,
  };
}

function timeTip(data, hits) {
  const [first] = hits;
  const known = new Map();
  for (const hit of hits) {
    const there = known.get(hit.seriesName);
    if (!there || (there.value ?? null) === null) known.set(hit.seriesName, hit);
  }
  const rows = [...known.values()].map((hit) => ({
    colour: hit.color,
    name: hit.seriesName,
    value: figure(hit.value ?? null, data.unit),
  }));
  return tip(bucketName(data.buckets[first.dataIndex]?.label ?? '', true), rows);
}

const closedPart = (one) => ({ ...one, values: [...one.values.slice(0, -1), null] });

/** The way to a bucket that is not over yet, drawn as such. */
function openPart(series) {
  const data = series.data.map((value, at) => (at < series.data.length - 2 ? null : value));
  return { ...series, data, areaStyle: undefined, showSymbol: false, lineStyle: { ...series.lineStyle, type: 'dotted' } };
}

function timeSeries(widget, one, at, stacked) {
  const bars = widget.type.includes('bar');
  const few = one.values.length < 2;
  const shade = `series-${(at % 8) + 1}`;
  const tone = one.is_rest ? colour('rest') : colour(shade);
  const area =
    widget.type === 'area' ? { areaStyle: { opacity: stacked ? 0.75 : 1, color: stacked ? tone : fade(shade) } } : {};
  return {
    name: seriesName(widget, one),
    type: bars ? 'bar' : 'line',
    data: one.values,
    itemStyle: { color: tone, ...(bars && !stacked ? { borderRadius: [3, 3, 0, 0] } : {}) },
    ...(stacked ? { stack: 'all' } : {}),
    ...(bars
      ? { barMaxWidth: 36 }
      : {
          showSymbol: few,
          symbolSize: 7,
          smooth: 0.2,
          smoothMonotone: 'x',
          lineStyle: { width: stacked ? 1.5 : 2.4, color: tone },
          ...area,
        }),
    emphasis: { focus: 'none' },
  };
}

const fade = (name) => ({
  type: 'linear',
  x: 0,
  y: 0,
  x2: 0,
  y2: 1,
  colorStops: [
    { offset: 0, color: faded(name, 0.38) },
    { offset: 1, color: faded(name, 0.02) },
  ],
});

function comparedSeries(one, length) {
  return {
    name: t('compared'),
    type: 'line',
    data: one.values.slice(0, length),
    showSymbol: false,
    smooth: 0.2,
    smoothMonotone: 'x',
    z: 1,
    lineStyle: { width: 1.6, type: 'dashed', color: colour('compared') },
    itemStyle: { color: colour('compared') },
  };
}

/** Groups beside each other, the largest on top. */
function ranking(widget, data, box) {
  const most = Math.max(2, Math.floor(box.height / 30));
  const rows = data.series.slice(0, most);
  const names = rows.map((one) => seriesName(widget, one));
  return {
    grid: { left: 2, right: 60, top: 2, bottom: 2, ...INSIDE },
    tooltip: {
      trigger: 'item',
      formatter: (hit) => tip(null, [{ colour: hit.color, name: names[hit.dataIndex], value: figure(hit.value, data.unit) }]),
      ...tooltipLook(),
    },
    xAxis: { ...valueAxis(data.unit, box), axisLabel: { show: false }, splitLine: { show: false } },
    yAxis: {
      type: 'category',
      inverse: true,
      data: names,
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: colour('text'), width: Math.min(180, box.width * 0.34), overflow: 'truncate' },
    },
    series: [
      {
        type: 'bar',
        barMaxWidth: 18,
        data: rows.map((one) => ({
          value: one.total,
          itemStyle: { color: one.is_rest ? colour('rest') : colour('series-1'), borderRadius: [0, 4, 4, 0] },
        })),
        label: { show: true, position: 'right', color: colour('text'), formatter: (hit) => short(hit.value ?? 0, data.unit) },
      },
    ],
  };
}

function pieLegend(names, box, wide) {
  return {
    ...legendLook(names),
    ...(names.length <= 5 ? { type: 'plain' } : {}),
    ...(wide
      ? {
          orient: 'vertical',
          left: '56%',
          top: 'middle',
          bottom: 'auto',
          textStyle: { color: colour('text'), width: box.width * 0.44 - 34, overflow: 'truncate' },
        }
      : {}),
  };
}

function pie(widget, data, box) {
  const rows = data.series.filter((one) => one.total > 0);
  const wide = box.width > 300;
  const radius = wide ? Math.min(box.height * 0.42, box.width * 0.25) : Math.min(box.height * 0.37, box.width * 0.4);
  const whole = rows.reduce((sum, one) => sum + one.total, 0);
  const names = rows.map((one) => seriesName(widget, one));
  const middle = {
    show: true,
    position: 'center',
    formatter: short(whole, data.unit),
    color: colour('text'),
    fontSize: Math.min(18, radius * 0.2),
    fontWeight: 650,
  };
  return {
    tooltip: {
      trigger: 'item',
      formatter: (hit) =>
        tip(null, [
          {
            colour: hit.color,
            name: hit.name,
            value: `${figure(hit.value, data.unit)} · ${Math.round((hit.value / whole) * 100)} %`,
          },
        ]),
      ...tooltipLook(),
    },
    legend: pieLegend(names, box, wide),
    series: [
      {
        type: 'pie',
        radius: [radius * 0.65, radius],
        center: wide ? ['27%', '50%'] : ['50%', '41%'],
        padAngle: 1.5,
        itemStyle: { borderRadius: 4 },
        label: { show: false },
        labelLine: { show: false },
        data: rows.map((one, at) => ({
          name: names[at],
          value: one.total,
          itemStyle: { color: one.is_rest ? colour('rest') : colour(`series-${(at % 8) + 1}`) },
          // The sum stands in the middle, once.
          ...(at === 0 ? { label: middle } : {}),
        })),
      },
    ],
  };
}
