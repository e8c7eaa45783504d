import type { BrokerKind } from '../../src/index.ts'
import type { Contents } from './contents.ts'
import { natsContents } from './nats.ts'
import { redisContents } from './redis.ts'

export const CONTENTS: Readonly<Record<BrokerKind, Contents>> = { redis: redisContents, nats: natsContents }
