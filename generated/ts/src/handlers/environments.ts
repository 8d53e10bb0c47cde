import { notImplemented } from '../hono/app.js';
import type { EnvironmentsHandlers } from '../hono/environments.js';

// This file is yours: it is written once. An operation that is left out answers 501, like a stub.

export const environments = {
  /** GET /projects/{projectId}/environments */
  async getEnvironmentMatrix(_input, call) {
    throw notImplemented(call);
  },

  /** POST /projects/{projectId}/environments */
  async createPreview(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/environments/{environmentId} */
  async getEnvironment(_input, call) {
    throw notImplemented(call);
  },

  /** DELETE /projects/{projectId}/environments/{environmentId} */
  async archivePreview(_input, call) {
    throw notImplemented(call);
  },

  /** POST /projects/{projectId}/environments/{environmentId}/deploy */
  async deployEnvironment(_input, call) {
    throw notImplemented(call);
  },

  /** POST /projects/{projectId}/environments/{environmentId}/promote */
  async promoteEnvironment(_input, call) {
    throw notImplemented(call);
  },

  /** POST /projects/{projectId}/environments/{environmentId}/rollback */
  async rollbackEnvironment(_input, call) {
    throw notImplemented(call);
  },

  /** POST /projects/{projectId}/environments/{environmentId}/retry */
  async retryEnvironment(_input, call) {
    throw notImplemented(call);
  },

  /** POST /projects/{projectId}/environments/{environmentId}/reset */
  async resetEnvironment(_input, call) {
    throw notImplemented(call);
  },
} satisfies Partial<EnvironmentsHandlers>;
