import target from '../../../../examples/sqlite-adapter/conformance-real.ts'
import { spoiled } from './spoil.ts'

/** What is handed out counts as handled: whoever dies takes it along. */
export default spoiled(target, import.meta.url, source => ({
  async pull(max) {
    const pulled = await source.pull(max)
    await source.settle({ acks: pulled.deliveries.map(({ token }) => token), others: [] })
    return pulled
  },
  settle: async () => [],
  renew: async () => [],
}))
