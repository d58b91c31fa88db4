// The words of the page, in its language: that of `lang` on the document.

import { en as enMain } from './texts-en.js';
import { ru as ruMain } from './texts-ru.js';
import { views as enViews } from './texts-views-en.js';
import { views as ruViews } from './texts-views-ru.js';

export const language = document.documentElement.lang === 'ru' ? 'ru' : 'en';

const en = { ...enMain, ...enViews };
const texts = language === 'ru' ? { ...ruMain, ...ruViews } : en;
const plurals = new Intl.PluralRules(language);

/** The text of a key. `{name}` in it is replaced; a text in several forms is chosen by `count`. */
export function t(key, values = {}) {
  let text = texts[key] ?? en[key] ?? key;
  if (typeof text === 'object') text = text[plurals.select(values.count ?? 0)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** The text of a key, or null. */
export function known(key) {
  const text = texts[key];
  return typeof text === 'string' ? text : null;
}

/** A name that comes from the API, for people: from the table, else its words. */
export function named(kind, name) {
  return known(`${kind}.${name}`) ?? words(name);
}

function words(name) {
  const spaced = String(name).replaceAll('_', ' ');
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/** One of `{en, ru}`. */
export function pick(both) {
  return both?.[language] ?? both?.en ?? '';
}
