import { z } from 'zod';

// Formats of strings, where the contract's meaning is not exactly that of a format of Zod.

function isDate(text: string): boolean {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!parts) return false;
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return month >= 1 && month <= 12 && day >= 1 && day <= days;
}

function isTime(text: string): boolean {
  const parts = /^([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.\d+)?(?:[zZ]|([+-])([01]\d|2[0-3]):([0-5]\d))$/
    .exec(text);
  if (!parts) return false;
  const minute = (hours: string | undefined, minutes: string | undefined): number =>
    Number(hours ?? 0) * 60 + Number(minutes ?? 0);
  const offset = minute(parts[5], parts[6]) * (parts[4] === '-' ? -1 : 1);
  // A leap second is the last one of a day in UTC.
  return parts[3] !== '60' || (minute(parts[1], parts[2]) - offset + 1440) % 1440 === 1439;
}

function isDateTime(text: string): boolean {
  return isDate(text.slice(0, 10)) && /^[tT]$/.test(text.slice(10, 11)) && isTime(text.slice(11));
}

const durationParts =
  /^P(?=\d|T\d)(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:[.,]\d+)?S)?)?$/;

function isHostname(text: string): boolean {
  const host = text.endsWith('.') ? text.slice(0, -1) : text;
  const bytes = new TextEncoder().encode(host).length;
  return bytes > 0 && bytes <= 253
    && host.split('.').every((label) =>
      new TextEncoder().encode(label).length <= 63
      && /^[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?$/u.test(label)
    );
}

function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@');
  const [local, domain] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
  const dots = !local.startsWith('.') && !local.endsWith('.') && !local.includes('..');
  const labels = /[^\x00-\x7f]/.test(domain)
    ? domain.split('.').every((label) => label !== '' && !/\s/u.test(label))
    : isHostname(domain);
  return new TextEncoder().encode(text).length <= 320 && dots && labels && domain.includes('.')
    && /^[\p{L}\p{N}!#$%&'*+/=?^_`{|}~.-]+$/u.test(local);
}

function isUriReference(text: string): boolean {
  return /^(?:%[0-9A-Fa-f]{2}|[^\x00-\x20\x7f"<>\\^`{|}%])*$/.test(text);
}

function isUri(text: string): boolean {
  const parts = /^([A-Za-z][A-Za-z0-9+.-]*):(.+)$/s.exec(text);
  if (!parts || !isUriReference(text)) return false;
  const hasHost = ['http', 'https', 'ws', 'wss', 'ftp'].includes(parts[1] ?? '');
  return !hasHost || /^\/\/[^/?#]/.test(parts[2] ?? '');
}

/** A date and time of RFC 3339, with its offset. */
export const dateTime = z.stringFormat('date-time', isDateTime);

/** A time of RFC 3339, with its offset. */
export const time = z.stringFormat('time', isTime);

/** A duration of ISO 8601. */
export const duration = z.stringFormat('duration', (text) => durationParts.test(text));

/** A mail address. */
export const email = z.stringFormat('email', isEmail);

/** An absolute URI. */
export const uri = z.stringFormat('uri', isUri);

/** A URI or a relative reference. */
export const uriReference = z.stringFormat('uri-reference', isUriReference);

/** A host name. */
export const hostname = z.stringFormat('hostname', isHostname);

/** Base64, with or without padding. */
export const base64 = z.stringFormat(
  'base64',
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw](?:==)?|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=?)?$/,
);

/** A decimal number in a string. */
export const decimal = z.stringFormat('decimal', /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/);
