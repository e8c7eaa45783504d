import type { Settlement, Token } from '@pluribus/core/driver'
import type { Argument } from './call.js'

/** What the server knows a delivery by. */
export interface RedisToken {
  readonly position: number
  readonly claim: string
}

/** Tokens as scripts take them, `first last claim`: what one claim took mostly ends in its order, and together. */
export function runsOf(tokens: readonly Token[]): string {
  let runs = ''
  for (let at = 0; at < tokens.length; ) {
    const { position, claim } = tokens[at] as RedisToken
    let last = position
    for (at++; at < tokens.length; at++) {
      const next = tokens[at] as RedisToken
      if (next.position !== last + 1 || next.claim !== claim) break
      last++
    }
    runs += `${position} ${last} ${claim} `
  }
  return runs
}

/** As the script of settling takes them. */
export function settlementArguments(settlement: Settlement): Argument[] {
  const { position, claim } = settlement.token as RedisToken
  const head = [settlement.kind, position, claim]
  if (settlement.kind === 'release') return head
  if (settlement.kind === 'retry') return [...head, settlement.delay, JSON.stringify(settlement.error)]
  const { reason, attempts, errors } = settlement
  return [...head, reason, attempts, errors.length, ...errors.map(error => JSON.stringify(error))]
}
