import {
  type BrokerControl,
  defineTarget,
  type Required,
  type StoreFaults,
  type TargetTime,
  VIRTUAL_TIMING,
} from '@pluribus/conformance'
import { SimLogServer, simLog } from '@pluribus/core/testing'
import { foreignClient } from './foreign-client.ts'
import required from './required.json' with { type: 'json' }

const servers = new Map<string, SimLogServer>()
/** What the disks of servers ask, where a case wants them to fail. */
const disks = new Map<string, StoreFaults>()

/** A server lives in the time of its case. */
function serverCalled(name: string, { clock, timers }: TargetTime): SimLogServer {
  const known = servers.get(name)
  if (known !== undefined) return known
  const time = { now: () => clock.now(), monotonic: () => clock.monotonic(), timers }
  const beforeAppend = () => disks.get(name)?.before('append')
  // Positions have gaps, as those of transactions and of compacted topics have.
  const server = new SimLogServer({ clock: time, markers: 0.1, beforeAppend })
  servers.set(name, server)
  return server
}

/** The server of a case, once something has connected to it. */
function control(name: string): BrokerControl {
  const find = () => servers.get(name)
  const crash = async () => find()?.crash()
  return {
    get isRunning() {
      return find()?.isUp ?? true
    },
    start: async () => find()?.restart(),
    // It has nothing to say when it goes: what it has confirmed is stored.
    stop: crash,
    kill: crash,
    freeze: async () => find()?.freeze(),
    resume: async () => find()?.resume(),
    wipe: async () => find()?.wipe(),
  }
}

export default defineTarget({
  name: 'sim-log',
  time: 'virtual',
  timing: VIRTUAL_TIMING,
  required: required as Required,
  settings: async run => ({ server: run.uniqueName() }),
  adapter: async ({ server }, time) => simLog({ server: serverCalled(String(server), time) }),
  async cleanup({ server }) {
    servers.delete(String(server))
    disks.delete(String(server))
  },
  hooks: {
    broker: ({ server }) => control(String(server)),
    raw: ({ server }, time) => foreignClient(serverCalled(String(server), time)),
    async failingStore({ server }, faults, time) {
      disks.set(String(server), faults)
      return simLog({ server: serverCalled(String(server), time) })
    },
  },
})
