// {{ generated_by }}
//
// From what a handler gives back to a response.

import type { ResponseContent, Route } from './route.js';

/** One event of an event stream. */
export interface ServerSentEvent<T> {
  readonly data: T;
  readonly event?: string | undefined;
  readonly id?: string | undefined;
  /** Milliseconds that the client shall wait before it connects again. */
  readonly retry?: number | undefined;
}

/** A body of bytes, at once or as a stream. */
export type Bytes = Uint8Array | ArrayBuffer | Blob | ReadableStream<Uint8Array>;

/** Headers that the contract does not name. */
type AnyHeaders = Readonly<Record<string, string>>;

/** An answer with a body. */
export interface Reply<S extends number, B, H = AnyHeaders> {
  readonly status: S;
  readonly headers?: H | undefined;
  readonly body: B;
}

/** An answer with a body and headers that must be there. */
export interface HeadedReply<S extends number, B, H> {
  readonly status: S;
  readonly headers: H;
  readonly body: B;
}

/** An answer without a body. */
export interface EmptyReply<S extends number, H = AnyHeaders> {
  readonly status: S;
  readonly headers?: H | undefined;
  readonly body?: undefined;
}

/** An answer without a body, with headers that must be there. */
export interface EmptyHeadedReply<S extends number, H> {
  readonly status: S;
  readonly headers: H;
  readonly body?: undefined;
}

/** What handlers give back, whatever the operation. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, unknown>> | undefined;
  readonly contentType?: string | undefined;
  readonly body?: unknown;
}

/** The response of an answer. Its media type is the one it names, else the first that the contract has for its status. */
export function toResponse(
  route: Route,
  answer: PlainAnswer,
  onStreamError: (error: unknown) => void,
): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers ?? {})) {
    if (value !== undefined && value !== null) headers.set(name, headerText(value));
  }
  const contents = contentsOf(route, answer.status);
  const content = contents.find(({ media }) => media === answer.contentType) ?? contents[0];
  const empty = answer.body === undefined || [101, 204, 205, 304].includes(answer.status);
  if (empty || content === undefined) return new Response(null, { status: answer.status, headers });
  const body = encode(content, answer.body, onStreamError);
  // The boundary of a multipart body is known to its maker only.
  const media = answer.contentType
    ?? (content.media.includes('*') ? 'application/octet-stream' : content.media);
  if (!(body instanceof FormData) && !headers.has('content-type')) headers.set('content-type', media);
  if (content.kind === 'events' && !headers.has('cache-control')) headers.set('cache-control', 'no-cache');
  return new Response(body, { status: answer.status, headers });
}

function contentsOf({ responses }: Route, status: number): readonly ResponseContent[] {
  const range = `${Math.floor(status / 100)}XX`;
  const shape = responses.find((one) => one.status === status)
    ?? responses.find((one) => one.status === range)
    ?? responses.find((one) => one.status === 'default');
  return shape?.contents ?? [];
}

function encode({ kind }: ResponseContent, body: unknown, onStreamError: (error: unknown) => void): BodyInit {
  switch (kind) {
    case 'json':
      return JSON.stringify(body);
    case 'events':
      return eventStream(body as AsyncIterable<ServerSentEvent<unknown>>, onStreamError);
    case 'form':
      return formText(body);
    case 'multipart':
      return body instanceof FormData ? body : formData(body);
    case 'text':
      return typeof body === 'object' ? JSON.stringify(body) : String(body);
    case 'bytes':
      return typeof body === 'string' || isBytes(body) ? (body as BodyInit) : JSON.stringify(body);
  }
}

function isBytes(body: unknown): boolean {
  return (
    body instanceof ReadableStream || body instanceof ArrayBuffer || ArrayBuffer.isView(body)
    || body instanceof Blob
  );
}

/** Lists and objects in headers stand in style `simple`. */
function headerText(value: unknown): string {
  const one = (item: unknown) => (typeof item === 'object' ? JSON.stringify(item) : String(item));
  if (Array.isArray(value)) return value.map(one).join(',');
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).map(([name, item]) => `${name},${one(item)}`).join(',');
  }
  return one(value);
}

function formEntries(body: unknown): [string, unknown][] {
  if (typeof body !== 'object' || body === null) return [];
  return Object.entries(body).flatMap(([name, value]: [string, unknown]): [string, unknown][] =>
    Array.isArray(value)
      ? value.map((item): [string, unknown] => [name, item])
      : value === undefined
      ? []
      : [[name, value]]
  );
}

function formText(body: unknown): string {
  const text = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
  return new URLSearchParams(formEntries(body).map(([name, value]) => [name, text(value)])).toString();
}

function formData(body: unknown): FormData {
  const form = new FormData();
  for (const [name, value] of formEntries(body)) {
    if (value instanceof Blob) form.append(name, value);
    else form.append(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  return form;
}

/** Events as text. The next one is asked for when the client has taken the one before. */
function eventStream(
  events: AsyncIterable<ServerSentEvent<unknown>>,
  onStreamError: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  const iterator = events[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const next = await iterator.next();
        if (next.done === true) controller.close();
        else controller.enqueue(encoder.encode(eventText(next.value)));
      } catch (error) {
        onStreamError(error);
        controller.error(error);
      }
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}

function eventText({ data, event, id, retry }: ServerSentEvent<unknown>): string {
  const line = (text: string) => text.replace(/[\r\n\0]/g, ' ');
  let text = '';
  if (event !== undefined) text += `event: ${line(event)}\n`;
  if (id !== undefined) text += `id: ${line(id)}\n`;
  if (retry !== undefined) text += `retry: ${Math.round(retry)}\n`;
  const payload = typeof data === 'string' ? data : (JSON.stringify(data) ?? '');
  for (const one of payload.split(/\r\n|\r|\n/)) text += `data: ${one}\n`;
  return `${text}\n`;
}
