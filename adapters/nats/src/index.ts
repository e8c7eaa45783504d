/**
 * The NATS JetStream adapter of Pluribus.
 *
 * @module
 */
export { fromUrl, nats, nats as createAdapter } from './adapter.js'
export type { NatsCredentials, NatsOptions, NatsTls } from './options.js'
