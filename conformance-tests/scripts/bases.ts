import memory from '../../adapters/memory/conformance.ts'

/** The correct targets that saboteurs are wrapped around. */
export const bases = { memory } as const
