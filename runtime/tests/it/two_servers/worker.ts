// The generated Hono app with what a team puts in front of it: who calls, how often, and how much they may send. What each
// operation demands comes from the generated table; whom it believes and how large a body may be, from the bindings.

import {
  ApiError,
  type Call,
  createApp,
  type ErrorCode,
  rateBuckets,
  rateClasses,
} from '../../../../generated/ts/src/hono/index.js';

interface Environment {
  Bindings: { TOKEN: string; MAX_BODY: number; LIMITED: boolean };
}

const refusals: Readonly<Record<string, ErrorCode>> = {
  user: 'RATE_LIMIT_USER',
  project: 'RATE_LIMIT_PROJECT',
  address: 'RATE_LIMIT_ADDRESS',
  visitor: 'RATE_LIMIT_ADDRESS',
  global: 'RATE_LIMIT_GLOBAL',
};

/** What is left of each bucket. One caller and one project call this app. */
const left = new Map<string, number>();

/** Takes the tokens of a class from all of its buckets, or refuses. */
function take(name: string): void {
  const { tokens, buckets } = rateClasses[name]!;
  const levels = buckets.map((bucket) => [bucket, left.get(bucket) ?? rateBuckets[bucket]!.capacity] as const);
  const short = levels.find(([, level]) => level < tokens);
  if (short === undefined) {
    for (const [bucket, level] of levels) left.set(bucket, level - tokens);
    return;
  }
  const [bucket, level] = short;
  const headers: Record<string, string> = {
    'retry-after': String(Math.ceil(((tokens - level) * 60) / rateBuckets[bucket]!.refillPerMinute)),
  };
  for (const one of ['user', 'project']) {
    const { capacity } = rateBuckets[one]!;
    headers[`x-ratelimit-limit-${one}`] = String(capacity);
    headers[`x-ratelimit-remaining-${one}`] = String(left.get(one) ?? capacity);
  }
  throw new ApiError(refusals[bucket]!, { headers });
}

function before({ operation, context }: Call<Environment>): void {
  const { TOKEN, MAX_BODY, LIMITED } = context.env;
  if (!operation.public) {
    const token = /^bearer +(\S+)$/i.exec(context.req.header('authorization') ?? '')?.[1];
    const challenge = token === undefined ? 'Bearer' : 'Bearer error="invalid_token"';
    if (token !== TOKEN) {
      throw new ApiError(token === undefined ? 'AUTH_TOKEN_MISSING' : 'AUTH_TOKEN_INVALID', {
        headers: { 'www-authenticate': challenge },
      });
    }
  }
  if (LIMITED && operation.rateClass !== null) take(operation.rateClass);
  if (Number(context.req.header('content-length') ?? 0) > MAX_BODY) {
    throw new ApiError('REQUEST_PAYLOAD_TOO_LARGE', { details: { limitBytes: MAX_BODY } });
  }
}

export default createApp<Environment>({}, { before });
