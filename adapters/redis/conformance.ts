import { defineTarget, LOCAL_TIMING, type Required, type Settings } from '@pluribus/conformance'
import { redis } from '@pluribus/redis'
import { lazyBroker } from '@pluribus/test-brokers'
import required from './required.json' with { type: 'json' }
import { ForeignClient } from './test/foreign-client.ts'
import { onFullServer } from './test/full-store.ts'

const server = lazyBroker('redis')

const adapter = async ({ url, prefix }: Settings) =>
  redis({ url: String(url), prefix: String(prefix), deduplicationWindow: '5s' })

export default defineTarget({
  name: 'redis',
  time: 'real',
  // The window of de-duplication is as long as an outage may be: long enough to outlive one, short enough to be waited for.
  timing: { ...LOCAL_TIMING, recover: 5_000 },
  required: required as Required,
  settings: async run => {
    const { host, port } = run.address ?? (await server.address())
    return { url: `redis://${host}:${port}`, prefix: run.uniqueName() }
  },
  adapter,
  hooks: {
    module: import.meta.url,
    address: server.address,
    broker: server.control,
    failingStore: async (settings, faults) => onFullServer(await adapter(settings), String(settings.url), faults),
    raw: async ({ url, prefix }) => new ForeignClient(String(url), String(prefix)),
  },
})
