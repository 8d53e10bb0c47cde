{%- if timestamp %}
/** A moment, read and written as RFC 3339 text, as JSON has it. Libraries that write a `Date` may. */
const timestamptz = customType<{ data: string; driverData: string | Date }>({
  dataType: () => 'timestamp with time zone',
  toDriver: (value: string | Date) => (value instanceof Date ? value.toISOString() : value),
  fromDriver: (value) => new Date(value).toISOString(),
});
{%- endif %}
{%- if bytes %}

/** Bytes, read and written as Base64, as JSON has them. */
const bytea = customType<{ data: string; driverData: string | Uint8Array }>({
  dataType: () => 'bytea',
  toDriver: (text) =>
    `\\x${Array.from(atob(text), (c) => c.charCodeAt(0).toString(16).padStart(2, '0')).join('')}`,
  fromDriver: (value) => {
    const bytes = typeof value === 'string'
      ? Array.from(value.slice(2).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
      : Array.from(value);
    return btoa(bytes.map((byte) => String.fromCharCode(byte)).join(''));
  },
});
{%- endif %}
