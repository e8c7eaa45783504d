import { CLOCK, SUBSCRIPTION_KEYS, TOOLS, TOPIC_KEYS } from './common.js'
import { PLACING, SUBSCRIPTION_STATE } from './order.js'
import { lua, script } from './script.js'

/** How many are waiting, leased, retrying, scheduled, dead. What is due is noticed first, because nobody may be consuming. */
export const COUNTS = script(
  'counts',
  'allow-oom',
  TOPIC_KEYS,
  SUBSCRIPTION_KEYS,
  CLOCK,
  TOOLS,
  SUBSCRIPTION_STATE,
  PLACING,
  lua`
while not place_due() do end
if not load_state() then return {'GONE'} end
local placed = tonumber(redis.call('HGET', TOPIC, 'placed'))
local due = redis.call('ZCOUNT', RETRYING, '-inf', now)
local waiting = placed - state.passed + redis.call('ZCARD', READY) + redis.call('HLEN', PARKED) + due
local scheduled = redis.call('ZCARD', SCHEDULED)
if state.foreign > 0 then
  -- What of it is due stands in the order, and is passed when somebody comes there.
  waiting = waiting - state.foreign
  for _, member in ipairs(redis.call('ZRANGE', SCHEDULED, 0, -1)) do
    if tonumber(member:sub(2)) < state.start then scheduled, waiting = scheduled - 1, waiting + 1 end
  end
end
local leased = redis.call('HLEN', LEASES)
for _, record in ipairs(redis.call('HVALS', CLAIMS)) do
  local _, held = record:match('[^:]*$'):gsub('1', '')
  leased = leased + held
end
return {'OK', waiting, leased, redis.call('ZCARD', RETRYING) - due, scheduled, redis.call('ZCARD', DEAD)}
`,
)
