import { CLOCK, SUBSCRIPTION_KEYS, TOOLS, TOPIC_KEYS } from './common.js'
import { LEASE } from './lease.js'
import { SUBSCRIPTION_STATE } from './order.js'
import { lua, script } from './script.js'
import { TROUBLE } from './trouble.js'

const HEAD = [TOPIC_KEYS, SUBSCRIPTION_KEYS, CLOCK, TOOLS, SUBSCRIPTION_STATE, TROUBLE, LEASE]

/**
 * Opens a session, and moves to it what the holder's earlier one has: it stays leased, under new tokens. Answers the session
 * and how many came over; `STALE` where a later one was opened before.
 *
 * SESSIONS: by number `lease instance`; `h<holder>` says `number generation`; `s<number>` when it was last seen, in hours.
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
  local claim, moved, order = next_claim(), {}, {}
  each_lease(function(position, lease)
    if lease.session ~= from then return end
    lease.claim, lease.session, lease.deadline = claim, to, soon + lease_time
    if not lease.flags:find('r') then lease.flags = lease.flags .. 'r' end
    moved[#moved + 1], moved[#moved + 2] = position, record_of(lease)
    order[#order + 1], order[#order + 2] = lease.score, position
  end)
  write('HSET', LEASES, moved)
  write('ZADD', RESERVED, order)
  redis.call('HDEL', SESSIONS, from, 's' .. from)
  return #moved / 2
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
local ready, gone = {}, {}
each_lease(function(position, lease)
  if lease.session ~= session then return end
  ready[#ready + 1], ready[#ready + 2] = lease.score, position
  gone[#gone + 1] = position
end)
write('ZADD', READY, ready)
write('HDEL', LEASES, gone)
redis.call('HDEL', SESSIONS, session, 's' .. session)
local latest = redis.call('HGET', SESSIONS, 'h' .. holder)
if latest and latest:match('^%d+') == session then redis.call('HDEL', SESSIONS, 'h' .. holder) end
wake()
return {'OK'}
`,
)

/**
 * Leases last from now. Answers the indexes of those that are lost.
 *
 * ARGV: now, lease, tokens as `position claim …`.
 */
export const RENEW = script(
  'renew',
  'allow-oom',
  ...HEAD,
  lua`
local deadline = text(soon + tonumber(ARGV[2]))
local positions, claims, renewed, lost = {}, {}, {}, {}
for position, claim in ARGV[3]:gmatch('(%d+) (%d+)') do
  positions[#positions + 1], claims[#claims + 1] = position, claim
end
for i, record in ipairs(read('HMGET', LEASES, positions)) do
  if is_held(record, claims[i]) then
    local head, rest = record:match('^(.%d+:%d+:)%d+(.*)$')
    renewed[#renewed + 1], renewed[#renewed + 2] = positions[i], head .. deadline .. rest
  else
    lost[#lost + 1] = i - 1
  end
end
write('HSET', LEASES, renewed)
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
local record = redis.call('HGET', LEASES, position)
if not is_held(record, ARGV[3]) or not load_state() then return {'STALE'} end
local lease = lease_of(position, record)
if not lease.flags:find('m') then lease.flags = lease.flags .. 'm' end
redis.call('HSET', LEASES, position, record_of(lease))
return {'OK'}
`,
)
