// Who else sees a dashboard: people, roles, and public links.

import { announce, faultText, showFault, toast } from './a11y.js';
import { call, get, getAll } from './api.js';
import { openDialog, whileBusy } from './dialogs.js';
import { fill, freshId, h } from './dom.js';
import { instant } from './format.js';
import { icon } from './icons.js';
import { named, t } from './i18n.js';
import { state } from './state.js';

const ROLES = ['manager', 'auditor', 'editor', 'author', 'moderator', 'admin'];
const TYPING_MS = 250;
const url = (rest) => `analytics/dashboards/${state.board.id}/${rest}`;

export function shareDialog() {
  return openDialog({
    title: t('share.title', { title: state.board.title }),
    testid: 'share-dialog',
    wide: true,
    build: () => h('div', { class: 'dialog-body' }, peopleSection(), linksSection()),
  });
}

function accessSelect(value, testid, label) {
  const select = h(
    'select',
    { class: 'input small', 'aria-label': label, testid },
    ['view', 'edit'].map((name) => h('option', { value: name }, t(`access.${name}`))),
  );
  select.value = value;
  return select;
}

function peopleSection() {
  const list = h('ul', { class: 'rows', testid: 'share-list' });
  const load = async () => {
    try {
      const items = await getAll(url('shares'));
      fill(
        list,
        items.length > 0
          ? items.map((share) => shareRow(share, load))
          : h('li', { class: 'muted', testid: 'share-none' }, t('share.none')),
      );
    } catch (fault) {
      fill(list, h('li', { class: 'wrong' }, faultText(fault)));
    }
  };
  load();
  const heading = freshId('people');
  return h('section', { 'aria-labelledby': heading }, h('h3', { id: heading }, t('share.people')), newShare(load), list);
}

const shareName = (share) => (share.user ? share.user.display_name : t('share.role_is', { role: named('role', share.role) }));

function shareRow(share, load) {
  const name = shareName(share);
  const whom = share.user ? { user_id: share.user.id } : { role: share.role };
  const turn = async () => {
    try {
      await call('POST', url('shares'), { ...whom, access: select.value });
      announce(t('share.changed', { name }));
    } catch (fault) {
      showFault(fault);
    }
    load();
  };
  const select = accessSelect(share.access, `share-${share.id}-access`, t('share.access_of', { name }));
  select.addEventListener('change', turn);
  const off = h(
    'button',
    {
      type: 'button',
      class: 'button small',
      'aria-label': t('share.remove', { name }),
      testid: `share-${share.id}-remove`,
      on: { click: () => revoke(url(`shares/${share.id}`), t('share.removed', { name }), load) },
    },
    icon('close'),
    h('span', {}, t('revoke')),
  );
  return h(
    'li',
    { class: 'row', testid: 'share-row' },
    h(
      'span',
      { class: 'row-name' },
      h('strong', {}, name),
      share.user && h('span', { class: 'muted' }, `@${share.user.username}`),
    ),
    select,
    off,
  );
}

async function revoke(path, text, load) {
  try {
    await call('DELETE', path);
    announce(text);
  } catch (fault) {
    showFault(fault);
  }
  await load();
}

/** Whom to share with: a person who is looked for by name or id, or a role. */
function newShare(load) {
  const results = h('ul', { class: 'found', testid: 'share-found' });
  const search = h('input', {
    type: 'search',
    class: 'input',
    autocomplete: 'off',
    id: freshId('who'),
    testid: 'share-search',
  });
  const role = h(
    'select',
    { class: 'input', id: freshId('role'), testid: 'share-role' },
    h('option', { value: '' }, t('share.choose_role')),
    ROLES.map((name) => h('option', { value: name }, named('role', name))),
  );
  const access = accessSelect('view', 'share-access', t('share.access'));
  const give = async (whom, name) => {
    try {
      await call('POST', url('shares'), { ...whom, access: access.value });
      toast(t('share.done', { name }));
      search.value = '';
      role.value = '';
      find('', results, give);
    } catch (fault) {
      showFault(fault);
    }
    await load();
  };
  let timer = null;
  search.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => find(search.value.trim(), results, give), TYPING_MS);
  });
  const addRole = h(
    'button',
    {
      type: 'button',
      class: 'button',
      testid: 'share-role-add',
      on: { click: () => role.value && whileBusy(addRole, () => give({ role: role.value }, named('role', role.value))) },
    },
    icon('add'),
    h('span', {}, t('share.add_role')),
  );
  return h(
    'div',
    { class: 'new-share' },
    h('div', { class: 'field' }, h('label', { htmlFor: search.id }, t('share.search')), search, results),
    h(
      'div',
      { class: 'field' },
      h('label', { htmlFor: role.id }, t('share.role')),
      h('div', { class: 'together' }, role, addRole),
    ),
    h('label', { class: 'inline' }, h('span', {}, t('share.access')), access),
  );
}

let searches = 0;

async function find(words, results, give) {
  searches += 1;
  const mine = searches;
  if (words.length === 0) {
    fill(results);
    return;
  }
  const number = /^\d{1,18}$/.test(words) ? Number(words) : null;
  let people = [];
  try {
    ({ items: people } = await get(`social/users?q=${encodeURIComponent(words)}&limit=6`));
  } catch (fault) {
    if (number === null && mine === searches) showFault(fault);
  }
  // Something else is looked for by now.
  if (mine !== searches) return;
  const rows = people.map((person) => found({ user_id: person.id }, person.display_name, `@${person.username}`, give));
  if (number !== null) rows.push(found({ user_id: number }, t('share.by_id', { id: number }), null, give));
  fill(results, rows.length > 0 ? rows : h('li', { class: 'muted' }, t('share.nobody')));
  announce(t('share.found', { count: rows.length }));
}

function found(whom, name, more, give) {
  const button = h(
    'button',
    {
      type: 'button',
      class: 'found-one',
      testid: `share-user-${whom.user_id}`,
      on: { click: () => whileBusy(button, () => give(whom, name)) },
    },
    icon('add'),
    h('strong', {}, name),
    more && h('span', { class: 'muted' }, more),
  );
  return h('li', {}, button);
}

function linksSection() {
  const list = h('ul', { class: 'rows', testid: 'link-list' });
  const fresh = h('div', { class: 'fresh', hidden: true });
  const load = async () => {
    try {
      const items = await getAll(url('links'));
      fill(
        list,
        items.map((link) => linkRow(link, load)),
      );
    } catch (fault) {
      fill(list, h('li', { class: 'wrong' }, faultText(fault)));
    }
  };
  const until = h('input', { type: 'date', class: 'input small', testid: 'link-until' });
  const make = async () => {
    try {
      const link = await call('POST', url('links'), until.value ? { expires_at: `${until.value}T23:59:59.000Z` } : {});
      showFresh(fresh, link);
      await load();
    } catch (fault) {
      showFault(fault);
    }
  };
  const button = h(
    'button',
    { type: 'button', class: 'button', testid: 'link-new', on: { click: () => whileBusy(button, make) } },
    icon('link'),
    h('span', {}, t('link.new')),
  );
  load();
  const heading = freshId('links');
  return h(
    'section',
    { 'aria-labelledby': heading },
    h('h3', { id: heading }, t('link.title')),
    h('p', { class: 'muted' }, t('link.text')),
    h(
      'div',
      { class: 'together' },
      h('label', { class: 'inline' }, h('span', {}, t('link.until')), until),
      button,
    ),
    fresh,
    list,
  );
}

/** The address is shown once: the server keeps what proves it only. */
function showFresh(holder, link) {
  const input = h('input', {
    type: 'text',
    class: 'input',
    readonly: true,
    value: link.url,
    'aria-label': t('link.address'),
    testid: 'link-url',
    on: { focus: () => input.select() },
  });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(link.url);
    } catch {
      // Without the permission: what is selected is copied in the old way.
      input.select();
      document.execCommand('copy');
    }
    toast(t('link.copied'));
  };
  holder.hidden = false;
  fill(
    holder,
    h(
      'div',
      { class: 'together' },
      input,
      h(
        'button',
        { type: 'button', class: 'button primary', testid: 'link-copy', on: { click: copy } },
        icon('copy'),
        h('span', {}, t('link.copy')),
      ),
    ),
    h('p', { class: 'hint' }, t('link.once')),
  );
  input.focus();
}

function linkRow(link, load) {
  const made = t('link.made', { at: instant(link.created_at) });
  const ends = link.expires_at ? t('link.ends', { at: instant(link.expires_at) }) : t('link.no_end');
  return h(
    'li',
    { class: 'row', testid: 'link-row' },
    h('span', { class: 'row-name' }, h('strong', {}, made), h('span', { class: 'muted' }, ends)),
    h(
      'button',
      {
        type: 'button',
        class: 'button small',
        'aria-label': t('link.revoke', { made }),
        testid: `link-${link.id}-revoke`,
        on: { click: () => revoke(url(`links/${link.id}`), t('link.revoked'), load) },
      },
      icon('close'),
      h('span', {}, t('revoke')),
    ),
  );
}
