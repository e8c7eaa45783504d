import { openMoleculer } from '../../server/moleculer.ts'
import { PEER_SCENARIOS } from '../../server/scenarios.ts'
import type { Queue, Setup, Subject } from '../../subject.ts'
import { openAccount } from './account.ts'

async function open({ url }: Setup): Promise<Queue> {
  const options = { nats: { connectionOptions: { servers: url } } }
  return openMoleculer({ type: 'NATS', options, account: await openAccount(url) })
}

export const moleculer: Subject = {
  name: 'moleculer',
  what: 'peer: moleculer-channels on JetStream, 256 in flight',
  keeps: true,
  isSlow: true,
  only: PEER_SCENARIOS,
  open,
}
