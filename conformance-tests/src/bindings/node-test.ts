/**
 * The suite for `node:test`.
 *
 * @module
 */
export { conformance } from './node-test/conformance.js'
