// Server-Sent Events by fetch: `EventSource` cannot say who asks.

import { response } from './api.js';

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;

/** Listens to a dashboard, by its path, until what is answered is called. `heard(event, data)`; `turned(state)`. */
export function listen(path, heard, turned) {
  const ended = new AbortController();
  let pause = FIRST_PAUSE;
  let dropped = false;
  const opened = () => {
    pause = FIRST_PAUSE;
    turned('live');
    // What happened in the meantime was missed.
    if (dropped) heard('figures', {});
  };
  const run = async () => {
    while (!ended.signal.aborted) {
      turned('connecting');
      const gone = await once(path, heard, opened, ended.signal);
      if (gone || ended.signal.aborted) return turned('off');
      dropped = true;
      turned('connecting');
      await rest(pause * (0.75 + Math.random() / 2), ended.signal);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
  };
  run();
  return () => {
    ended.abort();
    turned('off');
  };
}

/** One connection, to its end. Answers whether there is nothing to come back to. */
async function once(path, heard, opened, signal) {
  try {
    const answer = await response('GET', `analytics/${path}/events`, {
      headers: { Accept: 'text/event-stream' },
      signal,
    });
    if ([401, 403, 404].includes(answer.status)) return true;
    if (!answer.ok || !answer.body) return false;
    opened();
    await read(answer.body.pipeThrough(new TextDecoderStream()).getReader(), heard);
  } catch (fault) {
    return fault.status === 401;
  }
  return false;
}

async function read(reader, heard) {
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text = (text + value).replaceAll('\r\n', '\n');
    const blocks = text.split('\n\n');
    text = blocks.pop();
    for (const block of blocks) tell(block, heard);
  }
}

function tell(block, heard) {
  let event = 'message';
  const data = [];
  for (const line of block.split('\n')) {
    const at = line.indexOf(':');
    const [name, value] = at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1).replace(/^ /, '')];
    if (name === 'event') event = value;
    if (name === 'data') data.push(value);
  }
  if (data.length === 0) return;
  let told = {};
  try {
    told = JSON.parse(data.join('\n'));
  } catch {
    // Its name says enough.
  }
  heard(event, told);
}

function rest(milliseconds, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', () => (clearTimeout(timer), done()), { once: true });
  });
}
