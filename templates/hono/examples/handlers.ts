// {{ generated_by }}
//
// A handler for every operation that answers with the contract's own examples: a service to build against before it exists.

import type { Env } from 'hono';

import type { Handlers } from '../app.js';
import { ApiError } from '../errors.js';
import type { PlainAnswer, ServerSentEvent } from '../serve/answer.js';
import type { Call } from '../serve/route.js';

interface ExampleAnswer extends PlainAnswer {
  /** In place of a body: the events of a stream. */
  readonly events?: readonly ServerSentEvent<unknown>[];
}

/** The answer of each operation, by handler. */
export const exampleAnswers: Readonly<Record<string, ExampleAnswer>> = {
{{ rows }}
};

/** The handlers. Requests are read and checked before they are called. */
export function exampleHandlers<E extends Env = Env>(): Handlers<E> {
  const handlers = Object.entries(exampleAnswers).map(([name, example]) => [
    name,
    (_input: unknown, call: Call<E>) => answer(example, call),
  ]);
  return Object.fromEntries(handlers) as unknown as Handlers<E>;
}

function answer<E extends Env>(example: ExampleAnswer, call: Call<E>): PlainAnswer | Response {
  if (example.status === 101) return upgrade(call.context.req.raw);
  return example.events === undefined ? example : { ...example, body: stream(example.events) };
}

async function* stream(
  events: readonly ServerSentEvent<unknown>[],
): AsyncGenerator<ServerSentEvent<unknown>> {
  yield* events;
}

/** Takes a WebSocket where the runtime has them, and says goodbye. */
function upgrade(request: Request): Response {
  const Pair =
    (globalThis as { WebSocketPair?: new() => Readonly<Record<'0' | '1', unknown>> }).WebSocketPair;
  if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket' || Pair === undefined) {
    throw new ApiError('REQUEST_UPGRADE_REQUIRED', { headers: { upgrade: 'websocket' } });
  }
  const pair = new Pair();
  const server = pair[1] as { accept(): void; close(code: number, reason: string): void };
  server.accept();
  server.close(1000, 'this service has examples only');
  return new Response(null, { status: 101, webSocket: pair[0] } as ResponseInit);
}
