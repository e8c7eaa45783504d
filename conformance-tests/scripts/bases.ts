import memory from '../../adapters/memory/conformance.ts'
import simLog from '../targets/sim-log/conformance.ts'

/** The correct targets that saboteurs are wrapped around. */
export const bases = { memory, 'sim-log': simLog } as const
