import { CLOCK, SUBSCRIPTION_KEYS, TOOLS, TOPIC_KEYS } from './common.js'
import { GATE } from './gate.js'
import { LEASE } from './lease.js'
import { ENTRIES, PLACING, SUBSCRIPTION_STATE, WALK } from './order.js'
import { lua, script } from './script.js'
import { TROUBLE } from './trouble.js'

/** What is due takes its place, and what is new its turn, before anything is taken. */
const CATCH_UP = lua`
-- What waited for its next attempt comes back at its place.
local function promote()
  local due = redis.call('ZRANGEBYSCORE', RETRYING, '-inf', now, 'LIMIT', 0, CHUNK)
  if #due == 0 then return true end
  local ready = {}
  for i, record in ipairs(read('HMGET', TROUBLES, due)) do
    ready[2 * i - 1], ready[2 * i] = trouble_of(record).score, due[i]
  end
  write('ZADD', READY, ready)
  write('ZREM', RETRYING, due)
  return #due < CHUNK
end

-- In fifo nothing new is served before it is taken, so it stays in the order until then. Elsewhere it may be served before
-- all that waits, so it is put among that.
local function take_in()
  if state.kind == 'fifo' then return true end
  local ready = {}
  walk(CHUNK, function(position, place, entry)
    local key, score = key_of(entry), score_of(entry, place)
    if key == nil or enter(key, position, score) then
      ready[#ready + 1], ready[#ready + 2] = score, position
    end
  end)
  write('ZADD', READY, ready)
  return state.cursor == state.seq
end
`

/** What a claim has taken, and what is left to take. */
const TAKING = lua`
local instance, lease_time, most
local taken, entries, records, troubles, weight = {}, {}, {}, {}, 0
local is_over = false

local function is_suspect(trouble)
  local lost = trouble.lost ~= '' and trouble.lost:sub(2) ~= instance
  return trouble.losses + (lost and 1 or 0) >= 2
end

-- Counts a loss, unless it comes back to who lost it.
local function judge(position, trouble)
  if trouble.lost ~= '' and trouble.lost:sub(2) ~= instance then
    trouble.losses = trouble.losses + 1
    if trouble.lost:byte(1) == 109 then trouble.marks = trouble.marks + 1 end
  end
  trouble.lost = ''
  if trouble.failures == 0 and trouble.losses == 0 then
    redis.call('HDEL', TROUBLES, position)
  else
    keep_trouble(position, trouble)
  end
end

local function report(position, entry, trouble)
  local at = #taken + 1
  taken[at], entries[at] = position, entry
  weight = weight + #entry
  if trouble and (trouble.failures > 0 or trouble.losses > 0) then
    troubles[#troubles + 1] = (at - 1) .. ' ' .. trouble.failures .. ' ' .. trouble.losses .. ' ' .. trouble.marks
  end
  if weight >= WEIGHTIEST then is_over = true end
end

local function room()
  return most - #taken
end

-- So few at once that reading them cannot take more memory than a reply should.
local function portion()
  return math.min(room(), math.max(1, math.floor(WEIGHTIEST / math.max(1, state.largest))))
end
`

/** First what came over from an earlier session, in the order of service. */
const TAKE_RESERVED = lua`
local claims = {}

-- They have claims of their own.
local function take_reserved(session)
  if redis.call('ZCARD', RESERVED) == 0 then return end
  local renewed, done = {}, {}
  for _, position in ipairs(redis.call('ZRANGE', RESERVED, 0, -1)) do
    if room() == 0 or is_over then break end
    local record = redis.call('HGET', LEASES, position)
    local lease = record and lease_of(position, record)
    if not lease or not lease.flags:find('r') then
      done[#done + 1] = position
    elseif lease.session == session then
      local trouble = trouble_of(redis.call('HGET', TROUBLES, position))
      if trouble.losses >= 2 then is_over = true end
      if is_over and #taken > 0 then break end
      lease.flags = lease.flags:gsub('r', '')
      lease.deadline = soon + lease_time
      renewed[#renewed + 1], renewed[#renewed + 2] = position, record_of(lease)
      done[#done + 1] = position
      claims[#claims + 1] = #taken .. ' ' .. lease.claim
      report(position, redis.call('HGET', LOG, position) or '', trouble)
    end
  end
  write('HSET', LEASES, renewed)
  write('ZREM', RESERVED, done)
end
`

/** Then what is ready, and in fifo what is new. */
const TAKE_READY = lua`
-- How the records of this claim begin.
local plain, special

local function lease_to(position, score, entry, key)
  local record = plain
  if key ~= nil or score ~= state.direction * position then
    record = special .. (key and 'k' or '') .. ':' .. text(score) .. ':' .. (key or '')
  end
  records[#records + 1], records[#records + 2] = position, record
end

-- Answers whether there may be more.
local function take_ready()
  local found = redis.call('ZRANGE', READY, 0, portion() - 1, 'WITHSCORES')
  if #found == 0 then return false end
  local positions, gone = {}, {}
  for i = 1, #found, 2 do positions[#positions + 1] = found[i] end
  local known = redis.call('HLEN', TROUBLES) > 0 and read('HMGET', TROUBLES, positions)
  for i, entry in ipairs(read('HMGET', LOG, positions)) do
    local position = positions[i]
    local trouble = known and known[i] and trouble_of(known[i])
    local suspect = trouble and is_suspect(trouble)
    if suspect and #taken > 0 then is_over = true end
    if is_over then break end
    gone[#gone + 1] = position
    if entry then
      if trouble then judge(position, trouble) end
      lease_to(tonumber(position), tonumber(found[2 * i]), entry, key_of(entry))
      report(position, entry, trouble)
    end
    if suspect then is_over = true end
  end
  write('ZREM', READY, gone)
  return true
end

-- Takes what is new; what finds its key held waits behind it.
local function take_new()
  local at, last = #taken, #records
  walk(portion(), function(position, place, entry)
    local key = key_of(entry)
    if key == nil or enter(key, position, place) then
      lease_to(position, place, entry, key)
      report(position, entry, nil)
      at, last = at + 1, last + 2
    end
  end, function(position, entry)
    at, last = at + 1, last + 2
    taken[at], entries[at] = position, entry
    records[last - 1], records[last] = position, plain
    weight = weight + #entry
  end)
  if weight >= WEIGHTIEST then is_over = true end
end
`

/**
 * Leases up to `max` messages to a session, in the order of service, and answers with them: the claim and their positions; troubles
 * and other claims, with the index before them; the entries. (One string of all of those takes longer to make than they take to
 * read.) A suspect comes alone.
 *
 * `GONE`: there is no such subscription. `REPLACED`: the session is over. `AGAIN`: there was so much to do first that it is to
 * be called again.
 *
 * ARGV: now, session, max, the most bytes of entries.
 */
export const CLAIM = script(
  'claim',
  'allow-oom',
  TOPIC_KEYS,
  SUBSCRIPTION_KEYS,
  CLOCK,
  TOOLS,
  SUBSCRIPTION_STATE,
  PLACING,
  ENTRIES,
  WALK,
  GATE,
  TROUBLE,
  LEASE,
  lua`local WEIGHTIEST = tonumber(ARGV[4])`,
  CATCH_UP,
  TAKING,
  TAKE_RESERVED,
  TAKE_READY,
  lua`
local session = ARGV[2]
if not place_due() then return {'AGAIN'} end
if not load_state() then return {'GONE'} end
local holder, seen = unpack(redis.call('HMGET', SESSIONS, session, 's' .. session))
if not holder then return {'REPLACED'} end
local hour = math.floor(now / 3600000)
if tonumber(seen) ~= hour then redis.call('HSET', SESSIONS, 's' .. session, hour) end
lease_time, instance = holder:match('^(%d+) (.*)$')
lease_time = tonumber(lease_time)
most = tonumber(ARGV[3])
if not promote() then return {'AGAIN'} end
expire()
local has_caught_up = take_in()
if not has_caught_up then
  save_gate()
  save_state()
  return {'AGAIN'}
end

state.claim = state.claim + 1
local claim = text(state.claim)
local common = claim .. ':' .. session .. ':' .. text(soon + lease_time)
plain, special = 'p' .. common .. PADDING, 'x' .. common .. ':' .. PADDING
if room() > 0 then take_reserved(session) end
while room() > 0 and not is_over and take_ready() do end
if state.kind == 'fifo' then
  while room() > 0 and not is_over and state.cursor < state.seq do take_new() end
end
write('HSET', LEASES, records)
if #taken > 0 then state.expiry = math.min(state.expiry, soon + lease_time) end
save_gate()
save_state()

local more = is_over
local due_in = -1
if room() > 0 and not more then
  if not state.asleep then redis.call('HSET', TOPIC, 'asleep', 1) end
  local due = math.min(state.expiry, now + lease_time)
  for _, key in ipairs({SCHEDULED, RETRYING}) do
    local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]
    if first then due = math.min(due, tonumber(first)) end
  end
  due_in = math.max(0, due - now)
end
return {'OK', due_in, more and 1 or 0, claim, table.concat(taken, ' '), troubles, claims, entries}
`,
)
