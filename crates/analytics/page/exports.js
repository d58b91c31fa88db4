// Files of figures.

import { showFault, toast } from './a11y.js';
import { download } from './api.js';
import { query } from './board.js';
import { menuButton } from './dialogs.js';
import { language, t } from './i18n.js';
import { state } from './state.js';

/** A menu that saves the figures of a widget, or of all (`null`), as they are shown. */
export function exportMenu(widget) {
  const formats = widget ? ['csv', 'json', 'xlsx'] : ['json', 'xlsx'];
  const stem = widget ? `widget-${widget.id}-export` : 'dashboard-export';
  return menuButton({
    label: widget ? t('export.of', { title: widget.title }) : t('export'),
    iconName: 'download',
    testid: stem,
    hideLabel: Boolean(widget),
    className: widget ? 'button quiet square small' : 'button',
    items: () =>
      formats.map((format) => ({
        label: t(`export.${format}`),
        icon: 'download',
        testid: `${stem}-${format}`,
        act: () => save(widget, format),
      })),
  });
}

async function save(widget, format) {
  const said = new URLSearchParams(query().slice(1));
  for (const [name, value] of Object.entries({ what: 'dashboard', format, lang: language })) said.set(name, value);
  // Without an id it is the caller's first one, which the built-in overview is for whoever sees it.
  if (state.board.id !== null) said.set('dashboard_id', state.board.id);
  if (widget) said.set('widget_id', widget.id);
  try {
    await download(`analytics/export?${said}`, `figures.${format}`);
    toast(t('export.done', { format: t(`export.${format}`) }));
  } catch (fault) {
    showFault(fault);
  }
}
