import { notImplemented } from '../hono/app.js';
import type { SystemHandlers } from '../hono/system.js';

// This file is yours: it is written once. An operation that is left out answers 501, like a stub.

export const system = {
  /** GET /openapi.json */
  async getOpenapi(_input, call) {
    throw notImplemented(call);
  },

  /** GET /health/live */
  async getLiveness(_input, call) {
    throw notImplemented(call);
  },

  /** GET /health/ready */
  async getReadiness(_input, call) {
    throw notImplemented(call);
  },

  /** GET /metrics */
  async getMetrics(_input, call) {
    throw notImplemented(call);
  },
} satisfies Partial<SystemHandlers>;
