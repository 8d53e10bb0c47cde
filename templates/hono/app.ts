// {{ generated_by }}
//
// The app: every operation of the contract behind Hono, with whatever handlers there are.

import { type Env, Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';

import { ApiError, failureResponse, type RequestIds, requestIds } from './errors.js';
{{ imports }}
import { type PlainAnswer, toResponse } from './serve/answer.js';
import { readRequest } from './serve/request.js';
import { type Answer, type Call, matchPath, type Route } from './serve/route.js';

/** A handler for each operation. */
export interface Handlers<E extends Env = Env> extends{{ interfaces }} {}

/** Where an app may look on. */
export interface Hooks<E extends Env = Env> {
  /** In front of every path, such as `/v1`. */
  readonly basePath?: string;
  /**
   * Sees a call before its request is read, with what the contract demands of the caller (`call.operation.role`, `.public`,
   * `.rateClass`). Throw an `ApiError` to refuse it, or give back a response to answer in the handler's place.
   */
  before?(call: Call<E>): Response | void | Promise<Response | void>;
  /** Sees every answer to a call; may give back another one. */
  after?(call: Call<E>, response: Response): Response | void | Promise<Response | void>;
  /** Is told of every failure. `error.options.cause` is what was thrown, when it was not an `ApiError`. */
  failed?(error: ApiError, call: Call<E> | undefined): void;
}

type Handler<E extends Env> = (input: unknown, call: Call<E>) => Answer<PlainAnswer>;

/** Routes by Hono's pattern; patterns with fixed text before those with a parameter in the same place. */
const routesByPattern: Readonly<Record<string, readonly Route[]>> = {
{{ rows }}
};

/** The app. Operations without a handler answer 501. */
export function createApp<E extends Env = Env>(
  handlers: Partial<Handlers<E>>,
  hooks: Hooks<E> = {},
): Hono<E> {
  const byName = new Map(Object.entries(handlers) as [string, Handler<E> | undefined][]);
  const root = new Hono<E>();
  const app = hooks.basePath === undefined ? root : (root.basePath(hooks.basePath) as unknown as Hono<E>);
  /** Methods that a path takes, for requests whose method it does not take. */
  const allowed = new WeakMap<Request, Set<string>>();

  for (const [pattern, routes] of Object.entries(routesByPattern)) {
    app.all(pattern, async (context, next) => {
      const path = new URL(context.req.url).pathname.split('/').slice(1);
      const fitting = routes.flatMap((route) => {
        const found = matchPath(route, path);
        return found === undefined ? [] : [{ route, found }];
      });
      const of = (method: string) => fitting.find(({ route }) => route.operation.method === method);
      // Whoever serves GET serves HEAD.
      const chosen = of(context.req.method) ?? (context.req.method === 'HEAD' ? of('GET') : undefined);
      if (chosen === undefined) {
        const methods = allowed.get(context.req.raw) ?? new Set<string>();
        for (const { route } of fitting) methods.add(route.operation.method);
        allowed.set(context.req.raw, methods);
        return next();
      }
      const { operation } = chosen.route;
      const call: Call<E> = { operation, context, ...requestIds(context.req.raw) };
      return serve(chosen.route, call, chosen.found);
    });
  }

  async function serve(route: Route, call: Call<E>, path: ReadonlyMap<string, string>): Promise<Response> {
    const { context, operation } = call;
    let response: Response;
    try {
      const failedLater = (error: unknown) => hooks.failed?.(failureOf(error), call);
      response = (await hooks.before?.(call))
        ?? (await answer(route, call, path, byName.get(operation.handler), failedLater));
      response = (await hooks.after?.(call, response)) ?? response;
    } catch (thrown) {
      response = failed(thrown, call, call);
    }
    return named(context.req.method === 'HEAD' ? new Response(null, response) : response, call);
  }

  function failed(thrown: unknown, ids: RequestIds, call?: Call<E>): Response {
    // What middleware of Hono's own refuses, it answers itself.
    if (thrown instanceof HTTPException) return thrown.getResponse();
    const error = failureOf(thrown);
    hooks.failed?.(error, call);
    return failureResponse(error, ids);
  }

  app.notFound((context) => {
    const methods = [...(allowed.get(context.req.raw) ?? [])];
    if (methods.includes('GET') && !methods.includes('HEAD')) methods.push('HEAD');
    if (methods.length > 0 && !methods.includes('OPTIONS')) methods.push('OPTIONS');
    const ids = requestIds(context.req.raw);
    if (methods.length > 0 && context.req.method === 'OPTIONS') {
      return named(new Response(null, { status: 204, headers: { allow: methods.join(', ') } }), ids);
    }
    const error = methods.length === 0
      ? new ApiError('REQUEST_ROUTE_UNKNOWN')
      : new ApiError('REQUEST_METHOD_NOT_ALLOWED', {
        headers: { allow: methods.join(', ') },
        details: { allowed: methods },
      });
    return failed(error, ids);
  });
  // What middleware throws comes here; what handlers throw was answered above.
  app.onError((thrown, context) => failed(thrown, requestIds(context.req.raw)));
  return app;
}

async function answer<E extends Env>(
  route: Route,
  call: Call<E>,
  path: ReadonlyMap<string, string>,
  handler: Handler<E> | undefined,
  onStreamError: (error: unknown) => void,
): Promise<Response> {
  const input = await readRequest(route, call.context.req.raw, path);
  if (handler === undefined) throw notImplemented(call);
  const given = await handler(input, call);
  return given instanceof Response ? given : toResponse(route, given, onStreamError);
}

/** For operations that nobody has written yet: `throw notImplemented(call)`. */
export function notImplemented<E extends Env>(call: Call<E>): ApiError {
  return new ApiError('REQUEST_NOT_IMPLEMENTED', { context: { operationId: call.operation.id } });
}

function failureOf(thrown: unknown): ApiError {
  return thrown instanceof ApiError ? thrown : new ApiError('SERVER_INTERNAL', { cause: thrown });
}

/** The response with the request's name. One that switches protocols stays as it is. */
function named(response: Response, { requestId }: RequestIds): Response {
  if (response.status === 101 || response.headers.has('x-request-id')) return response;
  const headers = new Headers(response.headers);
  headers.set('x-request-id', requestId);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
