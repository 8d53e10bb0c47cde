import { notImplemented } from '../hono/app.js';
import type { AuditHandlers } from '../hono/audit.js';

// This file is yours: it is written once. An operation that is left out answers 501, like a stub.

export const audit = {
  /** GET /projects/{projectId}/audit */
  async listAuditEvents(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/audit/{auditEventId} */
  async getAuditEvent(_input, call) {
    throw notImplemented(call);
  },

  /** GET /organizations/{organizationId}/audit */
  async listOrganizationAudit(_input, call) {
    throw notImplemented(call);
  },
} satisfies Partial<AuditHandlers>;
