import { notImplemented } from '../hono/app.js';
import type { OrganizationsHandlers } from '../hono/organizations.js';

// This file is yours: it is written once. An operation that is left out answers 501, like a stub.

export const organizations = {
  /** GET /organizations */
  async listOrganizations(_input, call) {
    throw notImplemented(call);
  },

  /** POST /organizations */
  async createOrganization(_input, call) {
    throw notImplemented(call);
  },

  /** GET /organizations/{organizationId} */
  async getOrganization(_input, call) {
    throw notImplemented(call);
  },

  /** PATCH /organizations/{organizationId} */
  async updateOrganization(_input, call) {
    throw notImplemented(call);
  },

  /** GET /organizations/{organizationId}/members */
  async listOrganizationMembers(_input, call) {
    throw notImplemented(call);
  },

  /** POST /organizations/{organizationId}/members */
  async addOrganizationMember(_input, call) {
    throw notImplemented(call);
  },

  /** PATCH /organizations/{organizationId}/members/{memberId} */
  async updateOrganizationMember(_input, call) {
    throw notImplemented(call);
  },

  /** DELETE /organizations/{organizationId}/members/{memberId} */
  async removeOrganizationMember(_input, call) {
    throw notImplemented(call);
  },
} satisfies Partial<OrganizationsHandlers>;
