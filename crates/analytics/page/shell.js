// What stands around a dashboard: the top, the list at the side, the place of the dashboard itself.

import { languageLinks, themeButton } from './appearance.js';
import { logout } from './api.js';
import { boardView, mayLeave } from './board.js';
import { menuButton } from './dialogs.js';
import { h } from './dom.js';
import { icon } from './icons.js';
import { t } from './i18n.js';
import { sidebar } from './sidebar.js';
import { on, state } from './state.js';
import { viewHolder } from './views.js';

const brand = () =>
  h(
    'a',
    { class: 'brand', href: '/', testid: 'home' },
    h('span', { class: 'mark', 'aria-hidden': 'true' }, icon('bar')),
    h('span', {}, 'Poligon'),
  );

function skipLink() {
  const skip = (event) => {
    event.preventDefault(); // the address holds what is open
    document.getElementById('main').focus();
  };
  return h('a', { class: 'skip', href: '#main', testid: 'skip-link', on: { click: skip } }, t('skip'));
}

/** Folds the list at the side, or unfolds it: that of the page which is there now. */
let fold = () => {};
let isUnfolded = () => false;
on('opened', () => fold(false));
on('view', () => fold(false));
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && !document.querySelector('dialog[open]') && isUnfolded()) fold(false, true);
});

let showLive = () => {};
on('live', () => showLive());

/** Whether the page follows what happens, in colour and in words. */
function liveState() {
  const words = h('span', {});
  const holder = h('span', { class: 'live', testid: 'live-state' }, h('span', { class: 'dot', 'aria-hidden': 'true' }), words);
  showLive = () => {
    holder.dataset.state = state.live;
    holder.hidden = state.live === 'off';
    words.textContent = t(`live.${state.live}`);
  };
  showLive();
  return holder;
}

/** Who is logged in, and the way out. */
function personMenu(leave) {
  const out = async () => {
    if (!(await mayLeave())) return;
    await logout();
    leave();
  };
  const person = menuButton({
    label: state.user.display_name,
    iconName: 'chevron',
    testid: 'user-menu',
    className: 'button quiet person',
    items: () => [{ label: t('logout'), icon: 'out', testid: 'logout', act: out }],
  });
  const button = person.querySelector('button');
  button.prepend(h('span', { class: 'avatar', 'aria-hidden': 'true' }, initials(state.user.display_name)));
  return person;
}

/** The page of somebody who is logged in. */
export function appView({ leave }) {
  const side = sidebar();
  isUnfolded = () => side.classList.contains('is-open');
  fold = (open, back = false) => {
    side.classList.toggle('is-open', open);
    toggle.setAttribute('aria-expanded', String(open));
    if (back) toggle.focus();
    // What has just become visible can be focused from the next frame on.
    if (open) requestAnimationFrame(() => requestAnimationFrame(() => side.querySelector('a, button')?.focus()));
  };
  const toggle = h(
    'button',
    {
      type: 'button',
      class: 'button quiet square only-narrow',
      'aria-label': t('side.title'),
      'aria-expanded': 'false',
      'aria-controls': side.id,
      testid: 'side-toggle',
      on: { click: () => fold(!isUnfolded()) },
    },
    icon('menu'),
  );
  const top = h(
    'header',
    { class: 'top' },
    toggle,
    brand(),
    h('span', { class: 'grow' }),
    liveState(),
    languageLinks(),
    themeButton(),
    personMenu(leave),
  );
  const back = h('div', { class: 'behind', on: { click: () => fold(false) } });
  return h(
    'div',
    { class: 'app' },
    skipLink(),
    top,
    side,
    back,
    h('main', { id: 'main', class: 'main', tabindex: '-1' }, boardView(), viewHolder()),
  );
}

export function initials(name) {
  return String(name)
    .trim()
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0]?.toUpperCase() ?? '')
    .join('');
}

/** The page behind a public link. */
export function linkView() {
  const top = h(
    'header',
    { class: 'top' },
    brand(),
    h('span', { class: 'badge' }, icon('eye'), t('link.read_only')),
    h('span', { class: 'grow' }),
    languageLinks(),
    themeButton(),
  );
  return h(
    'div',
    { class: 'app is-public' },
    skipLink(),
    top,
    h('main', { id: 'main', class: 'main', tabindex: '-1', testid: 'public-view' }, boardView()),
  );
}
