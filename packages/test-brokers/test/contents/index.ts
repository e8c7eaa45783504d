import type { BrokerKind } from '../../src/index.ts'
import type { Contents } from './contents.ts'
import { kafkaContents } from './kafka.ts'
import { natsContents } from './nats.ts'
import { postgresContents } from './postgres.ts'
import { rabbitmqContents } from './rabbitmq.ts'
import { redisContents } from './redis.ts'

export const CONTENTS: Readonly<Record<BrokerKind, Contents>> = {
  redis: redisContents,
  postgres: postgresContents,
  nats: natsContents,
  rabbitmq: rabbitmqContents,
  kafka: kafkaContents,
}
