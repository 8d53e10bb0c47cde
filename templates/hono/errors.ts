// {{ generated_by }}
//
// The error catalog, and the body of every failure.

/** How bad a failure is. */
export type Severity = 'info' | 'warn' | 'error' | 'critical';

/** Whether a client may repeat the call by itself. */
export type RetryPolicy = 'none' | 'safe' | 'idempotent';

/** What the catalog says about a code. */
export interface CatalogEntry {
  readonly severity: Severity;
  readonly retryPolicy: RetryPolicy;
  readonly status: number;
  readonly message: string;
  readonly hint?: string;
}

/** Every code, those that the contract leaves to the app at its end. */
export const catalog = {{ catalog }} as const satisfies Readonly<Record<string, CatalogEntry>>;

/** A code of the catalog. */
export type ErrorCode = keyof typeof catalog;

/** One thing about a request that the contract does not allow. */
export interface Violation {
  readonly location: 'path' | 'query' | 'header' | 'cookie' | 'body';
  /** JSON pointer: into the body, or a slash and the name of the parameter, and further into its value. */
  readonly pointer: string;
  /** The keyword that is not kept, such as `required`, `type` or `minLength`. */
  readonly {{ violation_word }}: string;
  readonly message: string;
}

/** One thing that is wrong with a request. */
export function violation(
  location: Violation['location'],
  pointer: string,
  keyword: string,
  message: string,
): Violation {
  return { location, pointer, {{ violation_word }}: keyword, message };
}

/** What a failure says beyond its catalog entry. */
export interface FailureOptions {
  /** In other words than the catalog. */
  readonly message?: string;
  readonly hint?: string;
  /** More about it, by the schema of the code. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Facts that help to find the cause. Callers see them: never a secret. */
  readonly context?: Readonly<Record<string, string>>;
  /** Codes that lie behind it, outermost first. */
  readonly causeChain?: readonly ErrorCode[];
  /** Headers of the answer, such as `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The error behind it. For the log; callers never see it. */
  readonly cause?: unknown;
}

/** A failure of an operation. Handlers throw it; the app answers with the catalog's status and the envelope. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly options: FailureOptions;

  constructor(code: ErrorCode, options: FailureOptions = {}) {
    super(options.message ?? catalog[code].message, { cause: options.cause });
    this.name = 'ApiError';
    this.code = code;
    this.options = options;
  }

  /** Its status. */
  get status(): number {
    return catalog[this.code].status;
  }

  /** What the catalog says about its code. */
  get entry(): CatalogEntry {
    return catalog[this.code];
  }
}

/** Names of the request that failed. */
export interface RequestIds {
  readonly requestId: string;
  readonly traceId: string;
}

/** The body that tells callers of a failure, in the form that the contract gives it. */
export function envelope(error: ApiError, ids: RequestIds): Record<string, unknown> {
  const { options, entry } = error;
  const failure = {
    code: error.code,
    message: error.message,
    severity: entry.severity,
    retryPolicy: entry.retryPolicy,
    status: entry.status,
    hint: options.hint ?? entry.hint,
    details: options.details,
    context: options.context ?? {},
    causeChain: options.causeChain ?? [],
    requestId: ids.requestId,
    traceId: ids.traceId,
    timestamp: new Date().toISOString(),
  };
  return {{ envelope }};
}

/** The answer to a request that failed. */
export function failureResponse(error: ApiError, ids: RequestIds): Response {
  const headers = new Headers(error.options.headers);
  headers.set('content-type', 'application/json');
  headers.set('x-request-id', ids.requestId);
  return new Response(JSON.stringify(envelope(error, ids)), { status: error.status, headers });
}

/** Names of a request: the caller's, when they are harmless, else new ones. */
export function requestIds(request: Request): RequestIds {
  const sent = request.headers.get('x-request-id');
  const trace = /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(request.headers.get('traceparent') ?? '')?.[1];
  return {
    requestId: sent !== null && {{ request_id_pattern }}.test(sent)
      ? sent
      : crypto.randomUUID(),
    traceId: trace !== undefined && !/^0+$/.test(trace) ? trace : crypto.randomUUID().replaceAll('-', ''),
  };
}
