import { type Machine, thisMachine } from './machine/machine.ts'
import type { Installation } from './recipe.ts'
import { RECIPES } from './recipes/index.ts'
import { ServerProcess } from './server-process.ts'
import type { BrokerKind, TestBroker } from './test-broker.ts'

/** How a server is started. */
export interface StartOptions {
  /** How long starting and stopping may take, in milliseconds. Default: 60,000. */
  readonly patience?: number
}

const found = new Map<BrokerKind, Promise<Installation>>()

/** Finds the programs of a server, and installs them where that is allowed. Rejects with `MissingBroker`. */
export function findBroker(kind: BrokerKind, machine: Machine = thisMachine()): Promise<Installation> {
  return RECIPES[kind].find(machine)
}

/**
 * Starts a server of one's own; resolves when it serves. Rejects with `MissingBroker` where this machine has none and may
 * not install it.
 *
 * @example
 * ```ts
 * import { startBroker } from '@pluribus/test-brokers'
 *
 * const nats = await startBroker('nats')
 * try {
 *   await nats.restart()
 * } finally {
 *   await nats.dispose()
 * }
 * ```
 */
export async function startBroker(kind: BrokerKind, options: StartOptions = {}): Promise<TestBroker> {
  const installation = await findOnce(kind)
  const server = await ServerProcess.create(RECIPES[kind], installation, options.patience ?? 60_000)
  try {
    await server.start()
    return server
  } catch (error) {
    await server.dispose()
    throw error
  }
}

function findOnce(kind: BrokerKind): Promise<Installation> {
  const finding = found.get(kind) ?? findBroker(kind)
  found.set(kind, finding)
  return finding
}
