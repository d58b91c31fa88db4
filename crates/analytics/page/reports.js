// Reports: what dashboards show, as files that are made in the background.

import { announce, showFault, toast } from './a11y.js';
import { call, get, getAll } from './api.js';
import { confirmed, dialogActions, field, openDialog } from './dialogs.js';
import { h } from './dom.js';
import { instant, range } from './format.js';
import { icon } from './icons.js';
import { language, t } from './i18n.js';
import { button, cardButton, listing } from './listing.js';
import { periodField, zoneField } from './period-field.js';
import { banner, tellFault } from './thing-dialog.js';

const PATH = 'analytics/reports';
const TEMPLATES = ['sales', 'audience', 'team_throughput', 'content'];
const FORMATS = ['html', 'xlsx'];
const LANGUAGES = ['en', 'ru'];
const ENDS = ['done', 'failed'];
const SIGNS = { queued: 'steady', running: 'refresh', done: 'check', failed: 'alert' };
/** How often those that are being made are looked at. */
const GAP_MS = 2000;

const isOpen = (report) => !ENDS.includes(report.status);
const nameOf = (report) => `${t(`report.${report.template}`)}, ${range(report.from, report.to)}`;

/** The view; `leave` ends it. */
export function reportsView() {
  let known = new Map();
  let timer = null;
  let left = false;
  const isWaitedFor = () => !left && !document.hidden && [...known.values()].some(isOpen);
  const wait = () => {
    clearTimeout(timer);
    if (isWaitedFor()) timer = setTimeout(changed, GAP_MS);
  };
  const load = async () => {
    try {
      const items = await getAll(PATH);
      items.forEach((report) => tellEnd(known.get(report.id), report));
      known = new Map(items.map((report) => [report.id, report]));
      return items;
    } finally {
      wait(); // also after a failure: what is waited for may be there the next time
    }
  };
  const view = listing({
    name: 'reports',
    load,
    card: (report) => card(report, changed),
    add: { label: t('report.new'), act: () => ask(changed) },
  });
  function changed() {
    clearTimeout(timer);
    return view.reload();
  }
  // Nobody waits for a tab that nobody sees.
  const seen = () => (isWaitedFor() ? changed() : clearTimeout(timer));
  document.addEventListener('visibilitychange', seen);
  const leave = () => {
    left = true;
    clearTimeout(timer);
    view.stop();
    document.removeEventListener('visibilitychange', seen);
  };
  return { element: view.element, leave };
}

/** Says it, when one that was waited for has come to its end. */
function tellEnd(before, report) {
  if (!before || !isOpen(before) || isOpen(report)) return;
  announce(t(`report.told_${report.status}`, { name: nameOf(report) }));
}

function card(report, changed) {
  const testid = `report-${report.id}`;
  const { status, progress, file } = report;
  const name = nameOf(report);
  return h(
    'li',
    { class: 'thing', testid },
    h(
      'header',
      { class: 'thing-head' },
      h('h2', { testid: `${testid}-name` }, t(`report.${report.template}`)),
      cardButton('trash', t('delete'), name, `${testid}-delete`, () => remove(report, changed)),
    ),
    h('p', { testid: `${testid}-period` }, `${range(report.from, report.to)} (${report.tz})`),
    h(
      'p',
      { class: 'figure-notes' },
      h(
        'span',
        { class: `state is-${status}`, testid: `${testid}-status` },
        icon(SIGNS[status]),
        h('span', {}, t(`report.is_${status}`)),
      ),
      h('span', {}, t(`report.format_${report.format}`)),
      h('span', {}, t(`report.lang_${report.lang}`)),
    ),
    isOpen(report) && bar(progress, name, testid),
    status === 'failed' &&
      h('p', { class: 'wrong', testid: `${testid}-failure` }, icon('alert'), h('span', {}, t('report.failure'))),
    h('p', { class: 'muted thing-text' }, times(report)),
    file &&
      button('download', t('report.download'), `${testid}-download`, () => download(report), {
        'aria-label': `${t('report.download')}: ${name}`,
      }),
  );
}

function bar(progress, name, testid) {
  const label = t('report.progress', { name });
  return h(
    'p',
    { class: 'bar' },
    h('progress', { max: 100, value: progress, 'aria-label': label, testid: `${testid}-progress` }),
    h('span', { class: 'number' }, `${progress}%`),
  );
}

function times(report) {
  const asked = t('report.asked', { at: instant(report.created_at) });
  return report.status === 'done' ? `${asked} · ${t('report.until', { at: instant(report.expires_at) })}` : asked;
}

/** A link to the file is good for minutes, so it is asked for when it is wanted. */
async function download(report) {
  try {
    const { file } = await get(`${PATH}/${report.id}`);
    const link = h('a', { href: file.url, download: '' });
    link.click();
  } catch (fault) {
    showFault(fault);
  }
}

async function remove(report, changed) {
  const name = nameOf(report);
  const sure = await confirmed({
    title: t('report.delete'),
    text: t('report.delete_text', { name }),
    label: t('delete'),
    testid: 'report-delete',
  });
  if (!sure) return;
  try {
    await call('DELETE', `${PATH}/${report.id}`);
    toast(t('thing.deleted', { name }));
  } catch (fault) {
    showFault(fault);
  }
  changed();
}

async function ask(changed) {
  const made = await openDialog({ title: t('report.new'), testid: 'report-form', build: form });
  if (!made) return;
  toast(t('report.begun', { name: nameOf(made) }));
  changed();
}

function choice(name, label, values, first) {
  const select = h(
    'select',
    { class: 'input', required: true, testid: `report-${name}` },
    values.map(([value, text]) => h('option', { value }, text)),
  );
  select.value = first;
  const made = field(label, select);
  select.addEventListener('change', () => made.tell(null));
  return { pointer: `/${name}`, element: made.element, read: () => select.value, tell: made.tell };
}

function form(close) {
  const wrong = banner('report-form-error');
  const texts = (stem, names) => names.map((name) => [name, t(`report.${stem}${name}`)]);
  const [template, format, lang] = [
    choice('template', t('report.template'), texts('', TEMPLATES), TEMPLATES[0]),
    choice('format', t('report.format'), texts('format_', FORMATS), FORMATS[0]),
    choice('lang', t('report.lang'), texts('lang_', LANGUAGES), language),
  ];
  const zone = zoneField(null, 'report');
  const period = periodField(null, 'report', zone.read);
  const tell = (errors) =>
    errors.filter((one) => {
      const of = (stem) => one.pointer === stem || one.pointer?.startsWith(`${stem}/`);
      const found = [template, format, lang].find((part) => of(part.pointer));
      if (found) found.tell(one.message);
      else if (of('/period')) period.tell(one);
      else if (of('/tz')) zone.tell(one.message);
      else return true;
      return false;
    });
  const submit = async (event) => {
    event.preventDefault();
    wrong.tell(null);
    if (!period.check()) return;
    const body = {
      template: template.read(),
      format: format.read(),
      lang: lang.read(),
      period: period.read(),
      tz: zone.read(),
    };
    const act = asking.querySelector('[type=submit]');
    act.disabled = true;
    try {
      close(await call('POST', PATH, body));
    } catch (fault) {
      tellFault(fault, { tell }, wrong, { metric_forbidden: '/template' });
    } finally {
      act.disabled = false;
    }
  };
  const asking = h(
    'form',
    { novalidate: true, on: { submit } },
    h(
      'div',
      { class: 'dialog-body' },
      wrong.element,
      template.element,
      format.element,
      period.element,
      lang.element,
      zone.element,
    ),
    dialogActions(close, { label: t('report.make'), testid: 'report-form' }),
  );
  return asking;
}
