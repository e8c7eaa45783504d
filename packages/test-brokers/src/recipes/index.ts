import type { Recipe } from '../recipe.ts'
import type { BrokerKind } from '../test-broker.ts'
import { kafka } from './kafka.ts'
import { nats } from './nats.ts'
import { postgres } from './postgres.ts'
import { rabbitmq } from './rabbitmq.ts'
import { redis } from './redis.ts'

/** How each kind of server is found, run and asked. */
export const RECIPES: Readonly<Record<BrokerKind, Recipe>> = { redis, postgres, nats, rabbitmq, kafka }
