import { notImplemented } from '../hono/app.js';
import type { RetirementHandlers } from '../hono/retirement.js';

// This file is yours: it is written once. An operation that is left out answers 501, like a stub.

export const retirement = {
  /** DELETE /projects/{projectId} */
  async deleteProject(_input, call) {
    throw notImplemented(call);
  },

  /** DELETE /organizations/{organizationId} */
  async deleteOrganization(_input, call) {
    throw notImplemented(call);
  },
} satisfies Partial<RetirementHandlers>;
