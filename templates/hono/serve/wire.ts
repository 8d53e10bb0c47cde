// {{ generated_by }}
//
// From texts to values: how parameters and fields of forms are written on the wire. Whether a value fits its schema is decided
// elsewhere; a text that fits nothing stays a string, so that the schema can tell what is wrong.

/** What a text may stand for. */
export type Wire =
  | 'text'
  | 'number'
  | 'boolean'
  | 'null'
  | 'bytes'
  | 'any'
  | { readonly list: Wire }
  | { readonly members: readonly (readonly [name: string, wire: Wire])[]; readonly rest?: Wire }
  | { readonly either: readonly Wire[] };

/** How lists and objects are written. */
export type Style = 'simple' | 'label' | 'matrix' | 'form' | 'space' | 'pipe' | 'deep' | 'json';

/** A parameter, or a field of a form. */
export interface Parameter {
  /** Its name on the wire. */
  readonly name: string;
  readonly wire: Wire;
  readonly style: Style;
  /** Whether lists and objects repeat the name. */
  readonly explode: boolean;
}

/** What was found where a parameter may stand; `undefined`: nothing. */
export type Found = { readonly value: unknown } | { readonly broken: string } | undefined;

/** Names, decoded, and values, as they were sent: an encoded comma can still be told from one that parts items. */
export type Pairs = readonly (readonly [name: string, raw: string])[];

const notUtf8 = { broken: 'is not UTF-8' };
const notJson = { broken: 'is not a JSON text' };
const repeated = { broken: 'is given more than once' };

/** Takes `a=1&b=2` apart. */
export function parsePairs(text: string): Pairs {
  const pairs: [string, string][] = [];
  for (const piece of text.split('&')) {
    if (piece === '') continue;
    const [name, raw] = halves(piece, '=');
    const decoded = decode(name, true);
    if (decoded !== undefined) pairs.push([decoded, raw]);
  }
  return pairs;
}

/** Percent-decoding; `undefined` when the bytes are not UTF-8. */
export function decode(text: string, plus: boolean): string | undefined {
  const spaced = plus ? text.replaceAll('+', ' ') : text;
  if (!spaced.includes('%')) return spaced;
  try {
    // A percent sign without two digits stands for itself.
    return decodeURIComponent(spaced.replace(/%(?![0-9A-Fa-f]{2})/g, '%25'));
  } catch {
    return undefined;
  }
}

/** Reads a path parameter out of the raw text in its place. */
export function readPath(parameter: Parameter, raw: string): Found {
  const { name, wire, style, explode } = parameter;
  const object = isObject(wire);
  const compound = object || items(wire) !== undefined;
  const parted = (text: string, sign: string) => (compound ? text.split(sign) : [text]);
  switch (style) {
    case 'json':
      return json(decode(raw, false));
    case 'label':
      if (!raw.startsWith('.')) return { broken: 'does not begin with a dot' };
      return compose(wire, parted(raw.slice(1), explode ? '.' : ','), explode && object, false);
    case 'matrix': {
      if (!raw.startsWith(';')) return { broken: 'does not begin with a semicolon' };
      if (explode && object) return compose(wire, raw.slice(1).split(';'), true, false);
      let values: string[] = [];
      for (const piece of raw.slice(1).split(';')) {
        const [key, value] = halves(piece, '=');
        if (key !== name) return { broken: 'does not name its parameter' };
        values.push(value);
      }
      if (values.length === 1 && compound && !explode) values = values.flatMap((value) => value.split(','));
      return compose(wire, values, false, false);
    }
    default:
      return compose(wire, parted(raw, ','), explode && object, false);
  }
}

/** Reads a query parameter or a field of a form. `others` stand beside it: their names are not members of a spread object. */
export function readPairs(parameter: Parameter, pairs: Pairs, others: readonly Parameter[]): Found {
  const { name, wire, style, explode } = parameter;
  const values = pairs.filter(([key]) => key === name).map(([, raw]) => raw);
  if (style === 'json') {
    const [only, second] = values;
    if (only === undefined) return undefined;
    return second === undefined ? json(decode(only, true)) : repeated;
  }
  if (style === 'deep') return readDeep(parameter, pairs);
  const object = isObject(wire);
  if (explode && object) {
    const spread = readSpread(parameter, pairs, others);
    if (spread !== undefined || values.length === 0) return spread ?? readDeep(parameter, pairs);
  }
  const [only] = values;
  if (only === undefined) return undefined;
  if (values.length === 1 && !explode && (object || items(wire) !== undefined)) {
    return compose(wire, only.split(separators[style] ?? ','), false, true);
  }
  return compose(wire, values, false, true);
}

const separators: { readonly [style in Style]?: RegExp } = { space: /%20|\+| /, pipe: /\||%7c/i };

/** Reads a header; lines of one name have been joined with commas already. */
export function readHeader(parameter: Parameter, line: string | null): Found {
  if (line === null) return undefined;
  const { wire, style, explode } = parameter;
  if (style === 'json') return json(line);
  const object = isObject(wire);
  // Headers know no percent-encoding: the signs that would be decoded are protected first.
  const text = line.trim().replaceAll('%', '%25');
  if (!object && items(wire) === undefined) return compose(wire, [text], false, false);
  return compose(wire, text.split(',').map((piece) => piece.trim()), explode && object, false);
}

/** Reads a cookie out of the `Cookie` header. */
export function readCookie(parameter: Parameter, header: string | null): Found {
  const { name, wire, style } = parameter;
  const values = (header ?? '')
    .split(';')
    .map((cookie) => halves(cookie.trim(), '='))
    .filter(([key]) => key === name)
    .map(([, value]) => value);
  const [only, second] = values;
  if (only === undefined) return undefined;
  if (style === 'json') return second === undefined ? json(decode(only, false)) : repeated;
  const compound = isObject(wire) || items(wire) !== undefined;
  return compose(wire, second === undefined && compound ? only.split(',') : values, false, false);
}

/** The value that a text stands for: `12` is a number where a number may stand. */
export function scalar(wire: Wire, text: string): unknown {
  const value = attempt(wire, text);
  return value === undefined ? text : value;
}

/** The wire of the items, where a list may stand. */
export function items(wire: Wire): Wire | undefined {
  if (wire === 'any') return 'any';
  if (typeof wire === 'string') return undefined;
  if ('list' in wire) return wire.list;
  return 'either' in wire ? wire.either.map(items).find((item) => item !== undefined) : undefined;
}

function attempt(wire: Wire, text: string): unknown {
  switch (wire) {
    case 'text':
    case 'any':
    case 'bytes':
      return text;
    case 'number': {
      const value = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
      return Number.isFinite(value) ? value : undefined;
    }
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'null':
      return text === '' || text === 'null' ? null : undefined;
  }
  if ('either' in wire) {
    const isText = (one: Wire) => one === 'text' || one === 'any' || one === 'bytes';
    const hasText = wire.either.some(isText);
    // What says more goes first; where any text may stand, none of them means null.
    const narrow = wire.either.filter((one) => !isText(one) && !(hasText && one === 'null'));
    for (const one of [...narrow, ...wire.either.filter(isText)]) {
      const value = attempt(one, text);
      if (value !== undefined) return value;
    }
    return undefined;
  }
  const found = json(text);
  return found !== undefined && 'value' in found ? found.value : undefined;
}

/** A value out of texts that were parted already. They are `name=value` when `keyed`, else they follow each other. */
function compose(wire: Wire, pieces: readonly string[], keyed: boolean, plus: boolean): Found {
  if (isObject(wire) && (keyed || pieces.length > 1 || !isScalar(wire))) {
    const members: [string, unknown][] = [];
    for (let at = 0; at < pieces.length; at += keyed ? 1 : 2) {
      const piece = pieces[at] ?? '';
      const [rawName, rawText] = keyed ? halves(piece, '=') : [piece, pieces[at + 1]];
      if (rawText === undefined) return { broken: 'has a name without a value' };
      const name = decode(rawName, plus);
      const text = decode(rawText, plus);
      if (name === undefined || text === undefined) return notUtf8;
      members.push([name, scalar(member(wire, name) ?? 'text', text)]);
    }
    return { value: Object.fromEntries(members) };
  }
  const texts = pieces.map((piece) => decode(piece, plus));
  if (!texts.every((text) => text !== undefined)) return notUtf8;
  const item = items(wire);
  const [only] = texts;
  if (item !== undefined && (texts.length !== 1 || !isScalar(wire))) {
    const none = texts.length === 1 && only === '';
    return { value: none ? [] : texts.map((text) => scalar(item, text)) };
  }
  return texts.length === 1 && only !== undefined ? { value: scalar(wire, only) } : repeated;
}

/** An object whose members stand as parameters of their own. */
function readSpread({ name, wire }: Parameter, pairs: Pairs, others: readonly Parameter[]): Found {
  const object = new Map<string, unknown>();
  for (const [key, raw] of pairs) {
    const claimed = others.some((other) => other.name === key || key.startsWith(`${other.name}[`));
    const of = member(wire, key);
    if (claimed || key === name || of === undefined) continue;
    const text = decode(raw, true);
    if (text === undefined) return notUtf8;
    insert(object, key, of, text);
  }
  return object.size === 0 ? undefined : { value: Object.fromEntries(object) };
}

/** Puts a text under a name; a list where a list may stand. */
function insert(object: Map<string, unknown>, key: string, wire: Wire, text: string): void {
  const item = items(wire);
  const before = object.get(key);
  if (item !== undefined && Array.isArray(before)) before.push(scalar(item, text));
  else if (item !== undefined && !isScalar(wire)) object.set(key, [scalar(item, text)]);
  else object.set(key, scalar(wire, text));
}

/** `name[a]=1&name[b][c]=2`. */
function readDeep({ name, wire }: Parameter, pairs: Pairs): Found {
  const object = new Map<string, unknown>();
  for (const [key, raw] of pairs) {
    if (!key.startsWith(`${name}[`) || !key.endsWith(']')) continue;
    const path = key.slice(name.length + 1, -1).split('][');
    const text = decode(raw, true);
    if (text === undefined) return notUtf8;
    if (!place(object, wire, path, text)) return { broken: 'has members that contradict each other' };
  }
  return object.size === 0 ? undefined : { value: plain(object) };
}

function place(object: Map<string, unknown>, wire: Wire, path: readonly string[], text: string): boolean {
  const [name, ...rest] = path;
  if (name === undefined) return false;
  const of = member(wire, name) ?? 'text';
  // `a[]=1` and `a[0]=1` are items of a list where a list may stand.
  if (items(of) !== undefined && (rest.length === 0 || (rest.length === 1 && !isObject(of)))) {
    insert(object, name, of, text);
    return true;
  }
  if (rest.length === 0) {
    if (object.has(name)) return false;
    object.set(name, scalar(of, text));
    return true;
  }
  const inner = object.get(name) ?? new Map<string, unknown>();
  object.set(name, inner);
  return inner instanceof Map && place(inner, of, rest, text);
}

function plain(value: unknown): unknown {
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...value].map(([name, inner]) => [String(name), plain(inner)]));
}

/** The wire of a member, where an object may stand; `undefined`: there is none of that name. */
function member(wire: Wire, name: string): Wire | undefined {
  if (wire === 'any') return 'any';
  if (typeof wire === 'string') return undefined;
  if ('members' in wire) return wire.members.find(([known]) => known === name)?.[1] ?? wire.rest;
  if ('either' in wire) {
    return wire.either.map((one) => member(one, name)).find((found) => found !== undefined);
  }
  return undefined;
}

function isObject(wire: Wire): boolean {
  return typeof wire === 'object' && ('members' in wire || ('either' in wire && wire.either.some(isObject)));
}

/** Whether a single text may be the whole value. */
function isScalar(wire: Wire): boolean {
  return typeof wire === 'string' || ('either' in wire && wire.either.some(isScalar));
}

function json(text: string | undefined): Found {
  if (text === undefined) return notUtf8;
  try {
    return { value: JSON.parse(text) };
  } catch {
    return notJson;
  }
}

function halves(text: string, sign: string): [string, string] {
  const at = text.indexOf(sign);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + sign.length)];
}
