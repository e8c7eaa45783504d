import { defineTarget, type Hooks } from '@pluribus/conformance'
import { file } from '@pluribus/file'
import target from '../../../../adapters/file/conformance.ts'

/** Of a leader that says nothing, in milliseconds: an outage of it is over sooner than with the default. Other tests run beside this one. */
const TIMEOUT = 2_000

const { leader } = target.hooks as Hooks & Required<Pick<Hooks, 'leader'>>

/** The file adapter, with leaders that are given up soon. */
export default defineTarget({
  ...target,
  adapter: async ({ dir }) => file({ dir: String(dir), deduplicationWindow: '5s', leaderTimeout: TIMEOUT }),
  hooks: { ...target.hooks, module: import.meta.url, leader: { ...leader, timeout: TIMEOUT } },
})
