import { defineTarget, LOCAL_TIMING, type Required, type Settings } from '@pluribus/conformance'
import { nats } from '@pluribus/nats'
import { lazyBroker } from '@pluribus/test-brokers'
import required from './required.json' with { type: 'json' }
import { dropStreams, foreignClient } from './test/foreign.ts'
import { onFullStore } from './test/full-store.ts'

const server = lazyBroker('nats')

const placeOf = ({ server, prefix }: Settings) => ({ server: String(server), prefix: String(prefix) })

const adapter = async (settings: Settings) => {
  const { server, prefix } = placeOf(settings)
  return nats({ servers: server, prefix, deduplicationWindow: '2s' })
}

/** What a case has left is dropped behind the back of its proxy, which may still be closed. */
async function cleanup(settings: Settings): Promise<void> {
  const { port } = await server.address()
  await dropStreams({ ...placeOf(settings), server: `127.0.0.1:${port}` })
}

export default defineTarget({
  name: 'nats',
  time: 'real',
  timing: LOCAL_TIMING,
  required: required as Required,
  settings: async run => {
    const { host, port } = run.address ?? (await server.address())
    return { server: `${host}:${port}`, prefix: run.uniqueName() }
  },
  adapter,
  cleanup,
  hooks: {
    module: import.meta.url,
    address: server.address,
    broker: server.control,
    failingStore: async (settings, faults) => onFullStore(await adapter(settings), placeOf(settings), faults),
    raw: settings => foreignClient(placeOf(settings)),
  },
})
