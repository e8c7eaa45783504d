import { Nest } from '../../server/nest.ts'
import { FLOWING_SCENARIOS } from '../../server/scenarios.ts'
import type { Setup, Subject } from '../../subject.ts'

async function open({ url }: Setup): Promise<Nest> {
  const { ClientRedis, ServerRedis } = await import('@nestjs/microservices')
  const { hostname: host, port } = new URL(url)
  const options = { host, port: Number(port) }
  return new Nest({ client: new ClientRedis(options), server: new ServerRedis(options) })
}

export const nest: Subject = {
  name: 'nest',
  what: 'peer: the Redis transport of NestJS: pub/sub, at most once, nothing stored',
  keeps: false,
  only: FLOWING_SCENARIOS,
  open,
}
