// Figures for widgets of a draft: what is not saved yet is asked for as it would be saved, widget by widget.

import { call } from './api.js';
import { emit, state } from './state.js';
import { learnLabels } from './stock.js';

/** What is asked for, and what was answered, by the id of the widget. */
const previews = new Map();

export const forgetPreviews = () => previews.clear();

const stored = (id) => state.board?.widgets.find((one) => one.id === id);
const same = (one, other) => JSON.stringify([one?.type, one?.settings]) === JSON.stringify([other.type, other.settings]);

/** What is shown of a widget: `{data, problem, pending, missing}`. */
export function answerOf(widget) {
  const answer = state.result?.widgets.find((one) => one.id === widget.id);
  if (state.mode !== 'edit') return answer ?? (state.mode === 'own' && !state.loading ? { missing: true } : { pending: true });
  if (answer && same(stored(widget.id), widget)) return answer;
  const question = {
    type: widget.type,
    settings: widget.settings,
    from: state.result?.from,
    to: state.result?.to,
    tz: state.result?.tz,
    filters: filtersNow(),
  };
  const key = JSON.stringify(question);
  const known = previews.get(widget.id);
  if (known?.key === key) return known.answer;
  const asked = { key, answer: { pending: true } };
  previews.set(widget.id, asked);
  fetchFigures(widget, question, asked);
  return asked.answer;
}

const filtersNow = () => state.asked.filters ?? state.board?.override?.filters ?? state.draft?.filters ?? {};

async function fetchFigures(widget, question, asked) {
  let answer;
  try {
    answer = await call('POST', 'analytics/widgets/preview', question);
    if (answer.data?.kind === 'metric') learnLabels(widget.settings.group_by, answer.data.series);
  } catch (fault) {
    answer = { data: null, problem: { code: fault.code, detail: detailOf(fault) } };
  }
  // Whoever has asked for something else since does not want it any more.
  if (previews.get(widget.id) !== asked) return;
  asked.answer = answer;
  emit('draft');
}

/** What is wrong with settings, by the settings. */
function detailOf(fault) {
  const wrong = (fault.errors ?? []).map((one) => `${one.pointer.replace(/^\/settings\/?/, '')} ${one.message}`.trim());
  return wrong.length > 0 ? wrong.join('; ') : fault.detail;
}
