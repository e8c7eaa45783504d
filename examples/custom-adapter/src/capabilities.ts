import { type Capabilities, WEAKEST_CAPABILITIES } from '@pluribus/core/driver'

/** Only what costs next to nothing in a database. */
export const CAPABILITIES: Capabilities = Object.freeze({
  ...WEAKEST_CAPABILITIES,
  durability: 'process',
  fifo: 'exact',
  competing: 'message',
  fencing: 'exact',
  settle: 'stored',
  attempts: 'stored',
  retention: 'keeps-pending',
})
