// {{ generated_by }}
//
// What the app knows about an operation to serve it, and which operation a path belongs to. Hono is told one pattern a shape of
// paths; what it cannot say (`/{name}.json`, `/{id}:close`) is decided here, segment by segment.

import type { Context, Env } from 'hono';
import type { z } from 'zod';

import type { Operation } from '../operations.js';
import { decode, type Parameter, type Style, type Wire } from './wire.js';

/** A piece of a path segment: fixed text, or the parameter of a name. */
export type PathPart = string | { readonly name: string };

/** Parameters of one place, and the schema of them all together. */
export interface Parameters {
  readonly parameters: readonly Parameter[];
  readonly schema: z.ZodType;
}

/** How a body of one media type is handled. */
export type BodyKind = 'json' | 'form' | 'multipart' | 'events' | 'text' | 'bytes';

/** A media type that an operation takes. */
export interface RequestContent {
  readonly media: string;
  readonly kind: BodyKind;
  readonly schema?: z.ZodType;
  /** Fields of a form. */
  readonly fields?: readonly Parameter[];
  /** How fields of a form are written that are not named. */
  readonly rest?: Wire;
}

/** A media type that an operation answers with. */
export interface ResponseContent {
  readonly media: string;
  readonly kind: BodyKind;
}

/** What an operation answers with a status; `4XX` and `default` stand for the others. */
export interface ResponseShape {
  readonly status: number | `${number}XX` | 'default';
  readonly contents: readonly ResponseContent[];
}

/** An operation as the app serves it. */
export interface Route {
  readonly operation: Operation;
  /** Hono's pattern for its path. Several operations may have the same. */
  readonly pattern: string;
  /** The path between its slashes. */
  readonly segments: readonly (readonly PathPart[])[];
  readonly params?: Parameters;
  readonly query?: Parameters;
  readonly headers?: Parameters;
  readonly cookies?: Parameters;
  readonly body?: { readonly required: boolean; readonly contents: readonly RequestContent[] };
  /** With several media types a handler is told which one was sent. */
  readonly responses: readonly ResponseShape[];
}

/** One call of an operation: what hooks and handlers are told beside the input. */
export interface Call<E extends Env = Env> {
  readonly operation: Operation;
  /** Hono's context: bindings, variables, the raw request. */
  readonly context: Context<E>;
  /** Names this request in logs and failures. */
  readonly requestId: string;
  /** Names the trace that it belongs to. */
  readonly traceId: string;
}

/** What a handler may give back: the answer, or a whole response of its own. */
export type Answer<T> = T | Response | Promise<T | Response>;

/** A parameter with its style. */
export function parameter(name: string, wire: Wire, style: Style, explode: boolean): Parameter {
  return { name, wire, style, explode };
}

/** The raw texts of the path parameters, or `undefined` when the path is another. A prefix before the route is passed over. */
export function matchPath(route: Route, path: readonly string[]): Map<string, string> | undefined {
  const found = new Map<string, string>();
  const from = path.length - route.segments.length;
  if (from < 0) return undefined;
  for (const [at, parts] of route.segments.entries()) {
    if (!matchSegment(parts, path[from + at] ?? '', found)) return undefined;
  }
  return found;
}

/**
 * Takes a segment apart. Parts are found from the right, so that `{name}.{kind}` takes the last dot. Parameters are never empty.
 */
function matchSegment(parts: readonly PathPart[], segment: string, found: Map<string, string>): boolean {
  const [first, second] = parts;
  if (first === undefined) return segment === '';
  if (second === undefined && typeof first === 'string') {
    return segment === first || decode(segment, false) === decode(first, false);
  }
  let rest = segment;
  for (let at = parts.length - 1; at >= 0; at -= 1) {
    const part = parts[at];
    if (part === undefined) return false;
    if (typeof part === 'string') {
      if (!rest.endsWith(part)) return false;
      rest = rest.slice(0, rest.length - part.length);
      continue;
    }
    const before = parts[at - 1];
    let start = 0;
    if (typeof before === 'string') {
      start = at === 1
        ? before.length
        : rest.lastIndexOf(before, rest.length - before.length - 1) + before.length;
      if (at > 1 && start < before.length) return false;
    } else if (before !== undefined) start = rest.length - 1;
    if (start < 0 || start >= rest.length) return false;
    found.set(part.name, rest.slice(start));
    rest = rest.slice(0, start);
  }
  return rest === '';
}
