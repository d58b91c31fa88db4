// A view that is a list: its head, its cards, and what stands there when there are none or they cannot be had.

import { faultText } from './a11y.js';
import { fill, freshId, h, refill } from './dom.js';
import { icon } from './icons.js';
import { t } from './i18n.js';

/** A button of a view. */
export const button = (name, label, testid, click, more = {}) =>
  h('button', { type: 'button', class: 'button', testid, on: { click }, ...more }, icon(name), h('span', {}, label));

/** A small button that says whose it is to those who do not see where it stands. */
export const cardButton = (name, label, about, testid, click) =>
  h(
    'button',
    {
      type: 'button',
      class: 'button quiet square small',
      'aria-label': `${label}: ${about}`,
      title: label,
      testid,
      on: { click },
    },
    icon(name),
  );

/** A list of cards. `load` answers the items, `card` makes the element of one; `add` is `{label, act}`, or null. */
export function listing({ name, load, card, add }) {
  const id = freshId('view');
  const title = h('h1', { id, tabindex: '-1', testid: `${name}-title` }, t(`view.${name}`));
  const list = h('ul', { class: 'things', testid: `${name}-list` });
  const note = h('div', { class: 'view-note', hidden: true, testid: `${name}-note` });
  const tools = [
    add && button('add', add.label, `${name}-new`, add.act, { class: 'button primary' }),
    button('refresh', t('refresh'), `${name}-refresh`, () => reload()),
  ];
  const element = h(
    'section',
    { class: 'view', 'aria-labelledby': id, 'aria-busy': 'true', testid: `view-${name}` },
    h(
      'div',
      { class: 'board-head' },
      h('div', { class: 'board-names' }, title, h('p', { class: 'muted board-text' }, t(`view.${name}_text`))),
      h('div', { class: 'actions', role: 'group', 'aria-label': t('actions') }, tools),
    ),
    note,
    list,
  );
  let asked = 0;
  const tell = (content) => {
    note.hidden = content === null;
    fill(note, content);
  };
  const show = (items) => {
    const held = list.contains(document.activeElement);
    refill(list, items.map(card));
    // What had the focus is gone: whoever goes by keyboard is at the head of the list, not at that of the page.
    if (held && !list.contains(document.activeElement)) title.focus();
    list.hidden = items.length === 0;
    tell(items.length === 0 ? [icon('bar'), h('p', { testid: `${name}-none` }, t(`view.${name}_none`))] : null);
  };
  async function reload() {
    asked += 1;
    const mine = asked;
    element.setAttribute('aria-busy', 'true');
    try {
      const items = await load();
      if (mine === asked) show(items);
    } catch (fault) {
      if (mine !== asked) return;
      const again = button('refresh', t('again'), `${name}-again`, () => reload());
      tell([icon('alert'), h('p', { role: 'alert', testid: `${name}-error` }, faultText(fault)), again]);
    } finally {
      if (mine === asked) element.setAttribute('aria-busy', 'false');
    }
  }
  /** Whatever is on its way is no longer wanted. */
  const stop = () => (asked += 1);
  reload();
  return { element, reload, stop };
}
