// Where widgets stand: a grid of 12 columns, x and y from the top left, and no widget over another.

export const COLUMNS = 12;
export const MOST_ROWS = 24;
export const LAST_ROW = 499;

const meet = (a, b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
const inOrder = (a, b) => a.y - b.y || a.x - b.x;
const clamp = (value, least, most) => Math.min(Math.max(value, least), most);

/** A place inside of the grid. */
export function fitted(place) {
  const w = clamp(Math.round(place.w), 1, COLUMNS);
  const h = clamp(Math.round(place.h), 1, MOST_ROWS);
  return { w, h, x: clamp(Math.round(place.x), 0, COLUMNS - w), y: clamp(Math.round(place.y), 0, LAST_ROW) };
}

/** Items in the order in which they are read. */
export const sorted = (items) => [...items].sort(inOrder);

/** Pushes down whatever stands in the way of what is fixed, and what that pushes in turn. */
function pushed(fixed, others) {
  const placed = [fixed];
  for (const item of sorted(others)) {
    const moved = { ...item };
    for (let hit = placed.find((one) => meet(one, moved)); hit; hit = placed.find((one) => meet(one, moved))) {
      moved.y = hit.y + hit.h;
    }
    placed.push(moved);
  }
  return placed;
}

/** One item to another place. What it meets on its way down goes up into the room that it leaves, else down. */
export function placed(items, id, place) {
  const old = items.find((item) => item.id === id);
  const fixed = { ...old, ...fitted({ ...old, ...place }) };
  let others = items.filter((item) => item.id !== id);
  if (fixed.y > old.y) {
    others = others.map((item) => (meet(item, fixed) ? lifted(item, others, fixed, old.y) : item));
  }
  const result = pushed(fixed, others);
  return items.map((item) => result.find((one) => one.id === item.id));
}

/** The nearest free place above, down to where the room begins. */
function lifted(item, others, fixed, top) {
  for (let y = item.y - 1; y >= top; y -= 1) {
    const higher = { ...item, y };
    const blocked = [fixed, ...others].some((one) => one.id !== item.id && meet(one, higher));
    if (!blocked) return higher;
  }
  return item;
}

/** The first free place for something of this size. */
export function freePlace(items, { w, h }) {
  for (let y = 0; ; y += 1) {
    for (let x = 0; x + w <= COLUMNS; x += 1) {
      if (!items.some((item) => meet(item, { x, y, w, h }))) return { x, y, w, h };
    }
  }
}

/** Without rows that nobody uses: everything goes up as far as it can. */
export function compacted(items) {
  const done = [];
  for (const item of sorted(items)) {
    const moved = { ...item };
    while (moved.y > 0 && !done.some((one) => meet(one, { ...moved, y: moved.y - 1 }))) moved.y -= 1;
    done.push(moved);
  }
  return items.map((item) => done.find((one) => one.id === item.id));
}

/** An own layout over widgets that may have changed since: whoever has come later stands in nobody's way. */
export function overlaid(widgets, layout) {
  const places = new Map((layout ?? []).map((place) => [place.id, place]));
  const laid = widgets.map((widget) => ({ ...widget, ...pickPlace(places.get(widget.id)) }));
  const first = laid.filter((widget) => places.has(widget.id));
  const done = [];
  for (const item of [...sorted(first), ...sorted(laid.filter((widget) => !places.has(widget.id)))]) {
    const moved = { ...item };
    for (let hit = done.find((one) => meet(one, moved)); hit; hit = done.find((one) => meet(one, moved)))
      moved.y = hit.y + hit.h;
    done.push(moved);
  }
  return widgets.map((widget) => done.find((one) => one.id === widget.id));
}

const pickPlace = (place) => (place ? fitted(place) : {});

export const rowsOf = (items) => Math.max(1, ...items.map((item) => item.y + item.h));
