import { CLOCK, SUBSCRIPTION_KEYS, TOOLS, TOPIC_KEYS } from './common.js'
import { LEASE, SHARED_LEASES } from './lease.js'
import { SUBSCRIPTION_STATE } from './order.js'
import { lua, script } from './script.js'
import { TROUBLE } from './trouble.js'

const HEAD = [TOPIC_KEYS, SUBSCRIPTION_KEYS, CLOCK, TOOLS, SUBSCRIPTION_STATE, TROUBLE, SHARED_LEASES, LEASE]

/**
 * Opens a session, and moves to it what the holder's earlier one has: it stays leased, under new tokens. Answers the session
 * and how many came over; `STALE` where a later one was opened before.
 *
 * SESSIONS: by number `lease instance`; `h<holder>` says `number generation`; `s<number>` when it was last seen, in hours; `g<number>`
 * how many it has been handed over.
 *
 * ARGV: now, holder (empty: it follows nobody), generation, lease, instance.
 */
export const OPEN = script(
  'open',
  'allow-oom',
  ...HEAD,
  lua`
local holder, generation, lease_time, instance = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]

-- Claims are numbered by the clock where that is further: after a store has lost what it had, no token is given out twice.
local function next_claim()
  local time = redis.call('TIME')
  state.claim = math.max(state.claim + 1, time[1] * 1000000 + time[2])
  return text(state.claim)
end

local function take_over(from, to)
  local claim, order = next_claim(), {}
  each_lease(function(position, lease)
    if lease.session ~= from then return end
    lease.claim, lease.session, lease.deadline = claim, to, soon + lease_time
    if not lease.flags:find('r') then lease.flags = lease.flags .. 'r' end
    change_lease(position, lease)
    order[#order + 1], order[#order + 2] = lease.score, position
  end)
  write('ZADD', RESERVED, order)
  redis.call('HDEL', SESSIONS, from, 's' .. from, 'g' .. from)
  return #order / 2
end

if not load_state() then return {'GONE'} end
local before, last = nil, nil
if holder ~= '' then
  before, last = (redis.call('HGET', SESSIONS, 'h' .. holder) or ''):match('^(%d+) (%d+)$')
  if last and tonumber(last) >= generation then return {'STALE'} end
end
local session = text(redis.call('HINCRBY', STATE, 'sessions', 1))
redis.call('HSET', SESSIONS, session, text(lease_time) .. ' ' .. instance, 's' .. session, math.floor(now / 3600000))
if holder ~= '' then redis.call('HSET', SESSIONS, 'h' .. holder, session .. ' ' .. text(generation)) end
local count = 0
if before then
  count = take_over(before, session)
else
  next_claim()
end
state.expiry = math.min(state.expiry, soon + lease_time)
redis.call('HSET', STATE, 'claim', state.claim, 'expiry', state.expiry)
save_leases()
if before then wake() end
return {'OK', session, count}
`,
)

/**
 * Gives back all that a session holds, and forgets it.
 *
 * ARGV: now, session, holder.
 */
export const CLOSE = script(
  'close',
  'allow-oom',
  ...HEAD,
  lua`
local session, holder = ARGV[2], ARGV[3]
if not load_state() then return {'OK'} end
local ready = {}
each_lease(function(position, lease)
  if lease.session ~= session then return end
  ready[#ready + 1], ready[#ready + 2] = lease.score, position
  end_lease(position, lease)
end)
write('ZADD', READY, ready)
save_leases()
redis.call('HDEL', SESSIONS, session, 's' .. session, 'g' .. session)
local latest = redis.call('HGET', SESSIONS, 'h' .. holder)
if latest and latest:match('^%d+') == session then redis.call('HDEL', SESSIONS, 'h' .. holder) end
wake()
return {'OK'}
`,
)

/**
 * Leases last from now. Answers the indexes of those that are lost.
 *
 * ARGV: now, lease, tokens as `first last claim …`.
 */
export const RENEW = script(
  'renew',
  'allow-oom',
  ...HEAD,
  lua`
local deadline = soon + tonumber(ARGV[2])
-- By claim: which of what it shares are renewed.
local kept, lost, index = {}, {}, 0

local function renew(position, claim)
  local lease = lease_of(position, claim)
  if not lease then
    lost[#lost + 1] = index
  elseif lease.shared then
    kept[claim] = kept[claim] or {}
    kept[claim][position] = true
  else
    lease.deadline = deadline
    change_lease(position, lease)
  end
  index = index + 1
end

for first, last, claim in ARGV[3]:gmatch('(%d+) (%d+) (%d+)') do
  for position = tonumber(first), tonumber(last) do renew(text(position), claim) end
end
for claim, positions in pairs(kept) do
  local shared = shared_of(claim)
  -- Mostly none is left: one holder renews all that it has.
  each_shared(shared, function(position, lease)
    if not positions[position] then change_lease(position, lease) end
  end)
  shared.deadline, shared.is_changed = deadline, true
end
save_leases()
return {'OK', unpack(lost)}
`,
)

/**
 * Notes that a message is being run, alone. `STALE` where its lease is lost.
 *
 * ARGV: now, position, claim.
 */
export const MARK = script(
  'mark',
  'allow-oom',
  ...HEAD,
  lua`
local position = ARGV[2]
local lease = lease_of(position, ARGV[3])
if not lease then return {'STALE'} end
if not lease.flags:find('m') then lease.flags = lease.flags .. 'm' end
change_lease(position, lease)
save_leases()
return {'OK'}
`,
)

/**
 * Nothing is to be handed over to a session any more. What is on its way is not held up.
 *
 * ARGV: now, session.
 */
export const WITHDRAW = script(
  'withdraw',
  'allow-oom',
  TOPIC_KEYS,
  SUBSCRIPTION_KEYS,
  TOOLS,
  SUBSCRIPTION_STATE,
  lua`
if not load_state() then return {'OK'} end
local rest = without(state.waiting, state.name, ARGV[2])
if rest ~= state.waiting then redis.call('HSET', TOPIC, 'waiting', rest) end
return {'OK'}
`,
)
