/** One hash tag, so that a cluster keeps all of it together. */
export const KEYS = {
  /** Place by place what was published, and the last place as `last`. */
  log: '{orders}:log',
  /** How far the subscription has got, and how many claims there were. */
  state: '{orders}:state',
  /** What is handed out, by claim: `first last ,place,…, ,place,…,`: a row, places beside it, and those of all of them that are not any more. */
  leases: '{orders}:leases',
  /** Claims by the end of their leases. */
  claims: '{orders}:claims',
  /** Places of what comes back, by when. */
  returning: '{orders}:returning',
  failures: '{orders}:failures',
  producers: '{orders}:producers',
} as const

/** Where a consumer that found too little hears that there is something. */
export const WAKE = '{orders}:wake'

/**
 * Stores a batch: one place each, in the log. What nobody has been handed yet needs no record of its own: it is what stands
 * behind the cursor. A batch that comes again, because its answer was lost with the connection, stores nothing.
 *
 * KEYS: log, producers, state. ARGV: producer, number of the batch, frames. Each is an argument of its own: Lua hashes every byte of a
 * string that it makes, and would do so twice if it cut them out of one.
 */
export const PUBLISH = `
local producer, number = ARGV[1], tonumber(ARGV[2])
if tonumber(redis.call('HGET', KEYS[2], producer) or '0') >= number then return 0 end
redis.call('HSET', KEYS[2], producer, ARGV[2])
local count, log, format = #ARGV - 2, {}, string.format
local place = redis.call('HINCRBY', KEYS[1], 'last', count) - count
for i = 1, count do
  log[2 * i - 1], log[2 * i] = format('%d', place + i), ARGV[i + 2]
end
redis.call('HSET', KEYS[1], unpack(log))
if redis.call('HDEL', KEYS[3], 'asleep') == 1 then redis.call('PUBLISH', '${WAKE}', '') end
return count
`

/**
 * Takes the first ones, under one lease and a token that no other claim has: first what comes back, then what is new. Answers the claim,
 * the places of what comes back with their failures, the row of what is new, and the frames, but those of the row only where they
 * are few: many are read faster without Lua between. Where there is nothing, in how many milliseconds there will be something, -1 for
 * who knows.
 *
 * KEYS: log, state, leases, claims, returning, failures. ARGV: how many, the lease in milliseconds, how many frames are few.
 */
export const CLAIM = `
local LOG, STATE, LEASES, CLAIMS, RETURNING, FAILURES = unpack(KEYS)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local most, format = tonumber(ARGV[1]), string.format

-- What of a claim has not been settled when its time is over comes back at once, at its place.
for _, claim in ipairs(redis.call('ZRANGEBYSCORE', CLAIMS, '-inf', now, 'LIMIT', 0, 16)) do
  local lease = redis.call('HGET', LEASES, claim)
  if lease then
    local first, last, beside, without = string.match(lease, '^(%d+) (%d+) (%S+) (%S+)$')
    local function come_back(place)
      if not string.find(without, ',' .. place .. ',', 1, true) then redis.call('ZADD', RETURNING, 0, place) end
    end
    for place = first, last do come_back(format('%d', place)) end
    for place in string.gmatch(beside, '%d+') do come_back(place) end
    redis.call('HDEL', LEASES, claim)
  end
  redis.call('ZREM', CLAIMS, claim)
end

local places, failed = redis.call('ZRANGEBYSCORE', RETURNING, '-inf', now, 'LIMIT', 0, most), {}
if #places > 0 then
  redis.call('ZREM', RETURNING, unpack(places))
  table.sort(places, function(one, other) return tonumber(one) < tonumber(other) end)
  failed = redis.call('HMGET', FAILURES, unpack(places))
  for i = 1, #places do failed[i] = failed[i] or 0 end
end
local state = redis.call('HMGET', STATE, 'cursor', 'claim')
local first, claim = tonumber(state[1] or '0') + 1, format('%d', (state[2] or 0) + 1)
local last = math.min(tonumber(redis.call('HGET', LOG, 'last') or '0'), first - 1 + most - #places)
if #places == 0 and last < first then
  redis.call('HSET', STATE, 'asleep', 1)
  local soon = redis.call('ZRANGE', RETURNING, 0, 0, 'WITHSCORES')[2] or redis.call('ZRANGE', CLAIMS, 0, 0, 'WITHSCORES')[2]
  return soon and math.max(0, soon - now) or -1
end

local beside = table.concat(places, ',')
redis.call('HSET', LEASES, claim, format('%d %d ,%s, ,', first, last, beside))
redis.call('HSET', STATE, 'cursor', format('%d', last), 'claim', claim)
redis.call('ZADD', CLAIMS, format('%d', now + ARGV[2]), claim)
local answer = format('%s %d %d %s %s', claim, first, last, beside, table.concat(failed, ','))
if last - first < tonumber(ARGV[3]) then
  for place = first, last do places[#places + 1] = format('%d', place) end
end
local reply = #places > 0 and redis.call('HMGET', LOG, unpack(places)) or {}
reply[#places + 1] = answer
return reply
`

/**
 * A failed run: ready again after a delay, at its place, one failure more, if the claim still has it.
 *
 * KEYS: leases, returning, failures. ARGV: claim, place, delay in milliseconds.
 */
export const RETRY = `
local lease = redis.call('HGET', KEYS[1], ARGV[1])
if not lease then return 0 end
local first, last, beside, without = string.match(lease, '^(%d+) (%d+) (%S+) (%S+)$')
local place, name = tonumber(ARGV[2]), ',' .. ARGV[2] .. ','
local has = (place >= tonumber(first) and place <= tonumber(last)) or string.find(beside, name, 1, true)
if not has or string.find(without, name, 1, true) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], lease .. ARGV[2] .. ',')
local time = redis.call('TIME')
local due = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[3]
redis.call('HINCRBY', KEYS[3], ARGV[2], 1)
redis.call('ZADD', KEYS[2], string.format('%d', due), ARGV[2])
return 1
`
