import { notImplemented } from '../hono/app.js';
import type { UsersHandlers } from '../hono/users.js';

// This file is yours: it is written once. An operation that is left out answers 501, like a stub.

export const users = {
  /** GET /users */
  async listUsers(_input, call) {
    throw notImplemented(call);
  },

  /** GET /users/{userId} */
  async getUser(_input, call) {
    throw notImplemented(call);
  },
} satisfies Partial<UsersHandlers>;
