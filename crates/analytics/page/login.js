// Logging in: a name and a password, and a code where the account asks for one.

import { languageLinks, themeButton } from './appearance.js';
import { login, loginWithCode } from './api.js';
import { field } from './dialogs.js';
import { fill, h } from './dom.js';
import { icon } from './icons.js';
import { known, t } from './i18n.js';

const told = (fault) => known(`login.${fault.code}`) ?? fault.detail ?? t('fault.unreachable');

/** The view; `done` is called when somebody has logged in. */
export function loginView(done, note = null) {
  const card = h('div', { class: 'login-card' });
  fill(card, brand(), nameForm(card, done, note));
  return h(
    'div',
    { class: 'login' },
    h('header', { class: 'login-top' }, languageLinks(), themeButton()),
    h('main', { id: 'main', tabindex: '-1', testid: 'login' }, card),
  );
}

const brand = () =>
  h(
    'div',
    { class: 'brand large' },
    h('span', { class: 'mark', 'aria-hidden': 'true' }, icon('bar')),
    h('span', {}, 'Poligon'),
  );

function nameForm(card, done, note) {
  const name = h('input', {
    type: 'text',
    class: 'input',
    autocomplete: 'username',
    required: true,
    autocapitalize: 'none',
    spellcheck: 'false',
    maxlength: 254,
    testid: 'login-username',
    'data-focus': true,
  });
  const password = h('input', {
    type: 'password',
    class: 'input',
    autocomplete: 'current-password',
    required: true,
    testid: 'login-password',
  });
  const send = async () => {
    const challenge = await login(name.value.trim(), password.value);
    if (challenge === null) return done();
    const form = codeForm(challenge, done);
    fill(card, brand(), form);
    form.querySelector('input').focus();
  };
  return form({
    title: t('login.title'),
    intro: note ?? t('login.intro'),
    label: t('login.submit'),
    testid: 'login-submit',
    fields: [field(t('login.name'), name), field(t('login.password'), password)],
    send,
    failed: () => password.select(),
  });
}

function codeForm(challenge, done) {
  const code = h('input', {
    type: 'text',
    class: 'input',
    inputmode: 'numeric',
    autocomplete: 'one-time-code',
    required: true,
    maxlength: 32,
    testid: 'login-code',
  });
  const send = async () => {
    await loginWithCode(challenge, code.value.trim());
    done();
  };
  return form({
    title: t('login.code_title'),
    intro: t('login.code_intro'),
    label: t('login.code_submit'),
    testid: 'login-code-submit',
    fields: [field(t('login.code'), code)],
    send,
    failed: () => code.select(),
  });
}

function form({ title, intro, label, testid, fields, send, failed }) {
  const wrong = h('p', { class: 'wrong banner', role: 'alert', hidden: true, testid: 'login-error' });
  const button = h('button', { type: 'submit', class: 'button primary wide', testid }, label);
  const submit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    wrong.hidden = true;
    try {
      await send();
    } catch (fault) {
      wrong.hidden = false;
      fill(wrong, icon('alert'), h('span', {}, told(fault)));
      failed();
    } finally {
      button.disabled = false;
    }
  };
  return h(
    'form',
    { on: { submit }, testid: 'login-form' },
    h('h1', {}, title),
    h('p', { class: 'muted' }, intro),
    wrong,
    fields.map((one) => one.element),
    button,
  );
}
