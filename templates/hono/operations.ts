// {{ generated_by }}
//
// Every operation of the contract, and what it demands, as data.

/** Roles, lowest first. */
export const roles = {{ roles }} as const;

/** A role. */
export type Role = {{ role }};

/** Token buckets by name. */
export const rateBuckets: Readonly<Record<string, RateBucket>> = {{ rate_buckets }};

/** What a call of each class takes, and from which buckets. */
export const rateClasses: Readonly<Record<string, RateClass>> = {{ rate_classes }};

/** A token bucket. */
export interface RateBucket {
  readonly capacity: number;
  readonly refillPerMinute: number;
}

/** What one call takes. */
export interface RateClass {
  readonly tokens: number;
  readonly buckets: readonly string[];
  /** Taken again after so many seconds while the connection is open. */
  readonly everySeconds?: number;
}

/** An operation of the contract. */
export interface Operation {
  /** Its id in the contract. */
  readonly id: string;
  /** Name of its handler. */
  readonly handler: string;
  readonly method: string;
  /** Path as the contract writes it, such as `/projects/{projectId}`. */
  readonly path: string;
  readonly domain: string;
  readonly summary: string;
  /** Anyone may call it. */
  readonly public: boolean;
  /** The lowest role that may call it. `null`, and not public: any caller who is signed in. */
  readonly role: Role | null;
  /** A key of `rateClasses`. */
  readonly rateClass: string | null;
  /** Takes an `Idempotency-Key`. */
  readonly idempotent: boolean;
  /** Requirement ids. */
  readonly requirements: readonly string[];
  /** Codes of the catalog that it may answer with. */
  readonly errors: readonly string[];
  /** Ways to sign in: one of the alternatives, all schemes of it, each with its scopes. */
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
}

/** The table, by handler. */
export const operations = {
{{ rows }}
} as const satisfies Readonly<Record<string, Operation>>;

/** Name of a handler. */
export type OperationHandler = keyof typeof operations;
