import { CLOCK, SUBSCRIPTION_KEYS, TOOLS, TOPIC_KEYS } from './common.js'
import { GATE } from './gate.js'
import { LEASE, SHARED_LEASES } from './lease.js'
import { ENTRIES, SUBSCRIPTION_STATE } from './order.js'
import { lua, script } from './script.js'
import { TROUBLE } from './trouble.js'

/** Most calls have nothing but acks of what claims share. They need nothing of what follows, which takes longer to define than this to do. */
const ACKS_ALONE = lua`
-- Answers whether that was all.
local function ack_shared()
  for first, last, claim in ARGV[2]:gmatch('(%d+) (%d+) (%d+)') do
    first, last = tonumber(first), tonumber(last)
    local shared = shared_of(claim)
    if not has_all(shared, first, last) then return false end
    take_out(shared, first, last)
  end
  save_shared()
  return true
end

if not ARGV[3] then
  if ack_shared() then return {'OK'} end
  shared_leases = {}
end
`

/** How deliveries end. Answers which tokens were stale, by their index, acks first. Needs LEASE, GATE, ENTRIES. */
const ENDINGS = lua`
local stale, ready = {}, {}

local function open_key(lease)
  if not lease.key then return end
  local next_position, score = leave(lease.key)
  if next_position then ready[#ready + 1], ready[#ready + 2] = score, next_position end
end

-- What is not shared: positions and their claims, and the indexes of their tokens.
local function ack_own(positions, claims, indexes)
  local gone = {}
  for i, record in ipairs(read('HMGET', LEASES, positions)) do
    local position = positions[i]
    if is_held(record, claims[i]) and not is_ended[position] then
      end_own(position)
      gone[#gone + 1] = position
      if record:byte(1) == 107 then open_key(own_from(record)) end
    else
      stale[#stale + 1] = indexes[i]
    end
  end
  forget(gone)
end

-- Answers how many tokens these are.
local function ack_all(tokens)
  local positions, claims, indexes, count = {}, {}, {}, 0
  for first, last, claim in tokens:gmatch('(%d+) (%d+) (%d+)') do
    first, last = tonumber(first), tonumber(last)
    local shared = shared_of(claim)
    if has_all(shared, first, last) then
      take_out(shared, first, last)
      count = count + last - first + 1
    else
      for position = first, last do
        if has_all(shared, position, position) then
          take_out(shared, position, position)
        else
          local at = #positions + 1
          positions[at], claims[at], indexes[at] = text(position), claim, count
        end
        count = count + 1
      end
    end
  end
  ack_own(positions, claims, indexes)
  return count
end

local function give_back(position, score)
  ready[#ready + 1], ready[#ready + 2] = score, position
end

local function retry(position, lease, delay, record)
  local trouble = trouble_of(redis.call('HGET', TROUBLES, position))
  trouble.failures, trouble.losses, trouble.marks = trouble.failures + 1, 0, 0
  trouble.errors = add_error(position, trouble.errors, record)
  trouble.score = lease.score
  keep_trouble(position, trouble)
  if delay == 0 then
    give_back(position, lease.score)
  else
    redis.call('ZADD', RETRYING, soon + delay, position)
    must_wake = true
  end
end

local function reject(position, lease, reason, attempts, errors)
  local trouble = trouble_of(redis.call('HGET', TROUBLES, position))
  local count = trouble.errors
  for _, each in ipairs(errors) do count = add_error(position, count, each) end
  local id = id_of(redis.call('HGET', LOG, position) or ('m' .. string.rep('\0', 11)))
  redis.call('ZADD', DEAD, redis.call('HINCRBY', STATE, 'deaths', 1), position)
  redis.call('HSET', DEATHS, position, attempts .. ' ' .. trouble.losses .. ' ' .. text(now) .. ' ' .. count .. ' ' .. reason)
  local same = redis.call('HGET', DEATHS, 'i' .. id)
  redis.call('HSET', DEATHS, 'i' .. id, same and (same .. ' ' .. position) or position)
  redis.call('HDEL', TROUBLES, position)
  open_key(lease)
end
`

/**
 * ARGV: now, acks as `first last claim …`, then the others: `retry position claim delay error`,
 * `release position claim`, `reject position claim reason attempts count error …`.
 */
export const SETTLE = script(
  'settle',
  'allow-oom',
  TOPIC_KEYS,
  SUBSCRIPTION_KEYS,
  TOOLS,
  SHARED_LEASES,
  ACKS_ALONE,
  CLOCK,
  SUBSCRIPTION_STATE,
  ENTRIES,
  GATE,
  TROUBLE,
  LEASE,
  lua`local must_wake = false`,
  ENDINGS,
  lua`
local index = ack_all(ARGV[2])
local at = 3
while ARGV[at] do
  local kind, position, claim = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local lease = lease_of(position, claim)
  if lease then
    end_lease(position, lease)
  else
    stale[#stale + 1] = index
  end
  index = index + 1
  if kind == 'release' then
    at = at + 3
    if lease then give_back(position, lease.score) end
  elseif kind == 'retry' then
    if lease then retry(position, lease, tonumber(ARGV[at + 3]), ARGV[at + 4]) end
    at = at + 5
  else
    local count = tonumber(ARGV[at + 5])
    if lease then
      reject(position, lease, ARGV[at + 3], ARGV[at + 4], {unpack(ARGV, at + 6, at + 5 + count)})
    end
    at = at + 6 + count
  end
end
write('ZADD', READY, ready)
save_leases()
save_gate()
if (must_wake or #ready > 0) and load_state() then wake() end
return {'OK', unpack(stale)}
`,
)
