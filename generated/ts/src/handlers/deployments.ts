import { notImplemented } from '../hono/app.js';
import type { DeploymentsHandlers } from '../hono/deployments.js';

// This file is yours: it is written once. An operation that is left out answers 501, like a stub.

export const deployments = {
  /** GET /projects/{projectId}/deployments */
  async listDeployments(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/deployments/{deploymentId} */
  async getDeployment(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/builds */
  async listBuilds(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/builds/{buildId} */
  async getBuild(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/builds/{buildId}/log */
  async getBuildLog(_input, call) {
    throw notImplemented(call);
  },
} satisfies Partial<DeploymentsHandlers>;
