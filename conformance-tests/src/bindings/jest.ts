/**
 * The suite for Jest.
 *
 * @module
 */
export { conformance } from './jest/conformance.js'
