import memory from '../../adapters/memory/conformance.ts'
import simLog from '../targets/sim-log/conformance.ts'
import tcp from '../test/tcp/target.ts'

/** The correct targets that saboteurs are wrapped around. */
export const bases = { memory, 'sim-log': simLog, tcp } as const
