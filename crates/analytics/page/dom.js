// Elements from words. Text is always text: nothing here reads markup.

const SVG = 'http://www.w3.org/2000/svg';

/** Makes an element. `props`: `class`, `testid`, `on` (listeners), `style` (custom properties too), else attributes. */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) set(element, name, value);
  element.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name === 'on') {
    for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
  } else if (name === 'style') {
    for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text);
  } else if (name === 'testid') {
    element.dataset.testid = value;
  } else if (name === 'value' || name === 'checked' || name === 'indeterminate') {
    element[name] = value;
  } else {
    element.setAttribute(name === 'htmlFor' ? 'for' : name, value === true ? '' : value);
  }
}

/** Makes an element of SVG. */
export function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes ?? {})) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Puts other children into an element. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** The same, and whoever had the focus in it has it again: the control of the same `testid`. */
export function refill(element, ...children) {
  const focused = element.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
  fill(element, ...children);
  if (focused) element.querySelector(`[data-testid="${CSS.escape(focused)}"]`)?.focus();
  return element;
}

let last = 0;

/** An id that no other element has. */
export function freshId(stem = 'e') {
  last += 1;
  return `${stem}-${last}`;
}
