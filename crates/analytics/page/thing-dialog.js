// Making, changing and removing what has a version: KPIs and segments.

import { announce, faultText, showFault, toast } from './a11y.js';
import { call, callTagged } from './api.js';
import { confirmed, dialogActions, openDialog } from './dialogs.js';
import { fill, h } from './dom.js';
import { icon } from './icons.js';
import { known, t } from './i18n.js';

/** A place for what is wrong with a form and belongs to none of its fields. */
export function banner(testid) {
  const element = h('p', { class: 'wrong banner', role: 'alert', hidden: true, testid });
  const tell = (text) => {
    element.hidden = !text;
    fill(element, text ? [icon('alert'), h('span', {}, text)] : []);
  };
  return { element, tell };
}

/** A refusal, at the fields of a form where it names them, else in its banner. `places` are the fields of codes that name none. */
export function tellFault(fault, fields, wrong, places = {}) {
  const place = places[fault.code];
  const message = known(`problem.${fault.code}`) ?? fault.detail;
  const errors = place ? [{ pointer: place, message }] : (fault.errors ?? []);
  if (errors.length === 0) return wrong.tell(faultText(fault));
  const lost = fields.tell(errors);
  return wrong.tell(lost.map((one) => `${one.pointer} ${one.message}`.trim()).join('; '));
}

/**
 * Asks for something, and makes it (`id` is null) or replaces it. `fields(value)` answers `{element, read, tell, check}`.
 * Answers what was stored, or null.
 */
export async function editThing({ path, id, title, testid, fields, places }) {
  let stored = { body: {}, tag: null };
  try {
    if (id !== null) stored = await callTagged('GET', `${path}/${id}`);
  } catch (fault) {
    showFault(fault);
    return null;
  }
  return openDialog({
    title,
    testid,
    wide: true,
    build: (close) => thingForm(close, { path, id, testid, fields, places, stored }),
  });
}

function thingForm(close, { path, id, testid, fields, places, stored: { body, tag: first } }) {
  let tag = first;
  let parts = fields(body);
  const wrong = banner(`${testid}-error`);
  const holder = h('div', {}, parts.element);
  const overtaken = async () => {
    const now = await callTagged('GET', `${path}/${id}`);
    tag = now.tag;
    parts = fields(now.body);
    fill(holder, parts.element);
    wrong.tell(t('thing.overtaken'));
  };
  const send = async () => {
    if (id === null) return call('POST', path, parts.read());
    return call('PUT', `${path}/${id}`, parts.read(), tag ? { 'If-Match': tag } : {});
  };
  const submit = async (event) => {
    event.preventDefault();
    wrong.tell(null);
    if (!parts.check()) return;
    const act = form.querySelector('[type=submit]');
    act.disabled = true;
    try {
      close(await send());
    } catch (fault) {
      if (fault.status !== 412) tellFault(fault, parts, wrong, places);
      else await overtaken().catch((gone) => wrong.tell(faultText(gone)));
    } finally {
      act.disabled = false;
    }
  };
  const form = h(
    'form',
    { novalidate: true, on: { submit } },
    h('div', { class: 'dialog-body' }, wrong.element, holder),
    dialogActions(close, { label: t('save'), testid }),
  );
  return form;
}

/** Asks, and removes something as it was when it was asked about. Whether it is gone. */
export async function removeThing({ path, id, name, title, text, testid }) {
  try {
    const { tag } = await callTagged('GET', `${path}/${id}`);
    if (!(await confirmed({ title, text, label: t('delete'), testid }))) return false;
    await call('DELETE', `${path}/${id}`, undefined, tag ? { 'If-Match': tag } : {});
  } catch (fault) {
    toast(fault.status === 412 ? t('thing.changed') : faultText(fault), 'error');
    return fault.status === 412 || fault.status === 404;
  }
  toast(t('thing.deleted', { name }));
  announce(t('thing.deleted', { name }));
  return true;
}
