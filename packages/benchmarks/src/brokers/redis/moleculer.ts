import { openMoleculer } from '../../server/moleculer.ts'
import { PEER_SCENARIOS } from '../../server/scenarios.ts'
import type { Queue, Setup, Subject } from '../../subject.ts'
import { connect } from './client.ts'
import { leftInGroup } from './group.ts'

async function open(setup: Setup): Promise<Queue> {
  const { hostname: host, port } = new URL(setup.url)
  const client = await connect(setup.url)
  return openMoleculer({
    type: 'Redis',
    options: { redis: { host, port: Number(port) } },
    account: { left: () => leftInGroup(client, 'orders.placed'), close: () => client.disconnect() },
  })
}

export const moleculer: Subject = {
  name: 'moleculer',
  what: 'peer: moleculer-channels on Redis streams, 256 in flight',
  keeps: true,
  isSlow: true,
  only: PEER_SCENARIOS,
  open,
}
