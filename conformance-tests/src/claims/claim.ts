import type { Capabilities, CountField, Exactness } from '@pluribus/core/driver'

/**
 * One thing that an adapter claims, as `capability:value`: what cases prove, and what expressions ask for. Numbers are
 * claimed as such (`priorityLevels`, `limits.payload`): a case reads them from the context.
 *
 * @example
 * ```ts
 * import type { Claim } from '@pluribus/conformance'
 *
 * const claims: readonly Claim[] = ['lifo:exact', 'from:time', 'limits.payload']
 * ```
 */
export type Claim =
  | `durability:${Capabilities['durability']}`
  | `fifo:${Exactness}`
  | `lifo:${Exactness}`
  | `priority:${Exactness}`
  | 'priorityLevels'
  | `keys:${Capabilities['keys']}`
  | `competing:${Capabilities['competing']}`
  | `delay:${Capabilities['delay']}`
  | 'delayTick'
  | `fencing:${Capabilities['fencing']}`
  | `settle:${Capabilities['settle']}`
  | `attempts:${Capabilities['attempts']}`
  | `losses:${Capabilities['losses']}`
  | `deduplication:${'supplied' | 'all' | 'none'}`
  | `retention:${Capabilities['retention']}`
  | `history:${Capabilities['history']}`
  | `from:${Capabilities['from'][number]}`
  | `counts:${CountField}`
  | `sequenced:${Capabilities['sequenced']}`
  | `transactions:${Capabilities['transactions']}`
  | `limits.${keyof Capabilities['limits']}`

/** Everything that a set of capabilities claims. */
export function claimsOf(capabilities: Capabilities): readonly Claim[] {
  const { deduplication, from, counts } = capabilities
  const claims: Claim[] = [
    `durability:${capabilities.durability}`,
    `fifo:${capabilities.fifo}`,
    `lifo:${capabilities.lifo}`,
    `priority:${capabilities.priority}`,
    `keys:${capabilities.keys}`,
    `competing:${capabilities.competing}`,
    `delay:${capabilities.delay}`,
    `fencing:${capabilities.fencing}`,
    `settle:${capabilities.settle}`,
    `attempts:${capabilities.attempts}`,
    `losses:${capabilities.losses}`,
    `deduplication:${deduplication === 'none' ? 'none' : deduplication.ids}`,
    `retention:${capabilities.retention}`,
    `history:${capabilities.history}`,
    `sequenced:${capabilities.sequenced}`,
    `transactions:${capabilities.transactions}`,
    'limits.payload',
    'limits.headers',
  ]
  if (capabilities.priority !== 'none') claims.push('priorityLevels')
  if (capabilities.delay !== 'none') claims.push('delayTick')
  if (capabilities.keys !== 'none') claims.push('limits.hold')
  for (const start of from) claims.push(`from:${start}`)
  for (const field of counts) claims.push(`counts:${field}`)
  return claims
}
