import { CLOCK, SUBSCRIPTION_KEYS, TOOLS, TOPIC_KEYS } from './common.js'
import { GATE } from './gate.js'
import { LEASE } from './lease.js'
import { ENTRIES, SUBSCRIPTION_STATE } from './order.js'
import { lua, script } from './script.js'
import { TROUBLE } from './trouble.js'

/** How deliveries end. Answers which tokens were stale, by their index, acks first. Needs LEASE, GATE, ENTRIES. */
const ENDINGS = lua`
local stale, ended, ready = {}, {}, {}

-- What one claim has taken mostly has one record, and is mostly acked together.
local last_record, last_claim

-- Ends the lease that a token stands for, once; nil where it is stale.
local function take_back(position, claim, record)
  if ended[position] then return nil end
  if record ~= last_record or claim ~= last_claim then
    if not is_held(record, claim) then return nil end
    last_record, last_claim = record, claim
  end
  ended[position] = true
  return record
end

local function open_key(record, position)
  if record:byte(1) ~= 120 then return end
  local lease = lease_of(position, record)
  if not lease.flags:find('k') then return end
  local next_position, score = leave(lease.key)
  if next_position then ready[#ready + 1], ready[#ready + 2] = score, next_position end
end

local function ack_all(tokens)
  local positions, claims, gone = {}, {}, {}
  for position, claim in tokens:gmatch('(%d+) (%d+)') do
    positions[#positions + 1], claims[#claims + 1] = position, claim
  end
  for i, record in ipairs(read('HMGET', LEASES, positions)) do
    local position = positions[i]
    if take_back(position, claims[i], record) then
      gone[#gone + 1] = position
      open_key(record, position)
    else
      stale[#stale + 1] = i - 1
    end
  end
  write('HDEL', LEASES, gone)
  forget(gone)
  return #positions
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

local function reject(position, lease, record, reason, attempts, errors)
  local trouble = trouble_of(redis.call('HGET', TROUBLES, position))
  local count = trouble.errors
  for _, each in ipairs(errors) do count = add_error(position, count, each) end
  local id = id_of(redis.call('HGET', LOG, position) or ('m' .. string.rep('\0', 11)))
  redis.call('ZADD', DEAD, redis.call('HINCRBY', STATE, 'deaths', 1), position)
  redis.call('HSET', DEATHS, position, attempts .. ' ' .. trouble.losses .. ' ' .. text(now) .. ' ' .. count .. ' ' .. reason)
  local same = redis.call('HGET', DEATHS, 'i' .. id)
  redis.call('HSET', DEATHS, 'i' .. id, same and (same .. ' ' .. position) or position)
  redis.call('HDEL', TROUBLES, position)
  open_key(record, position)
end
`

/**
 * ARGV: now, acks as `position claim position claim …`, then the others: `retry position claim delay error`,
 * `release position claim`, `reject position claim reason attempts count error …`.
 */
export const SETTLE = script(
  'settle',
  'allow-oom',
  TOPIC_KEYS,
  SUBSCRIPTION_KEYS,
  CLOCK,
  TOOLS,
  SUBSCRIPTION_STATE,
  ENTRIES,
  GATE,
  TROUBLE,
  LEASE,
  lua`local must_wake = false`,
  ENDINGS,
  lua`
if not load_state() then return {'GONE'} end
local index = ack_all(ARGV[2])
local at = 3
while ARGV[at] do
  local kind, position, claim = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local record = take_back(position, claim, redis.call('HGET', LEASES, position))
  local lease = record and lease_of(position, record)
  if lease then
    redis.call('HDEL', LEASES, position)
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
      reject(position, lease, record, ARGV[at + 3], ARGV[at + 4], {unpack(ARGV, at + 6, at + 5 + count)})
    end
    at = at + 6 + count
  end
end
write('ZADD', READY, ready)
save_gate()
if must_wake or #ready > 0 then wake() end
return {'OK', unpack(stale)}
`,
)
