import type { BenchedBroker } from '../../broker.ts'
import { SERVER_SCENARIOS } from '../../server/scenarios.ts'
import { pluribus } from '../pluribus.ts'
import { beeQueue } from './bee-queue.ts'
import { bullmq } from './bullmq.ts'
import { goals } from './goals.ts'
import { moleculer } from './moleculer.ts'
import { nest } from './nest.ts'
import { rawEqual } from './raw-equal.ts'
import { rawMinimal } from './raw-minimal.ts'
import { rawStream } from './raw-stream.ts'
import { serverStats } from './server-stats.ts'

export const broker: BenchedBroker = {
  name: 'redis',
  ours: pluribus.name,
  subjects: [pluribus, rawMinimal, rawStream, rawEqual, bullmq, beeQueue, moleculer, nest],
  goals,
  scenarios: SERVER_SCENARIOS,
  place: 'redis',
  serverStats,
  versions: [
    '@pluribus/core',
    '@pluribus/redis',
    'ioredis-6',
    'ioredis',
    'bullmq',
    'bee-queue',
    '@moleculer/channels',
    '@nestjs/microservices',
  ],
}
