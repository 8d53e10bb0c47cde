// Proves that generated MCP tool descriptors are taken by the official SDK: a real server process
// serves them over stdio, the official client lists them page by page and gets the same ones.
//
//   node mcp-list.mjs DESCRIPTOR_FILE [--schema FILE]… [--page-size N]
//
// DESCRIPTOR_FILE: { "tools": [ { name, title, description, inputSchema, outputSchema, annotations } ] }.
// --schema takes official JSON Schema files of protocol revisions; each tool is held against `Tool` of each.

import { isDeepStrictEqual } from 'node:util';
import { fileURLToPath } from 'node:url';

import { existingFile, readInput } from './lib/documents.mjs';
import { validator } from './lib/json-schema.mjs';
import { CannotRun, check, tool, toolchainDir } from './lib/verdict.mjs';

const hints = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'];

await check(
  {
    usage: 'node mcp-list.mjs DESCRIPTOR_FILE [--schema FILE]… [--page-size N]',
    options: {
      schema: { type: 'string', multiple: true, default: [] },
      'page-size': { type: 'string', default: '25' },
    },
    atLeast: 1,
  },
  async ({ values, positionals }) => {
    const pageSize = Number(values['page-size']);
    if (!Number.isInteger(pageSize) || pageSize < 1) throw new CannotRun(`--page-size is a positive number, not ${values['page-size']}`);
    const file = await existingFile(positionals[0]);
    const { tools } = await readInput(file);
    if (!Array.isArray(tools)) return { ok: false, error: 'the file has no list `tools`' };

    const problems = await descriptorProblems(tools, values.schema);
    const { listed, pages, protocol, error } = await listAll(file, pageSize);
    if (error) problems.push(`the client refuses the list: ${error}`);
    else if (!isDeepStrictEqual(listed, tools)) problems.push(...differences(tools, listed));
    return {
      ok: problems.length === 0 && listed.length > 0,
      protocol,
      tools: tools.length,
      listed: listed.length,
      pages,
      schemas: values.schema.length,
      names: listed.map(({ name }) => name),
      problems: problems.slice(0, 100),
    };
  },
);

async function descriptorProblems(tools, schemaFiles) {
  const { ToolSchema } = await tool('@modelcontextprotocol/sdk/types.js');
  const { default: Ajv2020 } = await tool('ajv/dist/2020.js');
  const { default: addFormats } = await tool('ajv-formats');
  const official = [];
  for (const schemaFile of schemaFiles) official.push([schemaFile, await validator(await readInput(schemaFile), 'Tool')]);

  const problems = [];
  const seen = new Set();
  tools.forEach((descriptor, at) => {
    const name = typeof descriptor?.name === 'string' ? descriptor.name : `#${at}`;
    const say = (what) => problems.push(`${name}: ${what}`);
    if (!/^[A-Za-z0-9_.-]{1,128}$/.test(name)) say('the name is not 1 to 128 of A-Z a-z 0-9 _ . -');
    if (seen.has(name)) say('the name is used more than once');
    seen.add(name);
    if (!(typeof descriptor?.description === 'string' && descriptor.description.trim() !== '')) say('there is no description');
    for (const hint of hints) {
      if (typeof descriptor?.annotations?.[hint] !== 'boolean') say(`annotations.${hint} is absent, and the default is the dangerous one`);
    }
    for (const key of ['inputSchema', 'outputSchema']) {
      if (descriptor?.[key] === undefined) continue;
      // One instance a schema: an `$id` that two tools share must not be a problem of this check.
      const ajv = new Ajv2020({ strict: false, logger: false, validateSchema: true });
      addFormats(ajv);
      try {
        ajv.compile(descriptor[key]);
      } catch (error) {
        say(`${key} does not compile: ${error.message}`);
      }
    }
    const parsed = ToolSchema.safeParse(descriptor);
    for (const issue of parsed.success ? [] : parsed.error.issues) say(`/${issue.path.join('/')}: ${issue.message}`);
    for (const [schemaFile, validate] of official) {
      for (const message of validate(descriptor)) say(`${schemaFile}: ${message}`);
    }
  });
  return problems;
}

async function listAll(file, pageSize) {
  const { Client } = await tool('@modelcontextprotocol/sdk/client/index.js');
  const { StdioClientTransport } = await tool('@modelcontextprotocol/sdk/client/stdio.js');
  const client = new Client({ name: 'flaresmith-toolchain', version: '0.0.0' });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [fileURLToPath(new URL('./lib/mcp-server.mjs', import.meta.url)), file, String(pageSize)],
    cwd: toolchainDir,
    stderr: 'inherit',
  });
  let protocol;
  // The client tells its transport which revision the two agreed on.
  transport.setProtocolVersion = (version) => (protocol = version);
  const listed = [];
  let pages = 0;
  try {
    await client.connect(transport);
    let cursor;
    do {
      const page = await client.listTools(cursor === undefined ? {} : { cursor });
      listed.push(...page.tools);
      pages += 1;
      cursor = page.nextCursor;
    } while (cursor !== undefined && pages < 10_000);
    return { listed, pages, protocol };
  } catch (error) {
    return { listed, pages, protocol, error: String(error?.message ?? error) };
  } finally {
    await client.close();
  }
}

function differences(sent, got) {
  if (sent.length !== got.length) return [`${sent.length} tools are served, ${got.length} are listed`];
  return sent.flatMap((descriptor, at) =>
    [...new Set([...Object.keys(descriptor), ...Object.keys(got[at])])]
      .filter((key) => !isDeepStrictEqual(descriptor[key], got[at][key]))
      .map((key) => `${descriptor.name}: \`${key}\` does not reach the client as it was sent`),
  );
}
