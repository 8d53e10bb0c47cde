import { z } from 'zod';

// Rules of JSON Schema that Zod has no word for. Their issues have the code `custom` and carry the keyword in `params.keyword`.

type Payload<T> = z.core.ParsePayload<T>;

function tell(payload: Payload<unknown>, keyword: string, message: string): void {
  payload.issues.push({ code: 'custom', input: payload.value, message, params: { keyword } });
}

/** Whether two JSON values are equal: the order of members does not count. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length
      && a.every((item, at) => equal(item, b[at]));
  }
  const keys = Object.keys(a);
  const member = (of: object, key: string): unknown => (of as { [key: string]: unknown })[key];
  return keys.length === Object.keys(b).length
    && keys.every((key) => Object.hasOwn(b, key) && equal(member(a, key), member(b, key)));
}

/** A text that equal JSON values share and others do not. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join()}}`;
  }
  return JSON.stringify(value) ?? 'undefined';
}

/** No two items are equal. */
export function uniqueItems(payload: Payload<readonly unknown[]>): void {
  const { value } = payload;
  if (new Set(value.map(canonical)).size !== value.length) {
    tell(payload, 'uniqueItems', 'Items must be unique');
  }
}

/** At least so many items. */
export function minItems(least: number): (payload: Payload<readonly unknown[]>) => void {
  return (payload) => {
    if (payload.value.length < least) tell(payload, 'minItems', `Expected at least ${least} items`);
  };
}

/** At most so many items. */
export function maxItems(most: number): (payload: Payload<readonly unknown[]>) => void {
  return (payload) => {
    if (payload.value.length > most) tell(payload, 'maxItems', `Expected at most ${most} items`);
  };
}

/** At least so many members. */
export function minProperties(least: number): (payload: Payload<object>) => void {
  return (payload) => {
    if (Object.keys(payload.value).length < least) {
      tell(payload, 'minProperties', `Expected at least ${least} members`);
    }
  };
}

/** At most so many members. */
export function maxProperties(most: number): (payload: Payload<object>) => void {
  return (payload) => {
    if (Object.keys(payload.value).length > most) {
      tell(payload, 'maxProperties', `Expected at most ${most} members`);
    }
  };
}

/** Members beside the known ones have a type of their own. */
export function furtherMembers(
  known: readonly string[],
  schema: z.ZodType,
): (payload: Payload<object>) => void {
  const names = new Set(known);
  return (payload) => {
    for (const [key, member] of Object.entries(payload.value)) {
      if (names.has(key)) continue;
      const parsed = schema.safeParse(member);
      for (const issue of parsed.error?.issues ?? []) {
        payload.issues.push({ ...issue, path: [key, ...issue.path], input: member } as z.core.$ZodRawIssue);
      }
    }
  };
}

/** A variant of a union: the tags that select it, and whether its own schema knows the tag. */
interface Variant {
  readonly tags: readonly string[];
  readonly schema: z.ZodType;
  readonly carries: boolean;
}

/** One of several objects; the value of one member tells which. */
export function tagged<T>(tag: string, variants: readonly Variant[]): z.ZodType<T, T> {
  const byTag = new Map(
    variants.flatMap((variant) => variant.tags.map((value) => [value, variant] as const)),
  );
  const chosen = z.looseObject({ [tag]: z.enum([...byTag.keys()]) }).transform((value, context) => {
    const name = String(value[tag]);
    const variant = byTag.get(name);
    const own = Object.fromEntries(
      Object.entries(value).filter(([key]) => variant?.carries !== false || key !== tag),
    );
    const parsed = variant?.schema.safeParse(own);
    for (const issue of parsed?.error?.issues ?? []) {
      context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue);
    }
    return variant?.carries === false ? { ...(parsed?.data as object), [tag]: name } : parsed?.data;
  });
  return chosen as unknown as z.ZodType<T, T>;
}

/** One of the given JSON values, some of which are lists or objects. */
export function values<T>(...allowed: readonly T[]): z.ZodType<T, T> {
  const isOne = (value: unknown): boolean => allowed.some((one) => equal(one, value));
  return z.custom<T>(isOne, { error: 'Invalid value', params: { keyword: 'enum' } });
}

/** An object whose members may have the names of what every object has: `constructor`, `toString`. Only its own count. */
export function ownMembers<S extends z.ZodType>(schema: S): z.ZodType<z.output<S>, z.input<S>> {
  const checked = z.transform((value: unknown, context) => {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    const parsed = schema.safeParse(isObject ? Object.assign(Object.create(null), value) : value);
    for (const issue of parsed.error?.issues ?? []) {
      context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue);
    }
    return parsed.data;
  });
  return checked as unknown as z.ZodType<z.output<S>, z.input<S>>;
}

/** Bytes of a form: a file, or text. */
export const bytes: z.ZodType<string | Blob, string | Blob> = z.custom<string | Blob>(
  (value) => typeof value === 'string' || value instanceof Blob,
  { error: 'Expected a file or text', params: { keyword: 'type' } },
);

/** A pattern of the contract. One that JavaScript cannot compile refuses nothing. */
export function pattern(source: string): RegExp {
  for (const flags of ['u', '']) {
    try {
      return new RegExp(source, flags);
    } catch {
      // Tried without the flag next.
    }
  }
  return /(?:)/;
}
