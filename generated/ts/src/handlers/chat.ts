import { notImplemented } from '../hono/app.js';
import type { ChatHandlers } from '../hono/chat.js';

// This file is yours: it is written once. An operation that is left out answers 501, like a stub.

export const chat = {
  /** GET /chat */
  async openChat(_input, call) {
    throw notImplemented(call);
  },

  /** POST /projects/{projectId}/chat/tickets */
  async createChatTicket(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/chat/sessions */
  async listChatSessions(_input, call) {
    throw notImplemented(call);
  },

  /** POST /projects/{projectId}/chat/sessions */
  async createChatSession(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/chat/sessions/{sessionId} */
  async getChatSession(_input, call) {
    throw notImplemented(call);
  },

  /** DELETE /projects/{projectId}/chat/sessions/{sessionId} */
  async closeChatSession(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/chat/sessions/{sessionId}/messages */
  async listChatMessages(_input, call) {
    throw notImplemented(call);
  },

  /** POST /projects/{projectId}/chat/sessions/{sessionId}/messages */
  async sendChatMessage(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/chat/sessions/{sessionId}/messages/{messageId}/stream */
  async streamChatMessage(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/chat/sessions/{sessionId}/diffs */
  async listProposedDiffs(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/chat/sessions/{sessionId}/diffs/{diffId} */
  async getProposedDiff(_input, call) {
    throw notImplemented(call);
  },

  /** DELETE /projects/{projectId}/chat/sessions/{sessionId}/diffs/{diffId} */
  async dismissProposedDiff(_input, call) {
    throw notImplemented(call);
  },

  /** POST /projects/{projectId}/chat/sessions/{sessionId}/diffs/{diffId}/apply */
  async applyProposedDiff(_input, call) {
    throw notImplemented(call);
  },
} satisfies Partial<ChatHandlers>;
