// What series are called, and what a chart shows in one sentence.

import { bucketName, figure, range } from './format.js';
import { named, t } from './i18n.js';
import { labelOf } from './stock.js';

/** The name of a series of a widget. */
export function seriesName(widget, one) {
  if (one.is_rest) return t('rest');
  if (one.group === null) return named('metric', widget.settings.metric);
  return labelOf(widget.settings.group_by, one.group);
}

/** What a chart shows, for people who do not see it. */
export function summary(widget, data) {
  const kind = t(`type.${widget.type}`);
  const opening = t('summary.opening', { title: widget.title, kind, period: range(data.from, data.to) });
  if (data.series.length > 1 || data.series[0]?.group) {
    const parts = data.series.slice(0, 5).map((one) => `${seriesName(widget, one)}: ${figure(one.total, data.unit)}`);
    const more = data.series.length > 5 ? ` ${t('summary.more', { count: data.series.length - 5 })}` : '';
    return `${opening} ${parts.join('; ')}.${more}`;
  }
  const [only] = data.series;
  const known = (only?.values ?? []).map((value, at) => ({ value, at })).filter((one) => one.value !== null);
  if (known.length === 0) return opening;
  const most = known.reduce((best, one) => (one.value > best.value ? one : best));
  const least = known.reduce((best, one) => (one.value < best.value ? one : best));
  const told = (one) => ({ value: figure(one.value, data.unit), at: bucketName(data.buckets[one.at].label, true) });
  return [
    opening,
    t('summary.total', { value: figure(only.total, data.unit) }),
    t('summary.most', told(most)),
    t('summary.least', told(least)),
  ].join(' ');
}
