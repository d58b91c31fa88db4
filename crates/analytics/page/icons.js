// Icons: strokes on a grid of 24 by 24. They are decoration; the words stand beside them or in `aria-label`.

import { svg } from './dom.js';

const PATHS = {
  add: 'M12 5v14M5 12h14',
  alert: 'M12 8v5m0 3.2v.3M10.3 4 2.9 17a2 2 0 0 0 1.7 3h14.8a2 2 0 0 0 1.7-3L13.7 4a2 2 0 0 0-3.4 0Z',
  area: 'M3 20h18M4 16l5-6 4 4 7-9v15H4Z',
  bar: 'M4 20h17M7 20v-7M12 20V6M17 20V10',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  chevron: 'm7 10 5 5 5-5',
  close: 'M6 6l12 12M18 6 6 18',
  cohort: 'M4 4h16v16H4zM4 9.3h16M4 14.6h16M9.3 4v16M14.6 4v16',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  dark: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5Z',
  down: 'M12 5v14m-6-6 6 6 6-6',
  download: 'M12 4v11m-5-5 5 5 5-5M4 20h16',
  edit: 'm4 20 4-1L19 8l-3-3L5 16ZM14 7l3 3',
  eye: 'M2 12s3.6-7 10-7 10 7 10 7-3.6 7-10 7S2 12 2 12Zm10 3a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z',
  filter: 'M3 5h18l-7 8v6l-4-2v-4Z',
  funnel: 'M3 5h18M6 10h12M8.5 15h7M10.5 20h3',
  hide: 'M4 4l16 16M9.9 5.2A10 10 0 0 1 12 5c6.4 0 10 7 10 7a17 17 0 0 1-3 3.7M6.4 6.8A17 17 0 0 0 2 12s3.6 7 10 7a10 10 0 0 0 4.6-1.1',
  light:
    'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.4 1.4m11.2 11.2L19 19M19 5l-1.4 1.4M6.4 17.6 5 19',
  line: 'M3 20h18M4 15l5-5 4 3 7-8',
  link: 'M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.300l-1 1M14 10a4 4 0 0 0-5.700 0l-3 3a4 4 0 0 0 5.700 5.700l1-1',
  menu: 'M4 6h16M4 12h16M4 18h16',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  move: 'M9 5h.01M9 12h.01M9 19h.01M15 5h.01M15 12h.01M15 19h.01',
  number: 'M5 9h14M5 15h14M10 4 8 20M16 4l-2 16',
  out: 'M9 20H5V4h4M15 8l4 4-4 4M19 12H9',
  people:
    'M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM2.500 20a6.500 6.500 0 0 1 13 0M16 4.300a3.500 3.500 0 0 1 0 6.400M18 14.500a6.500 6.500 0 0 1 3.500 5.500',
  pie: 'M12 3a9 9 0 1 0 9 9h-9ZM15.500 3.300a9 9 0 0 1 5.200 5.200h-5.200Z',
  refresh: 'M20 11a8 8 0 0 0-14.300-4L4 9m0-5v5h5M4 13a8 8 0 0 0 14.300 4l1.700-2m0 5v-5h-5',
  right: 'm9 6 6 6-6 6',
  settings: 'M4 7h9m4 0h3M4 17h3m4 0h9M15 4.500v5M9 14.500v5',
  share: 'M15 8a3 3 0 1 0-.010-.010M9 12.500 15.500 16M9 11.500 15.500 8M6 15a3 3 0 1 0-.010-.010M18 21a3 3 0 1 0-.010-.010',
  stacked_bar: 'M4 20h17M7 20V8M7 13h.01M12 20V5M17 20v-9M5.500 14h3M10.500 12h3M15.500 16h3',
  star: 'm12 3 2.700 5.800 6.300.800-4.600 4.400 1.200 6.300L12 17.200 6.400 20.300l1.200-6.300L3 9.600l6.300-.800Z',
  steady: 'M5 12h14',
  system: 'M3 5h18v11H3zM8 20h8M12 16v4',
  table: 'M3 5h18v14H3zM3 10h18M3 14.500h18M10 5v14',
  text: 'M5 6h14M5 10h14M5 14h14M5 18h8',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v6M14 11v6',
  undo: 'M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3',
  up: 'M12 19V5m-6 6 6-6 6 6',
};

export function icon(name) {
  const drawn = svg('path', { d: PATHS[name] ?? PATHS.text });
  return svg('svg', { viewBox: '0 0 24 24', class: `icon icon-${name}`, 'aria-hidden': 'true', focusable: 'false' }, drawn);
}
