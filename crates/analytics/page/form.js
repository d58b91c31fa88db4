// A form from a JSON Schema (2020-12): as much of it as settings of widgets use. What the schema does not say in words the
// page does not know either, except for what depends on the metric: dimensions, and the unit of a target.

import { showFault } from './a11y.js';
import { may, SEE_PEOPLE } from './access.js';
import { field } from './dialogs.js';
import { fill, freshId, h } from './dom.js';
import { filterChips, openFilter } from './filters.js';
import { unitHint } from './format.js';
import { icon } from './icons.js';
import { known, language, named, t } from './i18n.js';
import { state } from './state.js';
import { loadSegments } from './stock.js';

const LONG = 200;

/** A schema without its references and its "or null": `{schema, nullable}`. */
function resolved(schema, root) {
  let found = schema;
  if (found.$ref) {
    const target =
      found.$ref
        .replace(/^#\//, '')
        .split('/')
        .reduce((part, name) => part?.[name], root) ?? {};
    found = { ...target, ...found };
  }
  const choices = found.anyOf ?? found.oneOf;
  if (choices) {
    const some = choices.filter((one) => one.type !== 'null');
    const inner =
      some.length === 1
        ? resolved(some[0], root).schema
        : { enum: some.flatMap((one) => one.enum ?? (one.const === undefined ? [] : [one.const])) };
    return {
      schema: { ...found, anyOf: undefined, oneOf: undefined, ...inner, title: found.title ?? inner.title },
      nullable: some.length < choices.length,
    };
  }
  const types = Array.isArray(found.type) ? found.type : [found.type];
  const nullable = types.includes('null') || Boolean(found.enum?.includes(null));
  return {
    schema: { ...found, type: types.find((type) => type !== 'null'), enum: found.enum?.filter((one) => one !== null) },
    nullable,
  };
}

const titleOf = (schema, name) => (language === 'ru' ? schema['x-title-ru'] : null) ?? schema.title ?? named('setting', name);
const hintOf = (schema) => (language === 'ru' ? schema['x-description-ru'] : schema.description) ?? null;

/** A form for `value`. Answers `{element, read, tell}`; `tell` shows errors `{pointer, message}` at their fields. */
export function schemaForm(schema, value, testid) {
  const form = {
    root: schema,
    fields: new Map(),
    testid,
    metric: () => form.fields.get('/metric')?.read() ?? null,
    listeners: [],
  };
  const parts = properties(form, schema, value ?? {}, '');
  return {
    element: h('div', { class: 'schema-form' }, parts.elements),
    read: parts.read,
    tell: (errors) => tell(form, errors),
    check: () => check(form),
  };
}

function properties(form, schema, value, base) {
  const required = schema.required ?? [];
  const parts = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const { schema: inner, nullable } = resolved(property, form.root);
    const spec = {
      form,
      name,
      schema: inner,
      pointer: `${base}/${name}`,
      required: required.includes(name) && !nullable,
      value: value[name] ?? inner.default ?? null,
      outer: property,
    };
    const made = control(spec);
    form.fields.set(spec.pointer, { ...made, required: spec.required });
    return { name, ...made };
  });
  const read = () =>
    Object.fromEntries(
      parts.map((part) => [part.name, part.read()]).filter(([, given]) => given !== null && given !== undefined),
    );
  return { elements: parts.map((part) => part.element), read };
}

function control(spec) {
  const { name, schema } = spec;
  if (schema['x-segment']) return segmentField(spec);
  if (name === 'group_by') return dimensionField(spec);
  if (name === 'filters') return filterField(spec);
  if (schema.enum) return enumField(spec);
  if (schema.type === 'array') return schema.items?.type === 'string' ? linesField(spec) : listField(spec);
  if (schema.type === 'object') return groupField(spec);
  if (schema.type === 'boolean') return tickField(spec);
  if (schema.type === 'integer' || schema.type === 'number') return numberField(spec);
  return textField(spec);
}

/** A control with its label; `read` turns what is in it into the setting. */
function finished(spec, input, read, hint = hintOf(spec.schema)) {
  input.dataset.testid = `${spec.form.testid}${spec.pointer.replaceAll('/', '-')}`;
  const made = field(titleOf(spec.outer, spec.name) ?? titleOf(spec.schema, spec.name), input, {
    required: spec.required,
    hint,
  });
  input.addEventListener('input', () => made.tell(null));
  return { element: made.element, read, tell: made.tell, input };
}

function optionsOf(names, label, empty) {
  return [
    empty !== null && h('option', { value: '' }, empty),
    ...names.map((name) => h('option', { value: String(name) }, label(name))),
  ].filter(Boolean);
}

/** The metrics that the caller may see, and the one that is chosen, by name. */
function metricsFor(all, chosen, label) {
  const seen = all.filter((one) => one === chosen || may(state.metrics.get(one)?.permission));
  return (seen.length > 0 ? seen : [...all]).sort((a, b) => label(a).localeCompare(label(b)));
}

function enumField(spec) {
  const { schema, name, form } = spec;
  const kinds = {
    metric: 'metric',
    kind: 'kind',
    returning: 'kind',
    interval: 'interval',
    compare: 'compare',
    direction: 'direction',
    by: 'by',
  };
  const label = (one) => named(kinds[name] ?? 'value', one);
  const names = name === 'metric' ? metricsFor(schema.enum, spec.value, label) : schema.enum;
  const select = h('select', { class: 'input' }, optionsOf(names, label, spec.required ? null : t('none')));
  select.value = spec.value === null ? (spec.required ? String(names[0]) : '') : String(spec.value);
  const made = finished(
    spec,
    select,
    () => schema.enum.find((one) => String(one) === select.value) ?? null,
    name === 'metric' ? ' ' : undefined,
  );
  if (name === 'metric') {
    const hint = made.element.querySelector('.hint');
    const explain = () =>
      (hint.textContent = known(`about.${select.value}`) ?? state.metrics.get(select.value)?.definition ?? '');
    select.addEventListener('change', () => [explain, ...form.listeners].forEach((listener) => listener()));
    explain();
  }
  return made;
}

const dimensionsOf = (metric) => state.metrics.get(metric)?.dimensions ?? [];

function dimensionField(spec) {
  const select = h('select', { class: 'input' });
  const made = finished(spec, select, () => select.value || null);
  const show = () => {
    const chosen = select.value || spec.value || '';
    const names = dimensionsOf(spec.form.metric());
    fill(
      select,
      optionsOf(names, (one) => named('dimension', one), spec.required && names.length > 0 ? null : t('none')),
    );
    select.value = names.includes(chosen) ? chosen : (select.options[0]?.value ?? '');
    select.disabled = names.length === 0;
  };
  spec.form.listeners.push(show);
  show();
  return made;
}

function filterField(spec) {
  let filters = spec.value ?? {};
  const chips = h('div', { class: 'chips' });
  const id = freshId('filters');
  const add = h(
    'button',
    { type: 'button', class: 'button small', testid: `${spec.form.testid}-filters-add`, on: { click: () => open(null) } },
    icon('filter'),
    h('span', {}, t('filter.add')),
  );
  const wrong = h('p', { class: 'wrong', hidden: true });
  const show = () => {
    const names = dimensionsOf(spec.form.metric());
    if (spec.form.metric()) filters = Object.fromEntries(Object.entries(filters).filter(([name]) => names.includes(name)));
    fill(
      chips,
      filterChips(filters, (next) => ((filters = next), show()), open),
    );
    element.hidden = names.length === 0;
  };
  async function open(dimension) {
    const { from, to, tz } = state.result ?? {};
    const next = await openFilter({ filters, dimensions: dimensionsOf(spec.form.metric()), days: { from, to, tz }, dimension });
    if (next) filters = next;
    show();
  }
  const element = h(
    'div',
    { class: 'field', role: 'group', 'aria-labelledby': id },
    h('span', { class: 'label', id }, titleOf(spec.outer, spec.name)),
    chips,
    add,
    wrong,
  );
  spec.form.listeners.push(show);
  show();
  const tellWrong = (message) => {
    wrong.hidden = !message;
    wrong.textContent = message ?? '';
  };
  return { element, read: () => (Object.keys(filters).length > 0 ? filters : null), tell: tellWrong, input: add };
}

/** One of the groups of people. Whoever may not see them keeps what is chosen. */
function segmentField(spec) {
  const select = h('select', { class: 'input' });
  const chosen = () => (select.options.length > 0 ? select.value : String(spec.value ?? ''));
  const made = finished(spec, select, () => (chosen() === '' ? null : Number(chosen())));
  const show = () => {
    const now = chosen();
    const known = state.segments ?? [];
    const options = known.map((one) => h('option', { value: one.id }, one.name));
    const lost = now !== '' && !known.some((one) => String(one.id) === now);
    fill(
      select,
      h('option', { value: '' }, t('segment.everybody')),
      options,
      lost && h('option', { value: now }, t('segment.number', { number: now })),
    );
    select.value = now;
  };
  show();
  made.element.hidden = !may(SEE_PEOPLE);
  if (may(SEE_PEOPLE)) loadSegments().then(show, showFault);
  return made;
}

function numberField(spec) {
  const { schema, name, form } = spec;
  // People write dollars and percents; settings hold cents and shares.
  const factor = () =>
    name !== 'target' ? 1 : ({ cents: 100, ratio: 0.01, milliseconds: 3_600_000 }[state.metrics.get(form.metric())?.unit] ?? 1);
  const scaled = (value) => Number((value / factor()).toPrecision(12));
  const input = h('input', {
    type: 'number',
    class: 'input',
    step: schema.type === 'integer' ? 1 : 'any',
    min: schema.minimum,
    max: schema.maximum,
    value: spec.value === null ? '' : scaled(spec.value),
    required: spec.required,
  });
  const read = () => (input.value === '' ? null : Number((Number(input.value) * factor()).toPrecision(12)));
  const made = finished(spec, input, read, name === 'target' ? ' ' : (hintOf(schema) ?? limits(schema)));
  if (name === 'target') {
    const hint = made.element.querySelector('.hint');
    const show = () => (hint.textContent = unitHint(state.metrics.get(form.metric())?.unit) ?? '');
    form.listeners.push(show);
    show();
  }
  return made;
}

function limits({ minimum, maximum }) {
  return minimum !== undefined && maximum !== undefined ? t('limits', { least: minimum, most: maximum }) : null;
}

function textField(spec) {
  const { schema } = spec;
  const long = (schema.maxLength ?? LONG + 1) > LONG && (schema['x-multiline'] || spec.name === 'markdown');
  const props = { class: 'input', maxlength: schema.maxLength, required: spec.required, value: spec.value ?? '' };
  const input = long ? h('textarea', { ...props, rows: schema['x-rows'] ?? 8 }) : h('input', { type: 'text', ...props });
  return finished(spec, input, () => (input.value === '' && !spec.required ? null : input.value));
}

/** A list of texts: one a line. */
function linesField(spec) {
  const input = h('textarea', { class: 'input', rows: 2, value: (spec.value ?? []).join('\n') });
  const read = () => {
    const lines = input.value
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
    return lines.length > 0 ? lines : null;
  };
  return finished(spec, input, read, t('list.lines'));
}

function tickField(spec) {
  const input = h('input', { type: 'checkbox', checked: Boolean(spec.value) });
  return finished(spec, input, () => input.checked);
}

function groupField(spec) {
  const parts = properties(spec.form, spec.schema, spec.value ?? {}, spec.pointer);
  const element = h('fieldset', { class: 'plain' }, h('legend', {}, titleOf(spec.outer, spec.name)), parts.elements);
  return { element, read: parts.read, tell: () => {}, input: element };
}

/** A list of objects, such as the steps of a funnel. */
function listField(spec) {
  const { schema, form, pointer } = spec;
  const { schema: inner } = resolved(schema.items ?? {}, form.root);
  let values = [...(spec.value ?? [])];
  while (values.length < (schema.minItems ?? 0)) values.push({});
  let rows = [];
  const list = h('div', { class: 'list' });
  const stem = `${form.testid}${pointer.replaceAll('/', '-')}`;
  const words = (key, values) => (known(`${spec.name}.${key}`) ? t(`${spec.name}.${key}`, values) : t(`list.${key}`, values));
  const wrong = h('p', { class: 'wrong', hidden: true });
  const add = h(
    'button',
    { type: 'button', class: 'button small', testid: `${stem}-add`, on: { click: () => turn((now) => [...now, {}]) } },
    icon('add'),
    h('span', {}, words('add')),
  );
  const turn = (act) => {
    values = act(rows.map((row) => row.read()));
    show();
  };
  const show = () => {
    rows = values.map((value, at) => properties(form, inner, value ?? {}, `${pointer}/${at}`));
    fill(
      list,
      rows.map((row, at) =>
        h(
          'fieldset',
          { class: 'list-row' },
          h('legend', {}, words('item', { number: at + 1 })),
          row.elements,
          h(
            'button',
            {
              type: 'button',
              class: 'button quiet square small',
              'aria-label': words('remove', { number: at + 1 }),
              testid: `${stem}-${at}-remove`,
              disabled: values.length <= (schema.minItems ?? 0),
              on: { click: () => turn((now) => now.filter((_, index) => index !== at)) },
            },
            icon('trash'),
          ),
        ),
      ),
    );
    add.disabled = values.length >= (schema.maxItems ?? Infinity);
  };
  show();
  const element = h('fieldset', { class: 'plain' }, h('legend', {}, titleOf(spec.outer, spec.name)), list, add, wrong);
  const tellWrong = (message) => {
    wrong.hidden = !message;
    wrong.textContent = message ?? '';
  };
  return { element, read: () => rows.map((row) => row.read()), tell: tellWrong, input: add };
}

/** Shows errors at their fields, or at the nearest one above; answers those that belong to none. */
function tell(form, errors) {
  const lost = [];
  let first = null;
  for (const error of errors) {
    let pointer = error.pointer ?? '';
    while (pointer && !form.fields.has(pointer)) pointer = pointer.slice(0, pointer.lastIndexOf('/'));
    const found = form.fields.get(pointer);
    if (!found) lost.push(error);
    else {
      found.tell(error.message);
      first ??= found;
    }
  }
  first?.input.focus();
  return lost;
}

/** What the browser itself finds wrong, told in the same way. */
function check(form) {
  const errors = [];
  for (const [pointer, one] of form.fields) {
    if (!one.input.isConnected || one.input.validity === undefined) continue;
    if (one.input.disabled && one.required) errors.push({ pointer, message: t('wrong.no_dimension') });
    else if (!one.input.validity.valid) errors.push({ pointer, message: one.input.validationMessage });
  }
  tell(form, errors);
  return errors.length === 0;
}
