// Filters: which values of a dimension count.

import { faultText } from './a11y.js';
import { dialogActions, openDialog } from './dialogs.js';
import { fill, freshId, h } from './dom.js';
import { icon } from './icons.js';
import { named, t } from './i18n.js';
import { labelOf, valuesOf } from './stock.js';

const SHOWN = 2;

const labelsOf = (dimension, values) => values.map((value) => labelOf(dimension, value)).join(', ');

/** What is filtered by, for whoever cannot change it: all of it, since there is nothing to open. */
export const filterNotes = (filters) =>
  Object.entries(filters).map(([dimension, values]) =>
    h(
      'span',
      { class: 'chip chip-note', testid: `filter-${dimension}` },
      h('strong', {}, `${named('dimension', dimension)}: `),
      labelsOf(dimension, values),
    ),
  );

/** A chip for each dimension that is filtered by: it is changed by a click on its name, taken away by its cross. */
export function filterChips(filters, changed, opened) {
  return Object.entries(filters).map(([dimension, values]) => {
    const name = named('dimension', dimension);
    const some = labelsOf(dimension, values.slice(0, SHOWN));
    const more = values.length > SHOWN ? ` +${values.length - SHOWN}` : '';
    const without = Object.fromEntries(Object.entries(filters).filter(([other]) => other !== dimension));
    return h(
      'span',
      { class: 'chip', testid: `filter-${dimension}` },
      h(
        'button',
        { type: 'button', class: 'chip-name', testid: `filter-${dimension}-change`, on: { click: () => opened(dimension) } },
        h('strong', {}, `${name}: `),
        `${some}${more}`,
      ),
      h(
        'button',
        {
          type: 'button',
          class: 'chip-off',
          'aria-label': t('filter.remove', { name }),
          testid: `filter-${dimension}-remove`,
          on: { click: () => changed(without) },
        },
        icon('close'),
      ),
    );
  });
}

/** Asks for the values of a dimension; answers the new filters, or null. */
export function openFilter({ filters, dimensions, days, dimension = null }) {
  const all = [...new Set([...dimensions, ...Object.keys(filters)])];
  return openDialog({
    title: t('filter.title'),
    testid: 'filter-dialog',
    build: (close) => {
      const first = dimension ?? all.find((name) => filters[name]) ?? all[0];
      const select = h(
        'select',
        { class: 'input', id: freshId('dimension'), testid: 'filter-dimension' },
        all.map((name) => h('option', { value: name }, named('dimension', name))),
      );
      select.value = first;
      const values = valueList();
      const show = () => values.show(select.value, filters[select.value] ?? [], days);
      select.addEventListener('change', show);
      show();
      const submit = (event) => {
        event.preventDefault();
        const others = Object.fromEntries(Object.entries(filters).filter(([name]) => name !== select.value));
        const chosen = values.chosen();
        close(chosen.length > 0 ? { ...others, [select.value]: chosen } : others);
      };
      return h(
        'form',
        { on: { submit } },
        h(
          'div',
          { class: 'dialog-body' },
          h('div', { class: 'field' }, h('label', { htmlFor: select.id }, t('filter.dimension')), select),
          values.element,
        ),
        dialogActions(close, { label: t('apply'), testid: 'filter' }),
      );
    },
  });
}

/** Names for the ticks of values: letters and digits of the value, and a number where that is not enough. */
function tickNames(values) {
  const taken = new Set();
  return values.map((value) => {
    const plain = value.replace(/[^\p{L}\p{N}_.]+/gu, '-').replace(/^-|-$/g, '').slice(0, 60);
    const stem = `filter-value-${plain || '_'}`;
    let name = stem;
    for (let number = 2; taken.has(name); number += 1) name = `${stem}-${number}`;
    taken.add(name);
    return name;
  });
}

/** Values to tick: those that occur, those that are ticked already, and one that is typed. */
function valueList() {
  const list = h('div', { class: 'ticks', testid: 'filter-values' });
  const typed = h('input', { type: 'text', class: 'input', maxlength: 200, id: freshId('value'), testid: 'filter-other' });
  const group = h('fieldset', { class: 'plain' }, h('legend', {}, t('filter.values')), list);
  const other = h('div', { class: 'field' }, h('label', { htmlFor: typed.id }, t('filter.other')), typed);
  let asked = 0;
  const row = ({ value, label, ticked }, testid) =>
    h(
      'label',
      { class: 'tick' },
      h('input', { type: 'checkbox', value, checked: ticked, testid }),
      h('span', { class: 'grow' }, label),
    );
  const show = async (dimension, ticked, days) => {
    asked += 1;
    const mine = asked;
    fill(list, h('p', { class: 'muted' }, t('loading')));
    let found = [];
    let fault = null;
    try {
      found = await valuesOf(dimension, days);
    } catch (refused) {
      fault = h('p', { class: 'wrong' }, faultText(refused));
    }
    if (mine !== asked) return;
    const absent = ticked.filter((value) => !found.some((one) => one.value === value));
    const all = [
      ...absent.map((value) => ({ value, label: labelOf(dimension, value), ticked: true })),
      ...found.map((one) => ({ ...one, ticked: ticked.includes(one.value) })),
    ];
    const names = tickNames(all.map((one) => one.value));
    const rows = all.map((one, at) => row(one, names[at]));
    fill(list, fault, rows.length > 0 ? rows : !fault && h('p', { class: 'muted' }, t('filter.none')));
  };
  const chosen = () => {
    const ticks = [...list.querySelectorAll('input:checked')].map((input) => input.value);
    const more = typed.value.trim();
    return [...new Set(more ? [...ticks, more] : ticks)].slice(0, 50);
  };
  return { element: h('div', {}, group, other), show, chosen };
}
