import { defineTarget, type Required, VIRTUAL_TIMING } from '@pluribus/conformance'
import { type MemoryStore, memory, memoryStore } from '@pluribus/memory'
import required from './required.json' with { type: 'json' }

const stores = new Map<string, MemoryStore>()

function storeCalled(name: string): MemoryStore {
  const store = stores.get(name) ?? memoryStore()
  stores.set(name, store)
  return store
}

export default defineTarget({
  name: 'memory',
  time: 'virtual',
  timing: VIRTUAL_TIMING,
  required: required as Required,
  settings: async run => ({ store: run.uniqueName() }),
  adapter: async ({ store }) => memory({ store: storeCalled(String(store)) }),
  cleanup: async ({ store }) => void stores.delete(String(store)),
})
