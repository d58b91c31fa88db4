// What the caller may do, as the API tells it.

import { call } from './api.js';

export const SEE_PEOPLE = 'analytics:audience';
export const CHANGE_KPIS = 'kpis:write';
export const CHANGE_SEGMENTS = 'segments:write';

let allowed = new Set();

export const may = (name) => allowed.has(name);

/** Asks what the caller may do; to be called after each login. What cannot be asked is not allowed: the API decides. */
export async function learnRights() {
  const answer = await call('GET', 'auth/me').catch(() => ({ permissions: [] }));
  allowed = new Set(answer.permissions);
}
