import { lua } from './script.js'
import { WAITING } from './waiting.js'

/**
 * The order of a topic: numbers 1, 2, 3 and so on, given out by `seq`, and what stands there in LOG.
 *
 * - `m…` a message that was ready when it was stored: its position is its place.
 * - `d…` one that was delayed. Its place is another number, which it gets when it is due: there stands `@position`, and
 *   the field `@position` says which place that is.
 * - `=position born` a dead letter that was put back, at the tail of the subscription that was born then, and of no other.
 *
 * Anything else is foreign, and handed out as it is: somebody has to see it.
 *
 * What was stored together, is heavy, and has neither keys nor delays has a field `s<first>`: `last bytes`. Retention removes that by
 * what it says: whatever passes through Lua is looked at byte by byte.
 *
 * Subscriptions read it from their cursor on, so that publishing costs the same however many there are. Behind `plainFrom`, up to `plainTo`,
 * there is nothing but messages of the first kind without a key, so that nobody has to look at them.
 *
 * Needs CLOCK, TOOLS, TOPIC_KEYS.
 */
export const PLACING = lua`
-- Most that one script gives places to, or takes in: a script holds up everybody.
local CHUNK = 2000

-- Gives what is due its place, before anything else gets one. False where there is more than one script should do.
local function place_due()
  local due = redis.call('ZRANGEBYSCORE', SCHEDULED, '-inf', now, 'LIMIT', 0, CHUNK)
  local count = #due
  if count == 0 then return true end
  local place = redis.call('HINCRBY', TOPIC, 'seq', count) - count
  local entries = {}
  for i, member in ipairs(due) do
    local position = member:sub(2)
    entries[4 * i - 3] = place + i
    entries[4 * i - 2] = '@' .. position
    entries[4 * i - 1] = '@' .. position
    entries[4 * i] = place + i
  end
  write('HSET', LOG, entries)
  write('ZREM', SCHEDULED, due)
  redis.call('HINCRBY', TOPIC, 'placed', count)
  redis.call('HSET', TOPIC, 'plainFrom', place + count, 'plainTo', place + count)
  return count < CHUNK
end

-- So that equal times are in the order of positions: the number of digits comes first.
local function scheduled(position)
  local digits = text(position)
  return string.char(96 + #digits) .. digits
end
`

/**
 * What messages say of themselves. The head of an entry is drawn in codec.ts.
 */
export const ENTRIES = lua`
local byte, sub, format = string.byte, string.sub, string.format

-- The ordering key, or nil: '' is a key like any other. What is shorter than a head is not ours, and has none.
local function key_of(entry)
  if #entry < 12 or byte(entry, 2) % 2 == 0 then return nil end
  local high, low = byte(entry, 5, 6)
  return sub(entry, 13, 12 + high * 256 + low)
end

local function id_of(entry)
  if #entry < 12 then return '' end
  local from = 13 + entry:byte(5) * 256 + entry:byte(6)
  return entry:sub(from, from + entry:byte(7) * 256 + entry:byte(8) - 1)
end
`

/**
 * How a subscription follows the order. `walk` reads up to `most` numbers from its cursor on, and shows `visit` what of them is
 * its own: position, place, entry; or `take`, if there is one, what stands at its position and has no key, as much in a row as there
 * is: first and last position, values, index of the first. Below `swept` only what stands in KEPT is left.
 *
 * Needs PLACING, SUBSCRIPTION_KEYS, and `state` as SUBSCRIPTION_STATE reads it.
 */
export const WALK = lua`
-- The next numbers to look at, as text: a command would take longer to make it. How far that gets; whether none is left out.
local function ahead(most)
  if state.cursor < state.swept then
    local kept = redis.call('ZRANGEBYSCORE', KEPT, '(' .. text(state.cursor), state.swept, 'LIMIT', 0, most)
    return kept, #kept < most and state.swept or tonumber(kept[#kept]), false
  end
  local names, first = {}, state.cursor
  local last = math.min(state.seq, first + most)
  for number = first + 1, last do names[number - first] = format('%d', number) end
  return names, last, true
end

-- What a number that holds no message itself leads to: a position, or nil where it is not for this subscription.
local function follow(found, place)
  local position, born = found:match('^=(%d+) (.*)$')
  if position == nil then
    position = found:match('^@(%d+)$')
    if position == nil then return nil end
    if tonumber(position) < state.start then
      state.passed, state.foreign = state.passed + 1, state.foreign - 1
      return nil
    end
  elseif born ~= state.born then
    return nil
  else
    redis.call('HDEL', LOG, place)
    redis.call('HDEL', TROUBLES, position)
  end
  return tonumber(position)
end

-- Shows what stands at one number. Answers whether it is its own.
local function show(value, place, visit)
  local kind, position = byte(value, 1), place
  if kind == 100 then return false end
  if kind == 64 or kind == 61 then
    position = follow(value, place)
    value = position and redis.call('HGET', LOG, position)
    if not value then return false end
  end
  visit(position, place, value)
  return true
end

local function walk(most, visit, take)
  local names, last, is_dense = ahead(most)
  local values = read('HMGET', LOG, names)
  local count, i, all = 0, 1, #names
  while i <= all do
    local at, value = i, values[i]
    while take and value do
      local kind, flags = byte(value, 1, 2)
      if kind ~= 109 or not flags or flags % 2 == 1 then break end
      i = i + 1
      value = is_dense and values[i]
    end
    if i > at then
      count = count + i - at
      take(tonumber(names[at]), tonumber(names[i - 1]), values, at)
    else
      if value and show(value, tonumber(names[i]), visit) then count = count + 1 end
      i = i + 1
    end
  end
  state.cursor = last
  state.passed = state.passed + count
end
`

/**
 * The subscription as it is stored: read once, written once. `state` is nil where it does not exist. Of the order, `passed` counts
 * what it has nothing to do with any more; `foreign`, what was delayed when it was made, stands before its start, and has not been
 * passed.
 *
 * Needs TOPIC_KEYS, SUBSCRIPTION_KEYS, TOOLS.
 */
export const SUBSCRIPTION_STATE = lua`
${WAITING}
local state
local function load_state()
  local own = redis.call('HMGET', STATE, 'kind', 'levels', 'name', 'start', 'cursor', 'passed', 'claim', 'expiry',
    'born', 'foreign')
  if not own[1] then return false end
  local topic = redis.call('HMGET', TOPIC, 'seq', 'swept', 'waiting', 'largest', 'plainFrom', 'plainTo')
  state = {
    kind = own[1], levels = tonumber(own[2]), name = own[3], start = tonumber(own[4]),
    cursor = tonumber(own[5]), passed = tonumber(own[6]), claim = tonumber(own[7]), expiry = tonumber(own[8]),
    born = own[9], foreign = tonumber(own[10]),
    seq = tonumber(topic[1]), swept = tonumber(topic[2]), waiting = topic[3] or ';', largest = tonumber(topic[4]),
    plain_from = tonumber(topic[5]), plain_to = tonumber(topic[6]),
  }
  state.direction = state.kind == 'lifo' and -1 or 1
  return true
end

local function save_state()
  redis.call('HSET', STATE, 'cursor', state.cursor, 'passed', state.passed, 'claim', state.claim, 'expiry', state.expiry,
    'foreign', state.foreign)
end

-- The order of service, smallest first. Exact: below 2^53.
local function score_of(entry, place)
  if state.kind ~= 'priority' or #entry < 12 then return state.direction * place end
  local top = state.levels - 1
  return (top - math.min(entry:byte(3) * 256 + entry:byte(4), top)) * 17592186044416 + place
end

-- Tells all who wait for something of this subscription to look again.
local function wake()
  local rest = without_all(state.waiting, state.name)
  if rest == state.waiting then return end
  state.waiting = rest
  redis.call('HSET', TOPIC, 'waiting', rest)
  redis.call('PUBLISH', TOPIC, state.name)
end
`
