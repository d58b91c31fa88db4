// What the page knows. Parts of the page listen to what has changed; none reaches into another.

export const state = {
  /** Who is logged in. */
  user: null,
  /** The token of a public link, when the page shows one. */
  link: null,
  /** Own and shared dashboards, and what new ones can be made of. */
  dashboards: [],
  templates: [],
  /** Metrics and types of widgets by name. */
  metrics: new Map(),
  types: new Map(),
  /** What is open beside dashboards: the name of a view, or null. */
  view: null,
  /** Groups of people; null where the caller may not see them. */
  segments: null,
  /** The dashboard that is open, as it is stored, and its figures. */
  board: null,
  tag: null,
  result: null,
  fault: null,
  loading: false,
  /** What the person has chosen for now: null is what the dashboard says. */
  asked: { period: null, tz: null, filters: null },
  /** `view`, `edit`, or `own` for an own view of it. */
  mode: 'view',
  draft: null,
  past: [],
  /** While the draft is being saved: ends with it. */
  saving: null,
  /** Counts how often names of values have become known. */
  names: 0,
  /** `off`, `connecting` or `live`. */
  live: 'off',
};

const hub = new EventTarget();

export function on(name, listener) {
  hub.addEventListener(name, (event) => listener(event.detail));
}

export function emit(name, detail) {
  hub.dispatchEvent(new CustomEvent(name, { detail }));
}

/** Whether the caller may change the dashboard, and whether it is theirs. */
export const mayEdit = () => ['owner', 'edit'].includes(state.board?.access);
export const isOwner = () => state.board?.access === 'owner' && state.board.id !== null;
/** A dashboard that is stored, not the built-in overview. */
export const isStored = () => Number.isInteger(state.board?.id) && state.link === null;
/** Whether the last bucket is not over yet: what it holds is no fall. */
export const isPartial = (data) =>
  data.buckets.length > 2 && state.result !== null && data.buckets.at(-1).end > state.result.as_of;
export const isChanged = () => state.mode !== 'view' && state.past.length > 0;
