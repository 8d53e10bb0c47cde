import { notImplemented } from '../hono/app.js';
import type { ProjectsHandlers } from '../hono/projects.js';

// This file is yours: it is written once. An operation that is left out answers 501, like a stub.

export const projects = {
  /** GET /projects */
  async listProjects(_input, call) {
    throw notImplemented(call);
  },

  /** POST /projects */
  async createProject(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId} */
  async getProject(_input, call) {
    throw notImplemented(call);
  },

  /** PATCH /projects/{projectId} */
  async updateProject(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/members */
  async listMembers(_input, call) {
    throw notImplemented(call);
  },

  /** POST /projects/{projectId}/members */
  async addMember(_input, call) {
    throw notImplemented(call);
  },

  /** PATCH /projects/{projectId}/members/{memberId} */
  async updateMember(_input, call) {
    throw notImplemented(call);
  },

  /** DELETE /projects/{projectId}/members/{memberId} */
  async removeMember(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/integrations */
  async listIntegrations(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/integrations/{provider} */
  async getIntegration(_input, call) {
    throw notImplemented(call);
  },

  /** PUT /projects/{projectId}/integrations/{provider} */
  async connectIntegration(_input, call) {
    throw notImplemented(call);
  },

  /** PATCH /projects/{projectId}/integrations/{provider} */
  async updateIntegration(_input, call) {
    throw notImplemented(call);
  },

  /** DELETE /projects/{projectId}/integrations/{provider} */
  async disconnectIntegration(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/provisioning */
  async getProvisioning(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/provisioning/events */
  async streamProvisioning(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/provisioning/runs */
  async listProvisioningRuns(_input, call) {
    throw notImplemented(call);
  },

  /** POST /projects/{projectId}/provisioning/retry */
  async retryProvisioning(_input, call) {
    throw notImplemented(call);
  },

  /** POST /projects/{projectId}/provisioning/cancel */
  async cancelProvisioning(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/resources */
  async listResources(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/plan */
  async planProject(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/resources/drift */
  async getProjectDrift(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/service-tokens */
  async listServiceTokens(_input, call) {
    throw notImplemented(call);
  },

  /** POST /projects/{projectId}/service-tokens */
  async createServiceToken(_input, call) {
    throw notImplemented(call);
  },

  /** DELETE /projects/{projectId}/service-tokens/{tokenId} */
  async revokeServiceToken(_input, call) {
    throw notImplemented(call);
  },
} satisfies Partial<ProjectsHandlers>;
