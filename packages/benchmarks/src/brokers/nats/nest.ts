import { Nest } from '../../server/nest.ts'
import { FLOWING_SCENARIOS } from '../../server/scenarios.ts'
import type { Setup, Subject } from '../../subject.ts'

async function open({ url }: Setup): Promise<Nest> {
  const { ClientNats, ServerNats } = await import('@nestjs/microservices')
  const options = { servers: [url] }
  return new Nest({ client: new ClientNats(options), server: new ServerNats(options) })
}

export const nest: Subject = {
  name: 'nest',
  what: 'peer: the NATS transport of NestJS: core NATS, at most once, nothing stored',
  keeps: false,
  only: FLOWING_SCENARIOS,
  open,
}
