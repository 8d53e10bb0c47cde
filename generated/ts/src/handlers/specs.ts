import { notImplemented } from '../hono/app.js';
import type { SpecsHandlers } from '../hono/specs.js';

// This file is yours: it is written once. An operation that is left out answers 501, like a stub.

export const specs = {
  /** POST /specs/apply */
  async applySpecs(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/drift */
  async getDrift(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/specs */
  async listSpecs(_input, call) {
    throw notImplemented(call);
  },

  /** POST /projects/{projectId}/specs */
  async uploadSpec(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/specs/{specId} */
  async getSpec(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/specs/{specId}/versions */
  async listSpecVersions(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/specs/{specId}/versions/{specVersion} */
  async getSpecVersion(_input, call) {
    throw notImplemented(call);
  },
} satisfies Partial<SpecsHandlers>;
