import type { Capabilities } from '@pluribus/core/driver'
import { TargetError } from '../target/target-error.js'
import { ALL_CLAIMS, NO_PROMISES } from './all-claims.js'
import { claimsOf } from './claim.js'

const MEMBERS = {
  durability: true,
  fifo: true,
  lifo: true,
  priority: true,
  priorityLevels: true,
  keys: true,
  competing: true,
  delay: true,
  delayTick: true,
  fencing: true,
  settle: true,
  attempts: true,
  losses: true,
  deduplication: true,
  retention: true,
  history: true,
  from: true,
  counts: true,
  sequenced: true,
  transactions: true,
  limits: true,
} as const satisfies Record<keyof Capabilities, true>

const KNOWN: ReadonlySet<string> = new Set([...ALL_CLAIMS, ...NO_PROMISES])

/** Throws a TargetError for capabilities with a member or a value that nobody knows, or without one that everybody has. */
export function checkCapabilities(capabilities: Capabilities): void {
  const strangers = Object.keys(capabilities).filter(name => !Object.hasOwn(MEMBERS, name))
  if (strangers.length > 0) {
    throw new TargetError(
      `The adapter claims "${strangers.join('", "')}", which is no capability. Legal are ${Object.keys(MEMBERS).join(', ')}.`,
    )
  }
  const missing = Object.keys(MEMBERS).filter(name => capabilities[name as keyof Capabilities] === undefined)
  if (missing.length > 0) {
    const hint = 'WEAKEST_CAPABILITIES of @pluribus/core/driver says no to everything: begin with it.'
    throw new TargetError(`The adapter says nothing of ${missing.join(', ')}. ${hint}`)
  }
  const wrong = claimsOf(capabilities).filter(claim => !KNOWN.has(claim))
  if (wrong.length > 0) throw new TargetError(`The adapter claims ${wrong.join(', ')}, which means nothing.`)
}
