import { OF_SUBSCRIPTION, OF_TOPIC } from '../keys.js'
import { CLOCK, TOOLS, TOPIC_KEYS } from './common.js'
import { lua, script } from './script.js'

/** A key of the subscription whose first one stands at `at`. */
const at = (part: (typeof OF_SUBSCRIPTION)[number]): string => `KEYS[at + ${OF_SUBSCRIPTION.indexOf(part)}]`

/** Whether a subscription has still to do with messages. Each has its keys, behind those of the topic. */
const PENDING = lua`
local subscriptions = {}
for at = ${OF_TOPIC.length + 1}, #KEYS, ${OF_SUBSCRIPTION.length} do
  local state = redis.call('HMGET', ${at('state')}, 'cursor', 'start')
  if state[1] then
    subscriptions[#subscriptions + 1] = {
      cursor = tonumber(state[1]), start = tonumber(state[2]),
      hashes = {${at('leases')}, ${at('parked')}, ${at('troubles')}}, sets = {${at('ready')}, ${at('dead')}},
      sessions = ${at('sessions')}, leases = ${at('leases')}, claims = ${at('claims')},
    }
  end
end

-- By index: whether anybody has not handled a message that stands at a place. Not placed yet: everybody has it before them.
local function pending_of(positions, places)
  local pending = {}
  for i, place in ipairs(places) do
    for _, each in ipairs(subscriptions) do
      if positions[i] >= each.start and place > each.cursor then pending[i] = true end
    end
  end
  local function look(count, ask, key)
    if redis.call(count, key) == 0 then return end
    for i, value in ipairs(read(ask, key, positions)) do pending[i] = pending[i] or value ~= false end
  end
  -- What a claim shares.
  local function look_into(record)
    local first, held = record:match('^%d+:%d+:(%d+):(%d+)$')
    for i, position in ipairs(positions) do
      local at = position - first + 1
      pending[i] = pending[i] or (at >= 1 and held:byte(at) == 49)
    end
  end
  for _, each in ipairs(subscriptions) do
    for _, record in ipairs(redis.call('HVALS', each.claims)) do look_into(record) end
    for _, key in ipairs(each.hashes) do look('HLEN', 'HMGET', key) end
    for _, key in ipairs(each.sets) do look('ZCARD', 'ZMSCORE', key) end
  end
  return pending
end
`

/** How far retention has come. */
const LIMITS = lua`
local CHUNK = 1000
local rule, age_or_time, most_bytes = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local topic = redis.call('HMGET', TOPIC, 'seq', 'swept', 'bytes', 'floor', 'removed', 'largest', 'again')
for i = 1, 7 do topic[i] = tonumber(topic[i]) or 0 end
local seq, swept, bytes, floor, removed, largest, again = unpack(topic)
local portion = math.max(1, math.min(CHUNK, math.floor(8388608 / math.max(1, largest))))

local function size_of(entry)
  if #entry < 12 then return #entry end
  local a, b, c, d = entry:byte(9, 12)
  return ((a * 256 + b) * 256 + c) * 256 + d
end

-- The first position that was stored at or after a time.
local function since(time)
  local first = redis.call('ZRANGEBYSCORE', TIMES, time, '+inf', 'LIMIT', 0, 1)[1]
  return first and tonumber(first) or seq + 1
end

-- What stands from one number to another: shows lists of numbers to be read; and what was stored together, by its first and last number
-- and its bytes, which may reach further than was asked for, and answers how far it was looked at. Answers how far all of it was.
local function each_stretch(first, last, read_them, know_them)
  local names, numbers = {}, {}
  for number = first, last do names[number - first + 1] = string.format('s%d', number) end
  local marks, number = read('HMGET', LOG, names), first
  while number <= last do
    local mark = marks[number - first + 1]
    if mark then
      local to, sum = mark:match('^(%d+) (%d+)$')
      if #numbers > 0 then read_them(numbers) end
      numbers = {}
      number = know_them(number, tonumber(to), tonumber(sum))
    else
      numbers[#numbers + 1] = number
    end
    number = number + 1
  end
  if #numbers > 0 then read_them(numbers) end
  return number - 1
end

local function from_to(first, last)
  local numbers = {}
  for number = first, last do numbers[#numbers + 1] = number end
  return numbers
end

-- Retention by bytes keeps what stands above the floor, which moves forward only. False where it has further to go.
local function raise_floor()
  if bytes <= most_bytes or floor == seq then return true end
  local function pass(numbers)
    if bytes <= most_bytes then return end
    for i, entry in ipairs(read('HMGET', LOG, numbers)) do
      if bytes <= most_bytes then return end
      local kind = entry and entry:byte(1)
      if entry and kind ~= 64 and kind ~= 61 then bytes = bytes - size_of(entry) end
      floor = numbers[i]
    end
  end
  each_stretch(floor + 1, math.min(seq, floor + portion), pass, function(first, last, sum)
    if bytes - sum < most_bytes then
      pass(from_to(first, last))
    else
      bytes, floor = bytes - sum, last
    end
    return last
  end)
  return bytes <= most_bytes or floor == seq
end
`

/** Removes what nobody has still to do with. */
const REMOVING = lua`
local gone, left, count = {}, {}, 0

local function remove(position, entry, place)
  gone[#gone + 1] = position
  if entry:byte(1) == 100 then
    gone[#gone + 1] = '@' .. text(position)
    gone[#gone + 1] = place
  end
  if position > floor then bytes = bytes - size_of(entry) end
  removed = removed + 1
  count = count + 1
end

-- Looks at numbers and what stands there.
local function examine(numbers)
  local positions, places, entries = {}, {}, {}
  for i, entry in ipairs(read('HMGET', LOG, numbers)) do
    local number, kind = tonumber(numbers[i]), entry and entry:byte(1)
    if kind == 64 then
      left[#left + 1] = number
    elseif kind == 61 then
      -- Everybody has passed it, and whose it is has taken it away: the subscription is gone.
      gone[#gone + 1] = number
    elseif entry then
      local at = #positions + 1
      positions[at], places[at], entries[at] = number, number, entry
      if kind == 100 then places[at] = tonumber(redis.call('HGET', LOG, '@' .. text(number)) or '') or math.huge end
    end
  end
  local pending = pending_of(positions, places)
  for i, position in ipairs(positions) do
    if pending[i] or places[i] == math.huge then
      left[#left + 1] = position
    else
      remove(position, entries[i], places[i])
    end
  end
end

local function is_any_pending(numbers)
  for _, pending in pairs(pending_of(numbers, numbers)) do
    if pending then return true end
  end
  return false
end

-- Looks at what was stored together, up to a number: it goes as a whole, or each of it is read. Answers how far it got.
local function examine_stretch(first, last, sum, most)
  local numbers = from_to(first, math.min(last, most))
  gone[#gone + 1] = string.format('s%d', first)
  if last > most or (first <= floor and floor < last) or is_any_pending(numbers) then
    examine(numbers)
  else
    for _, number in ipairs(numbers) do gone[#gone + 1] = number end
    if first > floor then bytes = bytes - sum end
    removed, count = removed + #numbers, count + #numbers
  end
  return numbers[#numbers]
end
`

/** What else grows. */
const TIDYING = lua`
-- Times before the first number that is left, but for the last of them.
local function tidy_times()
  local first = redis.call('ZRANGE', KEPT, 0, 0)[1]
  first = first and math.min(tonumber(first), swept + 1) or swept + 1
  for _ = 1, CHUNK do
    local two = redis.call('ZRANGE', TIMES, 0, 1)
    if not two[2] or tonumber(two[2]) > first then return end
    redis.call('ZREM', TIMES, two[1])
  end
end

-- Sessions of processes that are gone: nothing is leased to them, and they were not seen for two days.
local function tidy_sessions(each)
  local fields, seen, old = redis.call('HGETALL', each.sessions), {}, {}
  local hour = math.floor(now / 3600000)
  for i = 1, #fields, 2 do
    local session = fields[i]:match('^s(%d+)$')
    if session and hour - tonumber(fields[i + 1]) > 48 then old[session] = true end
  end
  if next(old) == nil then return end
  for _, record in ipairs(redis.call('HVALS', each.leases)) do old[record:match('^.%d+:(%d+):')] = nil end
  for _, record in ipairs(redis.call('HVALS', each.claims)) do old[record:match('^%d+')] = nil end
  for i = 1, #fields, 2 do
    local session = fields[i]:match('^[sg](%d+)$') or fields[i]:match('^%d+$') or fields[i + 1]:match('^(%d+) %d+$')
    if old[session] then redis.call('HDEL', each.sessions, fields[i]) end
  end
end
`

/**
 * Removes what is past retention and pending in no subscription, so much at once. Answers how many, whether there is more to do,
 * and in how many milliseconds the next will be past its age (-1: none is known to be).
 *
 * `swept`: up to there everything has been looked at; what could not go is in KEPT, and looked at again in turn. What
 * subscriptions have not come to is not looked at. `AGAIN`: another subscription was made meanwhile, whose keys are missing.
 *
 * ARGV: now, `rule` or `trim`, age or time (-1: none), bytes, how many subscriptions there are.
 */
export const SWEEP = script(
  'sweep',
  'allow-oom',
  TOPIC_KEYS,
  CLOCK,
  TOOLS,
  PENDING,
  LIMITS,
  REMOVING,
  TIDYING,
  lua`
local names = 0
for _, field in ipairs(redis.call('HKEYS', TOPIC)) do
  if field:sub(1, 4) == 'sub:' then names = names + 1 end
end
if names ~= tonumber(ARGV[5]) then return {'AGAIN'} end

local before, is_raised = 1, true
if rule == 'trim' then
  before = since(age_or_time)
else
  if age_or_time >= 0 then before = since(now - age_or_time) end
  is_raised = raise_floor()
  before = math.max(before, floor + 1)
end
local last = math.min(before - 1, seq)
for _, each in ipairs(subscriptions) do last = math.min(last, each.cursor) end

local has_more = not is_raised
if swept < last then
  swept = each_stretch(swept + 1, math.min(last, swept + portion), examine, function(first, to, sum)
    return examine_stretch(first, to, sum, last)
  end)
  has_more = has_more or swept < last
  local kept = {}
  for _, number in ipairs(left) do kept[#kept + 1], kept[#kept + 2] = number, number end
  write('ZADD', KEPT, kept)
end
left = {}
local old = redis.call('ZRANGEBYSCORE', KEPT, '(' .. text(again), '(' .. before, 'LIMIT', 0, portion)
examine(old)
again = #old == portion and tonumber(old[#old]) or 0
write('HDEL', LOG, gone)
write('ZREM', KEPT, gone)
redis.call('HSET', TOPIC, 'swept', swept, 'bytes', bytes, 'floor', floor, 'removed', removed, 'again', again)
tidy_times()
for _, each in ipairs(subscriptions) do tidy_sessions(each) end

local next_in = -1
if rule == 'rule' and age_or_time >= 0 then
  local oldest = redis.call('ZRANGEBYSCORE', TIMES, now - age_or_time, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
  if oldest then next_in = math.max(0, tonumber(oldest) + age_or_time - now) + 1 end
end
return {'OK', count, (has_more or again > 0) and 1 or 0, next_in}
`,
)
