// Fields of forms for days and their time zone.

import { field } from './dialogs.js';
import { h } from './dom.js';
import { t } from './i18n.js';
import { daysOf, PRESETS, timeZones } from './period.js';

/** A period: one that moves on, or days of one's own. `tell` takes errors of `/period` and below. */
export function periodField(value, testid, zone) {
  const own = value && !value.preset;
  const select = h(
    'select',
    { class: 'input', testid: `${testid}-period`, on: { change: () => turn() } },
    [...PRESETS, 'custom'].map((name) => h('option', { value: name }, t(`preset.${name}`))),
  );
  select.value = own ? 'custom' : (value?.preset ?? 'last_30_days');
  const day = (name, at) => {
    const input = h('input', {
      type: 'date',
      class: 'input',
      min: '2000-01-01',
      max: '2100-12-31',
      value: own ? value[name] : '',
      testid: `${testid}-${name}`,
    });
    return { input, made: field(t(at), input, { required: true }) };
  };
  const [from, to] = [day('from', 'period.from'), day('to', 'period.to')];
  const days = h('div', { class: 'two', hidden: !own }, from.made.element, to.made.element);
  const whole = field(t('period'), select);
  const turn = () => {
    days.hidden = select.value !== 'custom';
    whole.tell(null);
    if (days.hidden || from.input.value) return;
    const now = daysOf({ preset: 'last_30_days' }, zone());
    from.input.value = now.from;
    to.input.value = now.to;
  };
  for (const one of [from, to]) one.input.addEventListener('input', () => one.made.tell(null));
  const check = () => {
    if (select.value !== 'custom') return true;
    const missing = [from, to].filter((one) => !one.input.value);
    missing.forEach((one) => one.made.tell(t('period.missing')));
    if (missing.length > 0) return focus(missing[0].input);
    if (from.input.value <= to.input.value) return true;
    to.made.tell(t('period.wrong'));
    return focus(to.input);
  };
  const focus = (input) => {
    input.focus();
    return false;
  };
  const tell = (error) => {
    const at = { '/period/from': from.made, '/period/to': to.made }[error.pointer] ?? whole;
    at.tell(error.message);
  };
  const read = () => (select.value === 'custom' ? { from: from.input.value, to: to.input.value } : { preset: select.value });
  return { element: h('div', {}, whole.element, days), read, check, tell, input: select };
}

/** A time zone. */
export function zoneField(value, testid) {
  const own = new Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC';
  const first = value ?? own;
  const select = h(
    'select',
    { class: 'input', testid: `${testid}-tz` },
    [...new Set([first, ...timeZones()])].map((name) => h('option', { value: name }, name.replaceAll('_', ' '))),
  );
  select.value = first;
  const made = field(t('tz'), select);
  select.addEventListener('change', () => made.tell(null));
  return { element: made.element, read: () => select.value, tell: made.tell, input: select };
}
