import { notImplemented } from '../hono/app.js';
import type { FilesHandlers } from '../hono/files.js';

// This file is yours: it is written once. An operation that is left out answers 501, like a stub.

export const files = {
  /** GET /projects/{projectId}/files/tree */
  async getFileTree(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/files/blobs/{blobSha} */
  async getBlob(_input, call) {
    throw notImplemented(call);
  },

  /** GET /projects/{projectId}/files/blobs/{blobSha}/content */
  async getBlobContent(_input, call) {
    throw notImplemented(call);
  },

  /** POST /projects/{projectId}/files/diff */
  async previewDiff(_input, call) {
    throw notImplemented(call);
  },

  /** POST /projects/{projectId}/files/commit */
  async commitFiles(_input, call) {
    throw notImplemented(call);
  },
} satisfies Partial<FilesHandlers>;
