import { notImplemented } from '../hono/app.js';
import type { AuthHandlers } from '../hono/auth.js';

// This file is yours: it is written once. An operation that is left out answers 501, like a stub.

export const auth = {
  /** GET /auth/me */
  async getCurrentUser(_input, call) {
    throw notImplemented(call);
  },

  /** PATCH /auth/me */
  async updateCurrentUser(_input, call) {
    throw notImplemented(call);
  },

  /** PUT /auth/me/password */
  async setPassword(_input, call) {
    throw notImplemented(call);
  },

  /** POST /auth/sign-in */
  async signIn(_input, call) {
    throw notImplemented(call);
  },

  /** POST /auth/invitations/accept */
  async acceptInvitation(_input, call) {
    throw notImplemented(call);
  },

  /** POST /auth/oauth/start */
  async startOauth(_input, call) {
    throw notImplemented(call);
  },

  /** POST /auth/token */
  async exchangeToken(_input, call) {
    throw notImplemented(call);
  },

  /** POST /auth/refresh */
  async refreshSession(_input, call) {
    throw notImplemented(call);
  },

  /** POST /auth/sign-out */
  async signOut(_input, call) {
    throw notImplemented(call);
  },

  /** GET /auth/keys */
  async getKeyManifest(_input, call) {
    throw notImplemented(call);
  },

  /** POST /auth/keys/invalidate */
  async invalidateSigningKey(_input, call) {
    throw notImplemented(call);
  },
} satisfies Partial<AuthHandlers>;
