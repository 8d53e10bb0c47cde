// An MCP server over stdio that serves the tools of a descriptor file, a page at a time. Started by
// mcp-list.mjs as a process of its own; stdout belongs to the protocol.
//
//   node lib/mcp-server.mjs DESCRIPTOR_FILE PAGE_SIZE

import { readFile } from 'node:fs/promises';

import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { ErrorCode, ListToolsRequestSchema, McpError } from '@modelcontextprotocol/sdk/types.js';

const [file, pageSize] = process.argv.slice(2);
const { tools } = JSON.parse(await readFile(file, 'utf8'));
const size = Number(pageSize);

const server = new Server({ name: 'flaresmith-toolchain', version: '0.0.0' }, { capabilities: { tools: {} } });
server.setRequestHandler(ListToolsRequestSchema, ({ params }) => {
  const from = params?.cursor === undefined ? 0 : Number(params.cursor);
  if (!Number.isInteger(from) || from < 0) throw new McpError(ErrorCode.InvalidParams, 'unknown cursor');
  const page = tools.slice(from, from + size);
  return { tools: page, ...(from + size < tools.length ? { nextCursor: String(from + size) } : {}) };
});
await server.connect(new StdioServerTransport());
