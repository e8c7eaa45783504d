import { CLOCK, TOOLS, TOPIC_KEYS } from './common.js'
import { HANDING } from './handing.js'
import { ENTRIES, PLACING } from './order.js'
import { lua, script } from './script.js'

/** Reads one topic's part of a batch, and leaves out what is there already. */
const READING = lua`
-- indexes: where the entries stood in the batch, unless all of it is there.
local entries, indexes, duplicates, size, placed, largest
-- Ids to be remembered, once what has them is stored.
local fresh
-- Nothing of it has a key or is delayed.
local is_plain

-- Which entries have an id that is looked up: flag 2. Answers by index whether it is known.
local function known(all)
  local ids, asked = {}, {}
  for i, entry in ipairs(all) do
    if math.floor(entry:byte(2) / 2) % 2 == 1 then
      ids[#ids + 1] = id_of(entry)
      asked[#asked + 1] = i
    end
  end
  if #ids == 0 then return {} end
  redis.call('ZREMRANGEBYSCORE', IDS, '-inf', now - WINDOW)
  local twice, seen = {}, {}
  for i, time in ipairs(read('ZMSCORE', IDS, ids)) do
    local id = ids[i]
    if time or seen[id] then
      twice[asked[i]] = true
    else
      fresh[#fresh + 1], fresh[#fresh + 2] = now, id
    end
    seen[id] = true
  end
  return twice
end

local function measure(entry)
  local a, b, c, d = entry:byte(9, 12)
  size = size + ((a * 256 + b) * 256 + c) * 256 + d
  largest = math.max(largest, #entry)
  if entry:byte(1) == 109 then placed = placed + 1 end
end

-- Entries are arguments of their own: Lua looks at each byte of a text that it makes, and would do so twice if it cut them out of one.
-- totals are the publisher's: so many bytes, the longest entry, so many not delayed, so many with an id to be looked up, so many with
-- a key.
local function load_batch(from, total, totals)
  local all = {}
  for i = 1, total do all[i] = ARGV[from + i - 1] end
  fresh = {}
  local sum, longest, ready, indexed, keyed = totals:match('^(%d+) (%d+) (%d+) (%d+) (%d+)$')
  is_plain = tonumber(ready) == total and keyed == '0'
  local twice = indexed == '0' and {} or known(all)
  duplicates = {}
  if next(twice) == nil then
    entries, size, largest, placed = all, tonumber(sum), tonumber(longest), tonumber(ready)
    return
  end
  entries, indexes, size, placed, largest = {}, {}, 0, 0, 0
  for i, entry in ipairs(all) do
    if twice[i] then
      duplicates[#duplicates + 1] = i - 1
    else
      entries[#entries + 1] = entry
      indexes[#indexes + 1] = i
      measure(entry)
    end
  end
end
`

/** Stores it. */
const STORING = lua`
-- From so many bytes on it is worth a field not to read them again.
local HEAVY = 16384
-- There is more than the topic may keep, or much that may go.
local is_overdue = false

local function store(topic, delays)
  local seq, time = tonumber(topic[1]), math.max(now, tonumber(topic[2]))
  local log, due = {}, {}
  for i = 1, #entries do
    -- As text: a command would take longer to make it.
    log[2 * i - 1], log[2 * i] = format('%d', seq + i), entries[i]
  end
  local last = seq + #entries
  if is_plain and size >= HEAVY then
    local at = #log
    log[at + 1], log[at + 2] = format('s%d', seq + 1), format('%d %d', last, size)
  end
  for i = 1, delays and #entries or 0 do
    local delay = delays[indexes and indexes[i] or i]
    if delay then due[#due + 1], due[#due + 2] = soon + delay, scheduled(seq + i) end
  end
  write('HSET', LOG, log)
  write('ZADD', SCHEDULED, due)
  write('ZADD', IDS, fresh)
  if time > tonumber(topic[2]) then redis.call('ZADD', TIMES, time, seq + 1) end
  -- What is not known to be plain ends here; who else has stored something knows nothing of this.
  local plain_from = topic[10]
  if not is_plain then
    plain_from = last
  elseif tonumber(topic[11]) ~= seq then
    plain_from = seq
  end
  local waiting = topic[6] or ';'
  if waiting ~= ';' then waiting = serve(waiting, seq) end
  redis.call('HSET', TOPIC, 'seq', last, 'time', time, 'placed', tonumber(topic[3]) + placed,
    'bytes', tonumber(topic[4]) + size, 'largest', math.max(largest, tonumber(topic[5])), 'waiting', waiting,
    'plainFrom', plain_from, 'plainTo', last)
  -- Housekeeping would come too late for what is published this fast.
  local most, floor, swept = tonumber(topic[7]), tonumber(topic[8]), tonumber(topic[9])
  is_overdue = tonumber(topic[4]) + size > most * 1.125 or floor - swept > 10000
end
`

/** One part of a batch, of one topic. */
const PUBLISHING = lua`
local function publish(from, count, delayed, totals)
  local delays = delayed ~= '' and {}
  for index, delay in delayed:gmatch('(%d+) (%d+)') do delays[tonumber(index)] = tonumber(delay) end
  indexes = nil
  load_batch(from, count, totals)
  if #entries == 0 then return end
  store(redis.call('HMGET', TOPIC, 'seq', 'time', 'placed', 'bytes', 'largest', 'waiting', 'most', 'floor',
    'swept', 'plainFrom', 'plainTo'), delays)
end
`

/**
 * Stores one topic's part of a batch. Answers whether retention is overdue, and the indexes of what was there
 * already; `NOT_FOUND`; or
 * `AGAIN`: so much has come due that it is to be called again.
 *
 * ARGV: now, window of de-duplication, `index delay index delay …` (from 1), totals, entries.
 */
export const PUBLISH = script(
  'publish',
  '',
  TOPIC_KEYS,
  CLOCK,
  TOOLS,
  PLACING,
  ENTRIES,
  lua`local WINDOW = tonumber(ARGV[2])`,
  READING,
  HANDING,
  STORING,
  PUBLISHING,
  lua`
if redis.call('EXISTS', TOPIC) == 0 then return {'NOT_FOUND'} end
-- What has come due stands before what is new.
if not place_due() then return {'AGAIN'} end
publish(5, #ARGV - 4, ARGV[3], ARGV[4])
return {'OK', is_overdue and 1 or 0, unpack(duplicates)}
`,
)

/**
 * Stores what follows a lane's position, and the position, in one step; nothing where it does not follow, or the epoch is an
 * old one. Answers `OK`, `OLD` or `NOT_FOUND`, and the position.
 *
 * KEYS: the lanes, then the keys of each topic. ARGV: now, window, lane, epoch, first, last, then for each topic how many entries, delays
 * and totals, then all entries.
 */
export const PUBLISH_SEQUENCED = script(
  'publishSequenced',
  '',
  lua`
local LANES = KEYS[1]
local TOPIC, LOG, TIMES, SCHEDULED, IDS, KEPT
local function use_topic(number)
  TOPIC, LOG, TIMES, SCHEDULED, IDS, KEPT = unpack(KEYS, 6 * number - 4, 6 * number + 1)
end`,
  CLOCK,
  TOOLS,
  PLACING,
  ENTRIES,
  lua`local WINDOW = tonumber(ARGV[2])`,
  READING,
  HANDING,
  STORING,
  PUBLISHING,
  lua`
local name, epoch, first, last = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local stored = redis.call('HGET', LANES, name) or '0 0'
local stored_epoch, position = stored:match('^(%d+) (%d+)$')
if epoch < tonumber(stored_epoch) then return {'OLD', tonumber(position)} end
if first ~= tonumber(position) + 1 then return {'OK', tonumber(position)} end
local count = (#KEYS - 1) / 6
for number = 1, count do
  use_topic(number)
  if redis.call('EXISTS', TOPIC) == 0 then return {'NOT_FOUND', number - 1} end
  while not place_due() do end
end
local from = 7 + 3 * count
for number = 1, count do
  use_topic(number)
  local total = tonumber(ARGV[4 + 3 * number])
  publish(from, total, ARGV[5 + 3 * number], ARGV[6 + 3 * number])
  from = from + total
end
redis.call('HSET', LANES, name, text(epoch) .. ' ' .. last)
return {'OK', tonumber(last)}
`,
)
