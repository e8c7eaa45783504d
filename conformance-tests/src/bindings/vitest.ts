/**
 * The suite for Vitest.
 *
 * @module
 */
export { conformance } from './vitest/conformance.js'
