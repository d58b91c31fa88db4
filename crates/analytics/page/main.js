// Where the page begins: a public link, the login, or the dashboards.

import { learnRights, may, SEE_PEOPLE } from './access.js';
import { whoIsLoggedIn } from './api.js';
import { closeBoard, mayLeave, openBoard } from './board.js';
import { emit, isChanged, on, state } from './state.js';
import { fill } from './dom.js';
import { forgetAside, isSetAside, setAside, setAsideOf, takeUp } from './editor.js';
import { t } from './i18n.js';
import { loginView } from './login.js';
import { leavePlace, readPlace, writePlace } from './place.js';
import { appView, linkView } from './shell.js';
import { forget, loadCatalogue, loadList } from './stock.js';
import { openView } from './views.js';

const app = document.getElementById('app');

function showLogin(note = null) {
  closeBoard();
  forget();
  state.view = null;
  emit('view');
  state.user = null;
  document.title = `${t('login.title')} · Poligon`;
  fill(app, loginView(start, note));
  app.querySelector('[data-testid=login-username]').focus();
}

/** Somebody has gone: whoever comes next begins at their own first page. */
function leave() {
  forgetAside();
  leavePlace();
  showLogin();
}

async function start() {
  const place = readPlace();
  state.link = place.link;
  if (place.link) {
    fill(app, linkView());
    return openBoard(null, place);
  }
  if (!whoIsLoggedIn()) return showLogin();
  state.user = whoIsLoggedIn();
  const { user } = state;
  await learnRights();
  if (state.user !== user) return undefined;
  fill(app, appView({ leave }));
  try {
    await Promise.all([loadCatalogue(), loadList()]);
  } catch (fault) {
    if (state.user === user) state.fault = fault;
    return emit('loading');
  }
  if (state.user !== user) return undefined;
  if (setAsideOf() === null) forgetAside();
  await show(setAsideOf() === null ? place : { ...place, view: null, dashboard: setAsideOf() });
  return takeUp();
}

/** What the address says. */
function show(place) {
  // The link of somebody who sees more.
  const isSeen = place.view !== 'segments' || may(SEE_PEOPLE);
  return place.view && isSeen ? openView(place.view) : openBoard(place.dashboard, place);
}

on('again', start);

on('logged-out', () => {
  if (state.link !== null || state.user === null) return;
  setAside();
  showLogin(t(isSetAside() ? 'login.again_kept' : 'login.again'));
});

window.addEventListener('popstate', async () => {
  if (!(await mayLeave())) return state.board && writePlace(true);
  const place = readPlace();
  if (place.link !== state.link) return start();
  if (state.user || state.link) show(place);
  return undefined;
});

window.addEventListener('beforeunload', (event) => {
  if (isChanged() || isSetAside()) event.preventDefault();
});

start();
