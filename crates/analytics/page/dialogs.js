// Dialogs and menus. <dialog> keeps the focus inside and gives it back.

import { unhost } from './a11y.js';
import { fill, freshId, h } from './dom.js';
import { icon } from './icons.js';
import { t } from './i18n.js';

/** Opens a dialog. `build(close)` answers its children; the promise is what `close` was called with. */
export function openDialog({ title, testid, wide = false, build }) {
  return new Promise((done) => {
    const id = freshId('dialog');
    const before = document.activeElement;
    let result = null;
    const close = (value = null) => {
      result = value;
      dialog.close();
    };
    const shut = h(
      'button',
      {
        type: 'button',
        class: 'button quiet square',
        'aria-label': t('close'),
        testid: `${testid}-close`,
        on: { click: () => close() },
      },
      icon('close'),
    );
    const head = h('header', { class: 'dialog-head' }, h('h2', { id }, title), shut);
    const dialog = h('dialog', { class: wide ? 'dialog wide' : 'dialog', 'aria-labelledby': id, testid }, head, build(close));
    dialog.addEventListener('close', () => {
      unhost(dialog);
      dialog.remove();
      back(before)?.focus();
      done(result);
    });
    document.body.append(dialog);
    dialog.showModal();
    (
      dialog.querySelector('[data-focus]') ??
      dialog.querySelector('.dialog-body input, .dialog-body select, .dialog-body textarea, .dialog-body button')
    )?.focus();
  });
}

/** Where the focus was; what has been made anew meanwhile has the same `testid`. */
function back(before) {
  const name = before?.dataset?.testid;
  return before?.isConnected || !name ? before : document.querySelector(`[data-testid="${CSS.escape(name)}"]`);
}

/** Closes every dialog, as if it were cancelled: what they are about is gone. */
export function closeDialogs() {
  for (const dialog of [...document.querySelectorAll('dialog[open]')].reverse()) dialog.close();
}

/** Runs what a button begins; until that ends, the button begins nothing more. */
export async function whileBusy(button, act) {
  if (button.disabled) return undefined;
  const focused = button === document.activeElement;
  button.disabled = true;
  try {
    return await act();
  } finally {
    button.disabled = false;
    // A button that is disabled loses the focus.
    if (focused && button.isConnected && document.activeElement === document.body) button.focus();
  }
}

/** What a form sends, once for each click or Enter that finds its button ready. */
export const submitting = (act) => (event) => {
  event.preventDefault();
  return whileBusy(event.currentTarget.querySelector('[type=submit]'), () => act(event));
};

/** The lower end of a dialog: cancel, and the button that does it. */
export function dialogActions(close, { label, testid, danger = false, submit = true, onClick = null, extra = null }) {
  const cancel = h(
    'button',
    { type: 'button', class: 'button', testid: `${testid}-cancel`, on: { click: () => close() } },
    t('cancel'),
  );
  const act = h(
    'button',
    {
      type: submit ? 'submit' : 'button',
      class: danger ? 'button danger' : 'button primary',
      testid: `${testid}-submit`,
      on: onClick ? { click: onClick } : {},
    },
    label,
  );
  return h('footer', { class: 'dialog-foot' }, extra, h('span', { class: 'grow' }), cancel, act);
}

/** Asks before something that cannot be taken back. */
export function confirmed({ title, text, label, testid = 'confirm', danger = true }) {
  return openDialog({
    title,
    testid,
    build: (close) => [
      h('div', { class: 'dialog-body' }, h('p', {}, text)),
      dialogActions(close, { label, testid, danger, submit: false, onClick: () => close(true) }),
    ],
  });
}

/** Asks for a text; `act` may refuse it by throwing, which is shown at the field. */
export function askText({ title, label, value = '', action, testid, most = 100, act }) {
  return openDialog({
    title,
    testid,
    build: (close) => {
      const input = h('input', {
        type: 'text',
        class: 'input',
        value,
        required: true,
        maxlength: most,
        testid: `${testid}-input`,
      });
      const holder = field(label, input);
      const submit = submitting(async () => {
        try {
          close(await act(input.value.trim()));
        } catch (fault) {
          holder.tell(fault.errors?.[0]?.message ?? fault.detail ?? String(fault.message));
          input.focus();
        }
      });
      return h(
        'form',
        { on: { submit } },
        h('div', { class: 'dialog-body' }, holder.element),
        dialogActions(close, { label: action, testid }),
      );
    },
  });
}

/** A labelled control with room for what is wrong with it. */
export function field(label, control, { hint = null, required = false } = {}) {
  control.id ||= freshId('field');
  const wrong = h('p', {
    class: 'wrong',
    id: `${control.id}-wrong`,
    hidden: true,
    testid: control.dataset.testid ? `${control.dataset.testid}-error` : null,
  });
  const hinted = hint ? h('p', { class: 'hint', id: `${control.id}-hint` }, hint) : null;
  const described = () => [hinted && hinted.id, !wrong.hidden && wrong.id].filter(Boolean).join(' ');
  const tell = (message) => {
    wrong.hidden = !message;
    fill(wrong, message ? [icon('alert'), h('span', {}, message)] : []);
    control.setAttribute('aria-invalid', message ? 'true' : 'false');
    if (described()) control.setAttribute('aria-describedby', described());
    else control.removeAttribute('aria-describedby');
  };
  if (hinted) control.setAttribute('aria-describedby', hinted.id);
  const star = required ? h('span', { class: 'star', 'aria-hidden': 'true' }, ' *') : null;
  const element = h('div', { class: 'field' }, h('label', { htmlFor: control.id }, label, star), control, hinted, wrong);
  return { element, control, tell };
}

/** A button with a menu below it. `items()` answers what is in it now: `{label, icon, testid, act, danger}` or null. */
export function menuButton({ label, iconName, testid, items, className = 'button', hideLabel = false }) {
  const id = freshId('menu');
  const list = h('div', { class: 'menu', id, role: 'menu', 'aria-label': label, hidden: true });
  const button = h(
    'button',
    {
      type: 'button',
      class: className,
      'aria-haspopup': 'menu',
      'aria-expanded': 'false',
      'aria-controls': id,
      testid,
      'aria-label': hideLabel ? label : null,
      title: hideLabel ? label : null,
    },
    icon(iconName),
    hideLabel ? null : h('span', {}, label),
  );
  const holder = h('div', { class: 'menu-holder' }, button, list);
  const shut = (focus) => {
    if (list.hidden) return;
    list.hidden = true;
    holder.classList.remove('is-open');
    button.setAttribute('aria-expanded', 'false');
    document.removeEventListener('pointerdown', outside, true);
    if (focus) button.focus();
  };
  const outside = (event) => holder.contains(event.target) || shut(false);
  const open = () => {
    fill(
      list,
      items()
        .filter(Boolean)
        .map((item) => menuItem(item, shut)),
    );
    list.hidden = false;
    holder.classList.add('is-open');
    button.setAttribute('aria-expanded', 'true');
    document.addEventListener('pointerdown', outside, true);
    place(list);
    list.querySelector('[role^=menuitem]')?.focus();
  };
  button.addEventListener('click', () => (list.hidden ? open() : shut(true)));
  button.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowDown') return;
    event.preventDefault();
    open();
  });
  list.addEventListener('keydown', (event) => walk(event, list, shut));
  holder.addEventListener('focusout', (event) => holder.contains(event.relatedTarget) || !event.relatedTarget || shut(false));
  return holder;
}

function menuItem(item, shut) {
  const act = () => {
    shut(true);
    item.act();
  };
  return h(
    'button',
    {
      type: 'button',
      class: item.danger ? 'menu-item is-danger' : 'menu-item',
      role: 'menuitem',
      tabindex: '-1',
      testid: item.testid,
      on: { click: act },
    },
    icon(item.icon),
    h('span', {}, item.label),
  );
}

/** Keeps a menu inside of the window. */
function place(list) {
  list.classList.remove('to-left');
  if (list.getBoundingClientRect().right > document.documentElement.clientWidth - 8) list.classList.add('to-left');
}

function walk(event, list, shut) {
  const all = [...list.querySelectorAll('[role^=menuitem]')];
  const at = all.indexOf(document.activeElement);
  const steps = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 };
  if (event.key in steps) {
    event.preventDefault();
    all.at(steps[event.key] % all.length)?.focus();
  } else if (event.key === 'Escape') {
    event.stopPropagation();
    shut(true);
  }
}
