// The API: tokens, problems, downloads.

import { emit } from './state.js';

const KEY = 'poligon.session';
/** A token is renewed so many milliseconds before its end. */
const EARLY = 30_000;
/** How often a busy server is asked again, and how long that waits at most. */
const MOST_TRIES = 3;
const LONGEST_PAUSE_S = 5;

let session = restore();
let renewal = null;

/** A refusal (RFC 9457). */
export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail ?? `${status}`);
    this.status = status;
    this.code = body?.code ?? 'unreachable';
    this.detail = body?.detail ?? null;
    this.errors = body?.errors ?? [];
  }
}

function restore() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}

function keep(pair) {
  session = pair && {
    access: pair.access_token,
    refresh: pair.refresh_token,
    // By the clock of this machine: it need not agree with the server's.
    until: Date.now() + pair.expires_in * 1000,
    user: pair.user,
  };
  try {
    if (session) sessionStorage.setItem(KEY, JSON.stringify(session));
    else sessionStorage.removeItem(KEY);
  } catch {
    // The session then lasts as long as the page.
  }
}

export const whoIsLoggedIn = () => session?.user ?? null;

/** Asks, and asks again where the server is busy and says when to come back: what is only read may be asked for twice. */
async function plain(method, path, body, headers, signal) {
  for (let tries = 0; ; tries += 1) {
    const answer = await once(method, path, body, headers, signal);
    if (method !== 'GET' || ![429, 503].includes(answer.status) || tries === MOST_TRIES) return answer;
    const pause = Math.min(Number(answer.headers.get('Retry-After')) || 1, LONGEST_PAUSE_S);
    await new Promise((done) => setTimeout(done, pause * 1000));
  }
}

async function once(method, path, body, headers = {}, signal = undefined) {
  const json = body === undefined ? {} : { 'Content-Type': 'application/json' };
  const text = body === undefined ? undefined : JSON.stringify(body);
  try {
    return await fetch(`/api/${path}`, { method, headers: { ...json, ...headers }, body: text, signal, cache: 'no-store' });
  } catch (fault) {
    if (fault.name === 'AbortError') throw fault;
    throw new Problem(0, null);
  }
}

async function answered(response) {
  if (response.ok) return response.status === 204 ? null : response.json();
  throw new Problem(response.status, await response.json().catch(() => null));
}

/** Logs in; answers the challenge when a second factor is asked for, else null. */
export async function login(name, password) {
  const answer = await answered(await plain('POST', 'auth/login', { username: name, password }));
  if (answer.status === 'second_factor_required') return answer.challenge;
  keep(answer);
  return null;
}

export async function loginWithCode(challenge, code) {
  keep(await answered(await plain('POST', 'auth/login/verify', { challenge, code })));
}

export async function logout() {
  try {
    await call('POST', 'auth/logout', {});
  } catch {
    // The session is forgotten here all the same.
  }
  keep(null);
}

async function renew() {
  const response = await plain('POST', 'auth/refresh', { refresh_token: session.refresh });
  if (response.ok) return keep(await response.json());
  if (response.status === 401 || response.status === 422) {
    keep(null);
    emit('logged-out');
  }
  throw new Problem(response.status, await response.json().catch(() => null));
}

/** The header that says who asks; a token near its end is renewed first, once for all who ask. */
async function authorization(force = false) {
  if (!session) return {};
  if (force || session.until - EARLY < Date.now()) {
    renewal ??= renew().finally(() => (renewal = null));
    await renewal;
  }
  return { Authorization: `Bearer ${session.access}` };
}

/** An answer as it comes, after one more try with a new token where the first was refused. */
export async function response(method, path, { body, headers = {}, signal } = {}) {
  const used = await authorization();
  const first = await plain(method, path, body, { ...used, ...headers }, signal);
  if (first.status !== 401 || !session) return first;
  const stale = used.Authorization === `Bearer ${session.access}`;
  return plain(method, path, body, { ...(await authorization(stale)), ...headers }, signal);
}

/** Asks the API; answers the body. */
export async function call(method, path, body, headers) {
  return answered(await response(method, path, { body, headers }));
}

/** Asks for something new by `make(path, body)`. What is asked for again, since no answer came, is made once. */
export function maker() {
  let wish = null;
  let key = null;
  return async (path, body) => {
    const now = JSON.stringify([path, body]);
    if (now !== wish) key = crypto.getRandomValues(new Uint32Array(4)).join('-');
    wish = now;
    const made = await call('POST', path, body, { 'Idempotency-Key': key });
    wish = null; // the next one is another
    return made;
  };
}

/** The same with the tag of the version. */
export async function callTagged(method, path, body, headers) {
  const answer = await response(method, path, { body, headers });
  return { body: await answered(answer), tag: answer.headers.get('ETag') };
}

export const get = (path) => call('GET', path);

/** Without logging in: for public links. */
export async function getOpenly(path) {
  return answered(await plain('GET', path));
}

/** Every page of a list. */
export async function getAll(path) {
  const items = [];
  let cursor = null;
  do {
    const page = await get(`${path}?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return items;
}

/** Saves a file as the API names it. */
export async function download(path, name) {
  const answer = await response('GET', path);
  if (!answer.ok) throw new Problem(answer.status, await answer.json().catch(() => null));
  const given = /filename="([^"]+)"/.exec(answer.headers.get('Content-Disposition') ?? '');
  save(await answer.blob(), given?.[1] ?? name);
}

/** Saves bytes as a file. */
export function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
