// Owns holding a document against a JSON Schema file, whichever draft it is written in.

import { CannotRun, tool } from './verdict.mjs';

/**
 * A function that returns the errors of a value as `pointer: message`, at most fifty. `schema` is a
 * draft-07 or 2020-12 document; `part` names one definition of it (`Tool`) instead of its root.
 */
export async function validator(schema, part) {
  const modern = String(schema.$schema ?? '').includes('2020-12');
  const Ajv = (await tool(modern ? 'ajv/dist/2020.js' : 'ajv')).default;
  const { default: addFormats } = await tool('ajv-formats');
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true, logger: false });
  addFormats(ajv);
  const document = withoutInnerIds(schema);
  const definitions = ['$defs', 'definitions'].find((key) => part && document[key]?.[part]);
  if (part && !definitions) throw new CannotRun(`the schema defines no ${part}`);
  document.$id = 'urn:flaresmith:toolchain:schema';
  ajv.addSchema(document);
  const validate = ajv.compile({ $ref: document.$id + (part ? `#/${definitions}/${part}` : '') });
  return (value) => {
    if (validate(value)) return [];
    const found = validate.errors.map((error) => {
      const more = error.params?.additionalProperty ?? error.params?.allowedValues?.join(', ');
      return `${error.instancePath || '/'}: ${error.message}${more ? ` (${more})` : ''}`;
    });
    return [...new Set(found)].slice(0, 50);
  };
}

/**
 * The published Postman schema gives its definitions an `$id` that is only a fragment, which
 * validators take for a new base; every reference in it works without them.
 */
function withoutInnerIds(value) {
  if (Array.isArray(value)) return value.map(withoutInnerIds);
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value).filter(([key, inner]) => !((key === '$id' || key === 'id') && /^#\//.test(String(inner))));
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutInnerIds(inner)]));
}
