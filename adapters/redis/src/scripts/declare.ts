import { OF_TOPIC } from '../keys.js'
import { CLOCK, TOOLS, TOPIC_KEYS } from './common.js'
import { PLACING } from './order.js'
import { lua, script } from './script.js'

/** Where a new subscription starts: its first position, and how much of the order it has nothing to do with. */
const STARTING = lua`
local function position_of(from)
  if from == 'earliest' then return 1 end
  if from == 'latest' then return tonumber(redis.call('HGET', TOPIC, 'seq')) + 1 end
  local kind, value = from:match('^(%a+) (.*)$')
  if kind == 'position' then return tonumber(value) end
  local first = redis.call('ZRANGEBYSCORE', TIMES, value, '+inf', 'LIMIT', 0, 1)[1]
  return first and tonumber(first) or tonumber(redis.call('HGET', TOPIC, 'seq')) + 1
end

-- What is delayed, and was stored before a position: it will stand in the order, and be passed.
local function scheduled_before(start)
  local count = 0
  if start == 1 then return count end
  for _, member in ipairs(redis.call('ZRANGE', SCHEDULED, 0, -1)) do
    if tonumber(member:sub(2)) < start then count = count + 1 end
  end
  return count
end

-- How much of the order stands before a position, and what behind it belongs to a message that does. Retention may have removed
-- any of it, so it is counted; from the first or the last position on it is known.
local function passed_before(start)
  local seq, placed, removed = unpack(redis.call('HMGET', TOPIC, 'seq', 'placed', 'removed'))
  if start == 1 then return tonumber(removed), 0 end
  local live, foreign = 0, 0
  for from = start, tonumber(seq), MOST do
    local numbers = {}
    for number = from, math.min(tonumber(seq), from + MOST - 1) do numbers[#numbers + 1] = number end
    for _, value in ipairs(redis.call('HMGET', LOG, unpack(numbers))) do
      local kind = value and value:byte(1)
      if value and kind ~= 100 and kind ~= 61 then
        live = live + 1
        if kind == 64 and tonumber(value:sub(2)) < start then foreign = foreign + 1 end
      end
    end
  end
  return tonumber(placed) - live, foreign
end

local function create(key, spec)
  -- What is due stands in the order already, for whoever starts behind it.
  while not place_due() do end
  local start = position_of(spec.start)
  local passed, foreign = passed_before(start)
  local time = redis.call('TIME')
  local born = text(time[1] * 1000000 + time[2])
  redis.call('HSET', key, 'name', spec.name, 'kind', spec.kind, 'levels', spec.levels, 'start', start,
    'cursor', start - 1, 'passed', passed, 'foreign', foreign + scheduled_before(start), 'claim', born, 'born', born,
    'expiry', 9007199254740991)
end
`

/**
 * Stores what a topic and its subscriptions are declared as, unless somebody else has done so meanwhile: `AGAIN`, and nothing is
 * changed.
 *
 * ARGV: now, the topic as it was stored, as it is to be, how many bytes it may keep; then for each subscription its name, as it was, as it is to be, kind,
 * levels, where it starts if it is new. Empty: not stored, not to be changed.
 */
export const DECLARE = script(
  'declare',
  '',
  TOPIC_KEYS,
  CLOCK,
  TOOLS,
  PLACING,
  STARTING,
  lua`
local specs = {}
for at = 5, #ARGV, 6 do
  specs[#specs + 1] = {name = ARGV[at], before = ARGV[at + 1], after = ARGV[at + 2], kind = ARGV[at + 3],
    levels = ARGV[at + 4], start = ARGV[at + 5]}
end
local function is_as(key, before)
  return (redis.call('HGET', key, 'spec') or '') == before
end
if not is_as(TOPIC, ARGV[2]) then return {'AGAIN'} end
for i, spec in ipairs(specs) do
  if not is_as(KEYS[${OF_TOPIC.length} + i], spec.before) then return {'AGAIN'} end
end

if ARGV[3] ~= '' then
  redis.call('HSET', TOPIC, 'spec', ARGV[3], 'most', ARGV[4])
  for _, counter in ipairs({'seq', 'time', 'placed', 'removed', 'bytes', 'floor', 'largest', 'swept',
    'plainFrom', 'plainTo'}) do
    redis.call('HSETNX', TOPIC, counter, 0)
  end
  redis.call('HSETNX', TOPIC, 'waiting', ';')
end
for i, spec in ipairs(specs) do
  if spec.before == '' then
    create(KEYS[${OF_TOPIC.length} + i], spec)
    redis.call('HSET', TOPIC, 'sub:' .. spec.name, 1)
  end
  if spec.after ~= '' then redis.call('HSET', KEYS[${OF_TOPIC.length} + i], 'spec', spec.after) end
end
return {'OK'}
`,
)
