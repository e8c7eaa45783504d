import type { Adapter, Connection } from '@pluribus/core/driver'
import { TargetError } from './target-error.js'

/** What each part of the contract has to have, functions with brackets. */
const MEMBERS = {
  Adapter: ['name', 'capabilities', 'connect()', 'classify()'],
  Connection: ['server', 'capabilities', 'declare()', 'publisher', 'subscriber', 'persistence', 'close()'],
  Publisher: ['window', 'publish()'],
  Subscriber: ['open()', 'remove()'],
  Persistence: ['topics()', 'subscriptions()', 'history()', 'deadLetters()', 'redrive()', 'discard()', 'counts()'],
} as const

/** Throws a {@link TargetError} for an adapter that is not whole: what is missing would fail every case, each in its own way. */
export function checkAdapter(adapter: Adapter): void {
  check('Adapter', adapter)
}

/** The same for its connections. */
export function checkConnection(connection: Connection): void {
  check('Connection', connection)
  check('Publisher', connection.publisher)
  check('Subscriber', connection.subscriber)
  check('Persistence', connection.persistence)
}

function check(part: keyof typeof MEMBERS, found: unknown): void {
  const members = typeof found === 'object' && found !== null ? (found as Readonly<Record<string, unknown>>) : {}
  const missing = MEMBERS[part].filter(member => {
    const value = members[member.replace('()', '')]
    return member.endsWith('()') ? typeof value !== 'function' : value === undefined
  })
  if (missing.length === 0) return
  const what = part.toLowerCase()
  throw new TargetError(`The ${what} has no ${missing.join(', ')}: see ${part} in @pluribus/core/driver.`)
}
