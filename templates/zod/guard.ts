import { z } from 'zod';

import { definitions } from './definitions.js';
import * as formats from './formats.js';
import { equal, pattern, uniqueItems } from './rules.js';

// Guards: what the contract says about values that no schema of Zod can, as JSON Schema. Their issues have the code `custom` and
// carry the keyword in `params.keyword`.

/** A JSON Schema as it is written. */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown };

/** Schemas that one value may be held against; references can multiply them beyond what there is time for. */
const STEPS = 1_000_000;

const messages: { readonly [keyword: string]: string } = {
  not: 'Must not be what the contract excludes',
  if: 'Must be what the contract demands under its condition',
  required: 'Lacks members that its other members demand',
  dependentRequired: 'Lacks members that its other members demand',
  dependentSchemas: 'Must be what its members demand',
  contains: 'Must have the right number of items that the contract asks for',
  propertyNames: 'Must have other names of members',
  patternProperties: 'Must have members that are what their names demand',
  additionalProperties: 'Must not have members that the contract does not know',
  unevaluatedProperties: 'Must not have members that the contract does not know',
  unevaluatedItems: 'Must not have items that the contract does not know',
  anyOf: 'Matches none of the alternatives',
  oneOf: 'Must match exactly one of the alternatives',
  depth: 'Is too deeply nested, or fits too many alternatives, to be checked',
};

/** What a schema admits and all of its guards do. */
export function guarded<S extends z.ZodType>(schema: S, ...guards: readonly JsonSchema[]): z.ZodType<z.output<S>, z.input<S>> {
  const checked = z.transform((value: unknown, context) => {
    const parsed = schema.safeParse(value);
    for (const issue of parsed.error?.issues ?? []) context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue);
    for (const keyword of value === undefined ? [] : guards.flatMap((guard) => broken(guard, value, parsed.success))) {
      const message = messages[keyword] ?? 'Must be what its schema admits';
      context.issues.push({ code: 'custom', input: value, message, params: { keyword } });
    }
    return parsed.data;
  });
  return checked as unknown as z.ZodType<z.output<S>, z.input<S>>;
}

/** Members and items of one value that some keyword has looked at. */
interface Seen {
  readonly members: Set<string>;
  readonly items: Set<number>;
}

const nothing = (): Seen => ({ members: new Set(), items: new Set() });

interface Reader {
  steps: number;
}

/** The keywords of a schema that a value breaks. `sound`: whether nothing else is wrong with the value. */
function broken(guard: JsonSchema, value: unknown, sound: boolean): string[] {
  const whole = typeof guard === 'object' ? guard['$ref'] : undefined;
  // A guard that is a schema as a whole would tell once more what is wrong already.
  if (whole !== undefined && !sound) return [];
  const reader = { steps: STEPS };
  const found = read(reader, whole === undefined ? guard : definition(whole), value, nothing());
  return reader.steps > 0 ? found : ['depth'];
}

function admits(reader: Reader, schema: unknown, value: unknown): boolean {
  return read(reader, schema, value, nothing()).length === 0;
}

/** The same for a schema about the same value: what it has seen counts, unless it does not admit the value. */
function applies(reader: Reader, schema: unknown, value: unknown, seen: Seen): boolean {
  const inner = nothing();
  if (read(reader, schema, value, inner).length > 0) return false;
  for (const name of inner.members) seen.members.add(name);
  for (const position of inner.items) seen.items.add(position);
  return true;
}

function read(reader: Reader, schema: unknown, value: unknown, seen: Seen): string[] {
  if (typeof schema !== 'object' || schema === null) return schema === false ? ['not'] : [];
  if (reader.steps <= 0) return ['depth'];
  reader.steps -= 1;
  const isLate = (keyword: string): boolean => keyword.startsWith('unevaluated');
  const keywords = Object.entries(schema);
  // What remains unevaluated is known when everything else was looked at.
  const ordered = [...keywords.filter(([name]) => !isLate(name)), ...keywords.filter(([name]) => isLate(name))];
  const beside = schema as { readonly [keyword: string]: unknown };
  const holds = (keyword: string, says: unknown): boolean => {
    const own = Array.isArray(value)
      ? aboutItems(reader, keyword, says, beside, value, seen)
      : isObject(value)
      ? aboutMembers(reader, keyword, says, beside, value, seen)
      : typeof value === 'string'
      ? aboutText(keyword, says, value)
      : typeof value !== 'number' || aboutNumber(keyword, says, value);
    return own && aboutAny(reader, keyword, says, beside, value, seen);
  };
  return ordered.filter(([keyword, says]) => !holds(keyword, says)).map(([keyword]) => keyword);
}

/** What a reference leads to. */
function definition(reference: unknown): unknown {
  return definitions[String(reference).replace(/^#/, '')] ?? true;
}

/** Whether all hold; each is looked at, since it may see members and items. */
function every<T>(list: readonly T[], holds: (one: T, position: number) => boolean): boolean {
  return list.map(holds).every(Boolean);
}

function aboutAny(
  reader: Reader,
  keyword: string,
  says: unknown,
  beside: { readonly [keyword: string]: unknown },
  value: unknown,
  seen: Seen,
): boolean {
  switch (keyword) {
    case '$ref':
      return applies(reader, definition(says), value, seen);
    case 'type':
      return (Array.isArray(says) ? says : [says]).some((word) => hasType(word, value));
    case 'const':
      return equal(says, value);
    case 'enum':
      return list(says).some((one) => equal(one, value));
    case 'allOf':
      return every(list(says), (branch) => applies(reader, branch, value, seen));
    case 'anyOf':
      return list(says).filter((branch) => applies(reader, branch, value, seen)).length > 0;
    case 'oneOf':
      return list(says).filter((branch) => applies(reader, branch, value, seen)).length === 1;
    case 'not':
      return !admits(reader, says, value);
    case 'if': {
      const branch = applies(reader, says, value, seen) ? beside['then'] : beside['else'];
      return branch === undefined || applies(reader, branch, value, seen);
    }
    case 'dependentSchemas': {
      const present = named(says).filter(([name]) => isObject(value) && Object.hasOwn(value, name));
      return every(present, ([, schema]) => applies(reader, schema, value, seen));
    }
    default:
      return true;
  }
}

function aboutItems(
  reader: Reader,
  keyword: string,
  says: unknown,
  beside: { readonly [keyword: string]: unknown },
  items: readonly unknown[],
  seen: Seen,
): boolean {
  const look = (schema: unknown, position: number): boolean => {
    seen.items.add(position);
    return admits(reader, schema, items[position]);
  };
  switch (keyword) {
    case 'prefixItems':
      return every(list(says).slice(0, items.length), look);
    case 'items': {
      const first = list(beside['prefixItems']).length;
      return every(items, (_, position) => position < first || look(says, position));
    }
    case 'contains': {
      const found = items.map((item, position) => [admits(reader, says, item), position] as const).filter(([fits]) => fits);
      for (const [, position] of found) seen.items.add(position);
      return found.length >= Number(beside['minContains'] ?? 1) && found.length <= Number(beside['maxContains'] ?? Infinity);
    }
    case 'unevaluatedItems':
      return every(items, (_, position) => seen.items.has(position) || look(says, position));
    case 'minItems':
      return items.length >= Number(says);
    case 'maxItems':
      return items.length <= Number(says);
    case 'uniqueItems': {
      const payload: z.core.ParsePayload<readonly unknown[]> = { value: items, issues: [] };
      if (says === true) uniqueItems(payload);
      return payload.issues.length === 0;
    }
    default:
      return true;
  }
}

function aboutMembers(
  reader: Reader,
  keyword: string,
  says: unknown,
  beside: { readonly [keyword: string]: unknown },
  value: { readonly [name: string]: unknown },
  seen: Seen,
): boolean {
  const names = Object.keys(value);
  const look = (schema: unknown, name: string): boolean => {
    seen.members.add(name);
    return admits(reader, schema, value[name]);
  };
  switch (keyword) {
    case 'properties':
      return every(named(says), ([name, schema]) => !Object.hasOwn(value, name) || look(schema, name));
    case 'patternProperties':
      return every(named(says), ([source, schema]) => every(names.filter((name) => matches(source, name)), (name) => look(schema, name)));
    case 'additionalProperties': {
      const patterns = named(beside['patternProperties']);
      const isKnown = (name: string): boolean =>
        named(beside['properties']).some(([known]) => known === name) || patterns.some(([source]) => matches(source, name));
      return every(names.filter((name) => !isKnown(name)), (name) => look(says, name));
    }
    case 'unevaluatedProperties':
      return every(names, (name) => seen.members.has(name) || look(says, name));
    case 'propertyNames':
      return names.every((name) => admits(reader, says, name));
    case 'required':
      return list(says).every((name) => Object.hasOwn(value, String(name)));
    case 'minProperties':
      return names.length >= Number(says);
    case 'maxProperties':
      return names.length <= Number(says);
    case 'dependentRequired':
      return named(says).every(([name, demanded]) =>
        !Object.hasOwn(value, name) || list(demanded).every((other) => Object.hasOwn(value, String(other)))
      );
    default:
      return true;
  }
}

function aboutText(keyword: string, says: unknown, text: string): boolean {
  switch (keyword) {
    case 'minLength':
      return Array.from(text).length >= Number(says);
    case 'maxLength':
      return Array.from(text).length <= Number(says);
    case 'pattern':
      return matches(String(says), text);
    case 'format':
      return formatted.get(String(says))?.safeParse(text).success ?? true;
    default:
      return true;
  }
}

function aboutNumber(keyword: string, says: unknown, number: number): boolean {
  switch (keyword) {
    case 'minimum':
      return number >= Number(says);
    case 'exclusiveMinimum':
      return number > Number(says);
    case 'maximum':
      return number <= Number(says);
    case 'exclusiveMaximum':
      return number < Number(says);
    case 'multipleOf':
      return z.number().multipleOf(Number(says)).safeParse(number).success;
    default:
      return true;
  }
}

const formatted: ReadonlyMap<string, z.ZodType> = new Map<string, z.ZodType>([
  ['uuid', z.guid()],
  ['date-time', formats.dateTime],
  ['date', z.iso.date()],
  ['time', formats.time],
  ['duration', formats.duration],
  ['email', formats.email],
  ['idn-email', formats.email],
  ['uri', formats.uri],
  ['url', formats.uri],
  ['iri', formats.uri],
  ['uri-reference', formats.uriReference],
  ['iri-reference', formats.uriReference],
  ['hostname', formats.hostname],
  ['idn-hostname', formats.hostname],
  ['ipv4', z.ipv4()],
  ['ipv6', z.ipv6()],
  ['byte', formats.base64],
  ['base64', formats.base64],
  ['decimal', formats.decimal],
]);

const compiled = new Map<string, RegExp>();

function matches(source: string, text: string): boolean {
  const known = compiled.get(source) ?? pattern(source);
  compiled.set(source, known);
  return known.test(text);
}

function hasType(word: unknown, value: unknown): boolean {
  switch (word) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === word;
  }
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function named(value: unknown): readonly (readonly [string, unknown])[] {
  return isObject(value) ? Object.entries(value) : [];
}
