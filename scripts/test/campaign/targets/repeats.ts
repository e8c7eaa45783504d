import target from '../../../../examples/sqlite-adapter/conformance-real.ts'
import { spoiled } from './spoil.ts'

/** How much later an ack is stored than it is confirmed, in milliseconds. */
const LAG = 200

/** Acks are confirmed before they are stored: whoever dies in between has handled what comes again. */
export default spoiled(target, import.meta.url, source => ({
  async settle({ acks, others }) {
    setTimeout(() => void source.settle({ acks, others: [] }).catch(() => undefined), LAG)
    return others.length === 0 ? [] : source.settle({ acks: [], others })
  },
}))
