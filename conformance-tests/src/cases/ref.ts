import { fifo, lifo, priority } from '@pluribus/core'
import { defineCases } from '../case/case.js'

/** Probes: what is not claimed is refused by an error that names it, before anything is done. */
export const REF = defineCases(
  {
    id: 'REF-fifo',
    title: 'fifo is refused',
    promise: 'Where there is no order of publishing, subscribing with fifo is refused.',
    profile: 'core',
    needs: 'fifo:none',
    run: it =>
      it.refuses('fifo', broker =>
        broker.subscribe(it.topic().subscription('billing', { discipline: fifo() }), () => {}),
      ),
  },
  {
    id: 'REF-lifo',
    title: 'lifo is refused',
    promise: 'Where lifo is not exact, subscribing with it is refused.',
    profile: 'core',
    needs: { not: 'lifo:exact' },
    run: it =>
      it.refuses('lifo', broker =>
        broker.subscribe(it.topic().subscription('billing', { discipline: lifo() }), () => {}),
      ),
  },
  {
    id: 'REF-priority',
    title: 'priority is refused',
    promise: 'Where priority is not exact, subscribing with it is refused.',
    profile: 'core',
    needs: { not: 'priority:exact' },
    run: it =>
      it.refuses('priority', broker =>
        broker.subscribe(it.topic().subscription('billing', { discipline: priority({ levels: 2 }) }), () => {}),
      ),
  },
  {
    id: 'REF-delay',
    title: 'delays are refused',
    promise: 'Where there are no delays, neither a delayed publish nor a ladder of delays is accepted.',
    profile: 'core',
    needs: 'delay:none',
    async run(it) {
      await it.refuses('delay', broker => broker.publish(it.topic(), { n: 1 }, { delay: it.timing.delay }))
      await it.refuses('delay', broker =>
        broker.subscribe(it.topic().subscription('billing', { retry: { delays: [it.timing.delay] } }), () => {}),
      )
    },
  },
)
