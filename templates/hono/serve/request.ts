// {{ generated_by }}
//
// Reading a request: everything the contract says about parameters and bodies, and everything that is wrong with it at once.

import type { z } from 'zod';

import { ApiError, type Violation, violation } from '../errors.js';
import type { Parameters, RequestContent, Route } from './route.js';
import {
  type Found,
  items,
  type Pairs,
  type Parameter,
  parsePairs,
  readCookie,
  readHeader,
  readPairs,
  readPath,
  scalar,
} from './wire.js';

type Place = Violation['location'];

/** Most violations that are told. */
const most = 100;

/**
 * The input of an operation's handler. `path` holds the raw texts of the path parameters.
 *
 * @throws ApiError `REQUEST_VALIDATION_FAILED` with every violation, `REQUEST_MALFORMED` for a body that is not what it says it
 * is, `REQUEST_MEDIA_TYPE_UNSUPPORTED` for one of a media type that the operation does not take.
 */
export async function readRequest(
  route: Route,
  request: Request,
  path: ReadonlyMap<string, string>,
): Promise<unknown> {
  const violations: Violation[] = [];
  const { params, query, headers, cookies, body } = route;
  const input: Record<string, unknown> = {};
  if (params !== undefined) {
    const find = (one: Parameter) => {
      const raw = path.get(one.name);
      return raw === undefined ? undefined : readPath(one, raw);
    };
    input['params'] = gather('path', params, find, violations);
  }
  if (query !== undefined) {
    const pairs = parsePairs(queryOf(request.url));
    input['query'] = gather('query', query, (one) => readPairs(one, pairs, query.parameters), violations);
  }
  if (headers !== undefined) {
    const find = (one: Parameter) => readHeader(one, headerOf(request, one.name));
    input['headers'] = gather('header', headers, find, violations);
  }
  if (cookies !== undefined) {
    const header = request.headers.get('cookie');
    input['cookies'] = gather('cookie', cookies, (one) => readCookie(one, header), violations);
  }
  if (body !== undefined) {
    const content = chooseContent(body, request, violations);
    if (content !== undefined) {
      const value = await readBody(content, request, violations);
      if (value !== undefined) {
        input['body'] = body.contents.length > 1
          ? { contentType: content.media, value }
          : value;
      } else if (body.required && violations.length === 0) {
        violations.push(violation('body', '', 'required', 'the body is missing'));
      }
    }
  }
  if (violations.length > 0) {
    throw new ApiError('REQUEST_VALIDATION_FAILED', { details: those(violations) });
  }
  return input;
}

/** Violations as details of a failure. */
function those(violations: readonly Violation[]): { readonly violations?: readonly Violation[] } {
  return violations.length === 0 ? {} : { violations: violations.slice(0, most) };
}

/** Values of the parameters of one place, checked. */
function gather(
  place: Place,
  { parameters, schema }: Parameters,
  find: (one: Parameter) => Found,
  violations: Violation[],
): unknown {
  const members: [string, unknown][] = [];
  const broken = new Set<string>();
  for (const one of parameters) {
    const found = find(one);
    if (found === undefined) continue;
    if ('value' in found) members.push([one.name, found.value]);
    else {
      broken.add(one.name);
      violations.push(violation(place, pointer([one.name]), 'type', found.broken));
    }
  }
  // What could not be read has been told; its schema would only say that it is missing.
  return check(schema, Object.fromEntries(members), place, violations, broken);
}

/** A value as its schema gives it; what does not fit is told. */
function check(
  schema: z.ZodType,
  value: unknown,
  place: Place,
  violations: Violation[],
  told: ReadonlySet<string> = new Set(),
): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { issues } = result.error;
  // A value of another type is held against nothing else, and a text that is too long against no pattern.
  const paths = (those: (issue: z.core.$ZodIssue) => boolean) =>
    new Set(issues.filter(those).map(({ path }) => pointer(path)));
  const mistyped = paths(({ code }) => code === 'invalid_type');
  const tooLong = paths((issue) => issue.code === 'too_big' && issue.origin === 'string');
  for (const issue of issues) {
    const own = pointer(issue.path);
    if (told.has(String(issue.path[0]))) continue;
    if (issue.code !== 'invalid_type' && mistyped.has(own)) continue;
    if (issue.code === 'invalid_format' && tooLong.has(own)) continue;
    tell(issue, value, place, violations);
  }
  return undefined;
}

function tell(issue: z.core.$ZodIssue, value: unknown, place: Place, violations: Violation[]): void {
  const at = (more: readonly PropertyKey[] = []) => pointer([...issue.path, ...more]);
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) {
      violations.push(violation(place, at([key]), 'additionalProperties', 'is not known'));
    }
    return;
  }
  violations.push(violation(place, at(), keyword(issue, valueAt(value, issue.path)), issue.message));
}

/** The JSON Schema keyword behind an issue. */
function keyword(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return value === undefined ? 'required' : 'type';
    case 'invalid_value':
      if (value === undefined) return 'required';
      return issue.values.length === 1 ? 'const' : 'enum';
    case 'too_small':
    case 'too_big': {
      const [least, limit] = issue.code === 'too_small' ? ['min', 'minimum'] : ['max', 'maximum'];
      if (issue.origin === 'string') return `${least}Length`;
      if (issue.origin === 'array' || issue.origin === 'set') return `${least}Items`;
      if (issue.origin === 'object' || issue.origin === 'map' || issue.origin === 'record') {
        return `${least}Properties`;
      }
      if (issue.inclusive !== false) return limit ?? 'type';
      return issue.code === 'too_small' ? 'exclusiveMinimum' : 'exclusiveMaximum';
    }
    case 'not_multiple_of':
      return 'multipleOf';
    case 'invalid_format':
      return issue.format === 'regex' ? 'pattern' : 'format';
    case 'invalid_union':
      return value === undefined ? 'required' : 'oneOf';
    case 'invalid_key':
      return 'propertyNames';
    case 'custom': {
      const named: unknown = issue.params?.['keyword'];
      if (value === undefined && named === 'type') return 'required';
      return typeof named === 'string' ? named : 'custom';
    }
    default:
      return 'type';
  }
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<PropertyKey, unknown>)[key];
  }
  return current;
}

function pointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function queryOf(url: string): string {
  const [address = ''] = url.split('#');
  const at = address.indexOf('?');
  return at < 0 ? '' : address.slice(at + 1);
}

function headerOf(request: Request, name: string): string | null {
  try {
    return request.headers.get(name);
  } catch {
    // The contract names a header that HTTP cannot carry.
    return null;
  }
}

/** Which media type the body has; `undefined`: there is no body. A body without a type is taken for the first. */
function chooseContent(
  body: NonNullable<Route['body']>,
  request: Request,
  violations: Violation[],
): RequestContent | undefined {
  const sent = request.headers.get('content-type');
  const empty = request.body === null || request.headers.get('content-length') === '0';
  const mayBeEmpty = body.contents.some(({ kind }) => kind === 'text' || kind === 'bytes' || kind === 'form');
  if (empty && !(mayBeEmpty && sent !== null)) {
    if (body.required) violations.push(violation('body', '', 'required', 'the body is missing'));
    return undefined;
  }
  const content = sent === null ? body.contents[0] : chooseMedia(sent, body.contents);
  if (content === undefined && body.contents.length > 0) {
    throw new ApiError('REQUEST_MEDIA_TYPE_UNSUPPORTED', {
      details: { allowed: body.contents.map(({ media }) => media), ...those(violations) },
    });
  }
  return content;
}

/** The best of the media types for what was sent: the same, then any JSON for JSON, then a range that covers it. */
function chooseMedia(sent: string, contents: readonly RequestContent[]): RequestContent | undefined {
  const essence = (media: string) => (media.split(';')[0] ?? '').trim().toLowerCase();
  const isJson = (media: string) =>
    media === 'application/json' || media === 'text/json' || media.endsWith('+json');
  const type = essence(sent);
  const covers = (range: string) =>
    range === '*/*' || (range.endsWith('/*') && type.startsWith(range.slice(0, -1)));
  return (
    contents.find(({ media }) => essence(media) === type)
      ?? contents.find(({ media }) => isJson(essence(media)) && isJson(type))
      ?? contents.find(({ media }) => covers(essence(media)))
  );
}

/** The body; `undefined` when there is none after all, or when it does not fit, which is told. */
async function readBody(
  content: RequestContent,
  request: Request,
  violations: Violation[],
): Promise<unknown> {
  const value = await decodeBody(content, request, violations);
  if (
    value === undefined || content.schema === undefined
    || violations.some(({ location }) => location === 'body')
  ) return value;
  return check(content.schema, value, 'body', violations);
}

async function decodeBody(
  content: RequestContent,
  request: Request,
  violations: Violation[],
): Promise<unknown> {
  const { kind, fields = [] } = content;
  switch (kind) {
    case 'json':
      try {
        const text = await readText(request, violations);
        return text === '' ? undefined : JSON.parse(text);
      } catch (cause) {
        throw cause instanceof ApiError ? cause : malformed('is not a JSON text', cause, violations);
      }
    case 'form': {
      const pairs = parsePairs(await readText(request, violations));
      return formValue(content, (field) => readPairs(field, pairs, fields), pairs, violations);
    }
    case 'multipart': {
      const form = await request.formData().catch((cause: unknown) => {
        throw malformed('is not a multipart form', cause, violations);
      });
      const parts: [string, unknown][] = [];
      form.forEach((value, name) => parts.push([name, value]));
      return formValue(content, (field) => readPart(field, parts), parts, violations);
    }
    case 'text':
    case 'events':
      return readText(request, violations);
    case 'bytes':
      return new Uint8Array(await request.arrayBuffer());
  }
}

async function readText(request: Request, violations: readonly Violation[]): Promise<string> {
  const bytes = await request.arrayBuffer();
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw malformed('is not UTF-8', cause, violations);
  }
}

/** The failure of a body that cannot be read, with what else is wrong with its request. */
function malformed(message: string, cause: unknown, violations: readonly Violation[]): ApiError {
  return new ApiError('REQUEST_MALFORMED', {
    details: those([...violations, violation('body', '', 'syntax', message)]),
    cause,
  });
}

/** The object that a form stands for: its fields, and what else it holds. */
function formValue(
  { fields = [], rest }: RequestContent,
  find: (field: Parameter) => Found,
  parts: Pairs | readonly (readonly [string, unknown])[],
  violations: Violation[],
): unknown {
  const members: [string, unknown][] = [];
  for (const field of fields) {
    const found = find(field);
    if (found === undefined) continue;
    if ('value' in found) members.push([field.name, found.value]);
    else violations.push(violation('body', pointer([field.name]), 'type', found.broken));
  }
  if (rest !== undefined) {
    const known = (name: string) =>
      fields.some((field) => field.name === name || name.startsWith(`${field.name}[`));
    for (const name of new Set(parts.map(([name]) => name))) {
      if (known(name)) continue;
      const found = find({ name, wire: rest, style: 'form', explode: true });
      if (found !== undefined && 'value' in found) members.push([name, found.value]);
    }
  }
  return Object.fromEntries(members);
}

/** A field of a multipart form. Files stay files; texts are read as the field says. */
function readPart(field: Parameter, parts: readonly (readonly [string, unknown])[]): Found {
  const values = parts.filter(([name]) => name === field.name || name === `${field.name}[]`).map((
    [, value],
  ) => value);
  const item = field.style === 'json' ? undefined : items(field.wire);
  const wire = item ?? field.wire;
  const [only, second] = values;
  if (only === undefined) return undefined;
  if (item === undefined && second !== undefined) return { broken: 'is given more than once' };
  const read: unknown[] = [];
  for (const value of values) {
    if (typeof value !== 'string') read.push(value);
    else if (wire === 'bytes') read.push(new Blob([value]));
    else if (field.style !== 'json' && (typeof wire === 'string' || 'either' in wire)) {
      read.push(scalar(wire, value));
    } else {
      try {
        const parsed: unknown = JSON.parse(value);
        // A list may come as one part that holds all of it.
        if (item !== undefined && Array.isArray(parsed)) read.push(...(parsed as unknown[]));
        else read.push(parsed);
      } catch {
        return { broken: 'is not a JSON text' };
      }
    }
  }
  return { value: item === undefined ? read[0] : read };
}
