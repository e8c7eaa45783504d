import { SUBSCRIPTION_KEYS, TOPIC_KEYS } from './common.js'
import { lua, script } from './script.js'
import { WAITING } from './waiting.js'

/**
 * Deletes a subscription with all that it has. Its sources find that when they pull: they are told to.
 *
 * ARGV: now, name.
 */
export const REMOVE = script(
  'remove',
  'allow-oom',
  TOPIC_KEYS,
  SUBSCRIPTION_KEYS,
  WAITING,
  lua`
redis.call('UNLINK', STATE, READY, LEASES, RETRYING, HOLDERS, PARKED, TROUBLES, ERRORS, DEAD, DEATHS, SESSIONS, RESERVED,
  CLAIMS)
if redis.call('HDEL', TOPIC, 'sub:' .. ARGV[2]) == 1 then
  redis.call('HSET', TOPIC, 'waiting', without_all(redis.call('HGET', TOPIC, 'waiting') or ';', ARGV[2]))
  redis.call('PUBLISH', TOPIC, ARGV[2])
end
return {'OK'}
`,
)
