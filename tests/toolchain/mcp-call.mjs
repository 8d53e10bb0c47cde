// Calls tools of a real MCP server through the official client.
//
//   node mcp-call.mjs PLAN_FILE
//
// PLAN_FILE: { "protocol": "2025-06-18", "steps": [ { "name", "arguments" } ] } and either
// { "command": [PROGRAM, ARGUMENT…], "environment": { … } } for stdio or { "url", "token" } for streamable HTTP.
// The result has the revision that was agreed on, the session, what tools there are, and for each step what came back.

import { existingFile, readInput } from './lib/documents.mjs';
import { check, tool } from './lib/verdict.mjs';

await check({ usage: 'node mcp-call.mjs PLAN_FILE', options: {}, atLeast: 1, seconds: 120 }, async ({ positionals }) => {
  const plan = await readInput(await existingFile(positionals[0]));
  const { Client } = await tool('@modelcontextprotocol/sdk/client/index.js');
  const client = new Client({ name: 'flaresmith-toolchain', version: '0.0.0' });
  const transport = await transportOf(plan);

  // The client offers the newest revision that it knows; an older client offers its own.
  const send = transport.send.bind(transport);
  transport.send = (message, options) =>
    send(
      message.method === 'initialize' && plan.protocol
        ? { ...message, params: { ...message.params, protocolVersion: plan.protocol } }
        : message,
      options,
    );
  let protocol;
  const agreed = transport.setProtocolVersion?.bind(transport);
  transport.setProtocolVersion = (version) => {
    protocol = version;
    agreed?.(version);
  };

  try {
    await client.connect(transport);
    const session = transport.sessionId ?? null;
    const { tools } = await client.listTools();
    const results = [];
    for (const { name, arguments: given } of plan.steps) {
      try {
        results.push(await client.callTool({ name, arguments: given }));
      } catch (error) {
        results.push({ thrown: error?.code ?? null, message: String(error?.message ?? error) });
      }
    }
    await transport.terminateSession?.();
    return { ok: true, protocol, session, server: client.getServerVersion(), names: tools.map(({ name }) => name), results };
  } finally {
    await client.close();
  }
});

async function transportOf({ command, environment, url, token }) {
  if (url) {
    const { StreamableHTTPClientTransport } = await tool('@modelcontextprotocol/sdk/client/streamableHttp.js');
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    return new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
  }
  const { StdioClientTransport } = await tool('@modelcontextprotocol/sdk/client/stdio.js');
  const [program, ...args] = command;
  return new StdioClientTransport({ command: program, args, env: { ...process.env, ...environment }, stderr: 'inherit' });
}
