// The colours of the style sheet as charts need them: worked out for the theme of now.

import { on } from './state.js';

export const SERIES = 8;

let probe = null;
const known = new Map();
on('theme', () => known.clear());

/** The colour of a custom property of the style sheet. */
export function colour(name) {
  if (!known.has(name)) {
    probe ??= document.body.appendChild(document.createElement('i'));
    probe.hidden = true;
    probe.style.color = `var(--${name})`;
    known.set(name, getComputedStyle(probe).color);
  }
  return known.get(name);
}

export const palette = () => Array.from({ length: SERIES }, (_, at) => colour(`series-${at + 1}`));

/** The same colour, let through in part. */
export function faded(name, share) {
  const numbers = colour(name)
    .match(/[\d.]+/g)
    .slice(0, 3);
  return `rgba(${numbers.join(', ')}, ${share})`;
}
