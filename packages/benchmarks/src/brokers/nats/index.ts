import type { BenchedBroker } from '../../broker.ts'
import { SERVER_SCENARIOS } from '../../server/scenarios.ts'
import { goals } from './goals.ts'
import { moleculer } from './moleculer.ts'
import { nest } from './nest.ts'
import { plain } from './plain.ts'
import { pluribus } from './pluribus.ts'
import { rawEqual } from './raw-equal.ts'
import { rawMinimal } from './raw-minimal.ts'

export const broker: BenchedBroker = {
  name: 'nats',
  ours: pluribus.name,
  subjects: [pluribus, rawMinimal, rawEqual, plain, moleculer, nest],
  goals,
  scenarios: SERVER_SCENARIOS,
  place: 'nats',
  versions: [
    '@pluribus/core',
    '@pluribus/nats',
    '@nats-io/transport-node',
    '@nats-io/jetstream',
    '@moleculer/channels',
    'nats',
    '@nestjs/microservices',
  ],
}
