import { decorate } from '../history/decorate.js'
import { mapMessages } from './map-deliveries.js'
import { ackingInstead } from './map-settlements.js'
import { defineSaboteurs } from './saboteur.js'

/** What goes wrong now and then, under load, and shows in the history alone. */
export const HISTORIES = defineSaboteurs(
  {
    name: 'drops-on-retry',
    of: 'memory',
    breaks: 'Every fifth message that is to be tried again is dropped instead.',
    caughtBy: 'HIS-12',
    says: /\[lost\] .* is lost/,
    adapter(inner) {
      const fifth = every(5)
      return ackingInstead(inner, ({ kind }) => kind === 'retry' && fifth())
    },
  },
  {
    name: 'invents-a-message',
    of: 'memory',
    breaks: 'Every twentieth delivery bears an id that nobody has published.',
    caughtBy: 'HIS-12',
    says: /\[invented\] .* nobody had published it/,
    adapter(inner) {
      const twentieth = every(20)
      return mapMessages(inner, ({ id }) => (twentieth() ? { id: `${id}-ghost` } : {}))
    },
  },
  {
    name: 'alters-a-priority',
    of: 'memory',
    breaks: 'Every twentieth delivery has another priority than its message was published with.',
    caughtBy: 'HIS-12',
    says: /\[altered\] .* is not what was published/,
    adapter(inner) {
      const twentieth = every(20)
      return mapMessages(inner, () => (twentieth() ? { priority: 7 } : {}))
    },
  },
  {
    name: 'hands-out-twice',
    of: 'memory',
    breaks: 'Every tenth pull brings its first delivery once more, under the same token.',
    caughtBy: 'HIS-12',
    says: /\[duplicated\] .* was handed out (again|to p\d+ while p\d+ held it)/,
    adapter(inner) {
      const tenth = every(10)
      return decorate(inner, {
        source: source => ({
          async pull(max) {
            const pulled = await source.pull(max)
            const [first] = pulled.deliveries
            const isTwice = first !== undefined && pulled.deliveries.length < max && tenth()
            return isTwice ? { ...pulled, deliveries: [...pulled.deliveries, first] } : pulled
          },
        }),
      })
    },
  },
)

/** True every n-th time. */
function every(n: number): () => boolean {
  let times = 0
  return () => ++times % n === 0
}
