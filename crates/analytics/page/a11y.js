// What is told to people who do not see the page change.

import { h } from './dom.js';
import { icon } from './icons.js';
import { t } from './i18n.js';

const TOAST_MS = 6000;
const SOON_MS = 60;

/** A region, in the dialog that is on top: whatever lies behind a dialog is told to nobody. */
function hosted(id) {
  const region = document.getElementById(id);
  const host = [...document.querySelectorAll('dialog[open]')].pop() ?? document.body;
  if (region.parentElement !== host) host.append(region);
  return region;
}

/** Takes the regions out of a dialog that goes. */
export function unhost(dialog) {
  for (const id of ['polite', 'toasts']) {
    const region = document.getElementById(id);
    if (dialog.contains(region)) document.body.append(region);
  }
}

/** Says something through the live region. The same words twice are said twice. */
export function announce(text) {
  const region = hosted('polite');
  region.textContent = '';
  setTimeout(() => (region.textContent = text), SOON_MS);
}

/** Shows a short message; errors are told at once, and stay until they are closed. */
export function toast(text, kind = 'done') {
  const box = hosted('toasts');
  const close = h(
    'button',
    {
      type: 'button',
      class: 'button quiet square',
      'aria-label': t('close'),
      testid: 'toast-close',
      on: { click: () => shown.remove() },
    },
    icon('close'),
  );
  const shown = h(
    'div',
    { class: `toast toast-${kind}`, role: kind === 'error' ? 'alert' : null, testid: `toast-${kind}` },
    icon(kind === 'error' ? 'alert' : 'check'),
    h('span', {}, text),
    close,
  );
  (kind === 'error' ? box : box.querySelector('[role=status]')).append(shown);
  if (kind !== 'error') setTimeout(() => shown.remove(), TOAST_MS);
  return shown;
}

/** A refusal in words. */
export function faultText(fault) {
  if (fault?.code === 'unreachable') return t('fault.unreachable');
  const detail = fault?.detail ?? fault?.message ?? String(fault);
  const fields = (fault?.errors ?? []).map((one) => `${one.pointer}: ${one.message}`);
  return [`${detail} (${fault?.code ?? 'error'})`, ...fields].join('; ');
}

export const showFault = (fault) => toast(faultText(fault), 'error');
export const reducedMotion = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
