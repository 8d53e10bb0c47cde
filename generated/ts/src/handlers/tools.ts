import { notImplemented } from '../hono/app.js';
import type { ToolsHandlers } from '../hono/tools.js';

// This file is yours: it is written once. An operation that is left out answers 501, like a stub.

export const tools = {
  /** GET /projects/{projectId}/mcp/tools */
  async listTools(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/mcp/tools/{toolName} */
  async getTool(_input, call) {
    throw notImplemented(call);
  },
} satisfies Partial<ToolsHandlers>;
