import { NOTHING_PULLED } from '@pluribus/core/driver'
import { decorate } from '../history/decorate.js'
import { defineSaboteurs } from './saboteur.js'

/** What goes wrong with wake-ups and standing demand. */
export const WAKING = defineSaboteurs(
  {
    name: 'wakes-only-once',
    of: 'memory',
    breaks: 'A source is woken once in its life.',
    caughtBy: 'WAK-01',
    says: /a source that has found nothing to be woken/,
    adapter: inner =>
      decorate(inner, {
        subscriber: subscriber => ({
          open(spec, options, events) {
            let wakes = 0
            const wake = () => {
              if (++wakes === 1) events.wake()
            }
            return subscriber.open(spec, options, { ...events, wake })
          },
        }),
      }),
  },
  {
    name: 'demand-is-never-taken-back',
    of: 'memory',
    breaks: 'A pull of nothing leaves the demand of the pull before as it was.',
    caughtBy: 'WAK-05',
    says: /a source that has found nothing to be woken/,
    adapter: inner =>
      decorate(inner, {
        source: source => ({ pull: max => (max === 0 ? Promise.resolve(NOTHING_PULLED) : source.pull(max)) }),
      }),
  },
)
