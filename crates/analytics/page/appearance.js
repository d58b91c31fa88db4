// Light and dark, and the language.

import { announce } from './a11y.js';
import { fill, h } from './dom.js';
import { icon } from './icons.js';
import { language, t } from './i18n.js';
import { emit } from './state.js';

const KEY = 'poligon.theme';
const THEMES = ['system', 'light', 'dark'];
const wanted = matchMedia('(prefers-color-scheme: dark)');

const theme = () => document.documentElement.dataset.theme ?? 'system';
wanted.addEventListener('change', () => emit('theme'));

function choose(name) {
  if (name === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // It then lasts as long as the page.
  }
  emit('theme');
}

/** A button that goes through the themes. */
export function themeButton() {
  const show = () => {
    const label = t('theme.now', { theme: t(`theme.${theme()}`) });
    button.setAttribute('aria-label', label);
    button.title = label;
    button.dataset.value = theme();
    fill(button, icon(theme()));
  };
  const next = () => {
    choose(THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]);
    show();
    announce(t('theme.now', { theme: t(`theme.${theme()}`) }));
  };
  const button = h('button', { type: 'button', class: 'button quiet square', testid: 'theme-toggle', on: { click: next } });
  show();
  return button;
}

/** Links to the page in its other language; what is open stays open. */
export function languageLinks() {
  const link = (tag, name) => {
    const element = h(
      'a',
      {
        class: 'language',
        href: `?lang=${tag}`,
        lang: tag,
        hreflang: tag,
        testid: `lang-${tag}`,
        'aria-label': name,
        'aria-current': tag === language ? 'true' : null,
      },
      tag.toUpperCase(),
    );
    element.addEventListener('click', () => (element.href = `?lang=${tag}${location.hash}`));
    return element;
  };
  return h('nav', { class: 'languages', 'aria-label': t('language') }, link('en', 'EN: English'), link('ru', 'RU: Русский'));
}
