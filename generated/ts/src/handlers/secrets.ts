import { notImplemented } from '../hono/app.js';
import type { SecretsHandlers } from '../hono/secrets.js';

// This file is yours: it is written once. An operation that is left out answers 501, like a stub.

export const secrets = {
  /** GET /projects/{projectId}/secrets */
  async getSecretsOverview(_input, call) {
    throw notImplemented(call);
  },

  /** PUT /projects/{projectId}/secrets/{secretName} */
  async putSecret(_input, call) {
    throw notImplemented(call);
  },

  /** DELETE /projects/{projectId}/secrets/{secretName} */
  async deleteSecret(_input, call) {
    throw notImplemented(call);
  },

  /** POST /projects/{projectId}/secrets/{secretName}/rotate */
  async rotateSecret(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/secret-audit */
  async listSecretAudit(_input, call) {
    throw notImplemented(call);
  },
} satisfies Partial<SecretsHandlers>;
