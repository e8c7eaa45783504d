import { NO_EXCEPTIONS, PluribusError } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'
import { mapDeclared } from './map-subscriptions.js'
import { defineSaboteurs } from './saboteur.js'

/** What goes wrong when topics and subscriptions are declared. */
export const DECLARING = defineSaboteurs(
  {
    name: 'conflicts-are-overlooked',
    of: 'memory',
    breaks: 'A declaration that differs from what is stored in what cannot be changed is answered as done.',
    caughtBy: 'DCL-01',
    says: /should have been rejected with CONFLICT/,
    adapter: inner =>
      decorate(inner, {
        connection: connection => ({
          declare: (topics, subscriptions) => connection.declare(topics, subscriptions).catch(() => NO_EXCEPTIONS),
        }),
      }),
  },
  {
    name: 'overwriting-is-not-told',
    of: 'memory',
    breaks: 'Settings are overwritten, and nobody hears of it.',
    caughtBy: 'DCL-04',
    says: /what was told: missing/,
    adapter: inner =>
      decorate(inner, {
        connection: connection => ({
          async declare(topics, subscriptions) {
            await connection.declare(topics, subscriptions)
            return NO_EXCEPTIONS
          },
        }),
      }),
  },
  {
    name: 'latest-is-earliest',
    of: 'memory',
    breaks: 'Every subscription starts at the first message, wherever it was asked to.',
    caughtBy: 'FRM-02',
    says: /nothing more was due|what came/,
    adapter: inner => mapDeclared(inner, spec => ({ ...spec, from: 'earliest' })),
  },
  {
    name: 'refuses-what-it-claims',
    of: 'memory',
    breaks: 'It claims lifo, and its server refuses it.',
    caughtBy: 'CHK-01',
    says: /no such order/,
    adapter: inner =>
      decorate(inner, {
        connection: connection => ({
          async declare(topics, subscriptions) {
            if (!subscriptions.some(({ discipline }) => discipline.kind === 'lifo')) {
              return connection.declare(topics, subscriptions)
            }
            throw new PluribusError('UNSUPPORTED', 'There is no such order on this server.')
          },
        }),
      }),
  },
)
