import { notImplemented } from '../hono/app.js';
import type { TestsHandlers } from '../hono/tests.js';

// This file is yours: it is written once. An operation that is left out answers 501, like a stub.

export const tests = {
  /** GET /projects/{projectId}/test-runs */
  async listTestRuns(_input, call) {
    throw notImplemented(call);
  },

  /** POST /projects/{projectId}/test-runs */
  async startTestRun(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/test-runs/{testRunId} */
  async getTestRun(_input, call) {
    throw notImplemented(call);
  },
} satisfies Partial<TestsHandlers>;
