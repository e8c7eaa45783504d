/**
 * The file adapter of Pluribus.
 *
 * @module
 */
export { file, file as createAdapter, fromUrl } from './adapter.js'
export { type ExportOptions, exportFolder } from './export/export-folder.js'
export type { ExportProgress } from './export/export-progress.js'
export type { ExportedTopic, ExportReport } from './export/export-report.js'
export type { FileOptions } from './options.js'
