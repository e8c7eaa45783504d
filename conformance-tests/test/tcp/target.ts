import { createServer } from 'node:net'
import { join } from 'node:path'
import { defineTarget, LOCAL_TIMING, localProcess } from '@pluribus/conformance'
import { SABOTEURS } from '@pluribus/conformance/saboteurs'
import { tcp } from './adapter.ts'

const host = '127.0.0.1'

/** A port that nobody listens on. */
const freePort = (): Promise<number> =>
  new Promise(resolve => {
    const server = createServer().listen(0, host, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

const address = { host, port: await freePort() }
const server = join(import.meta.dirname, 'server.ts')

export const broker = localProcess({ command: process.execPath, args: [server, String(address.port)], address })

/** The broker of `server.ts`, in real time, with everything around it. */
export default defineTarget({
  name: 'tcp',
  time: 'real',
  // A lease outlasts what a busy machine keeps this process waiting: with 600 ms, a pause of 750 made SHD-01 fail, rightly.
  timing: { ...LOCAL_TIMING, lease: 1_500, delay: 150, quiet: 100, recover: 5_000 },
  required: { claims: ['fifo:exact', 'durability:process'] },
  settings: async run => ({ ...(run.address ?? address), store: run.uniqueName() }),
  adapter: async ({ host, port, store, saboteur }) => {
    const adapter = tcp({ host: String(host), port: Number(port), store: String(store) })
    return SABOTEURS.find(({ name }) => name === saboteur)?.adapter(adapter) ?? adapter
  },
  hooks: {
    module: import.meta.url,
    address: async () => address,
    broker,
  },
})
