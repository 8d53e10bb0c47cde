import { notImplemented } from '../hono/app.js';
import type { IncidentsHandlers } from '../hono/incidents.js';

// This file is yours: it is written once. An operation that is left out answers 501, like a stub.

export const incidents = {
  /** GET /projects/{projectId}/environments/{environmentId}/health-checks */
  async listHealthChecks(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/incidents */
  async listIncidents(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/incidents/{incidentId} */
  async getIncident(_input, call) {
    throw notImplemented(call);
  },
} satisfies Partial<IncidentsHandlers>;
