/**
 * Uploads of a seller's files that stop the moment the session ends, and go on at the same byte when the same seller is back.
 *
 * @module `@3dimli/session-desktop/uploads`
 */
export { createUploads } from './uploads.ts'
export type { Authorize, UploadsOptions } from './options.ts'
export type { AddOptions, UnfinishedUpload, Upload, UploadFailure, Uploads, UploadsState, UploadState } from './shape.ts'
