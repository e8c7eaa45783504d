/** One hash tag, so that a cluster keeps all of it together. */
export const KEYS = {
  /** Place by place what was published, and the last place as `last`. */
  log: '{orders}:log',
  /** How far the subscription has got, and how many claims there were. */
  state: '{orders}:state',
  /** Tokens of what is handed out. */
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
 * KEYS: log, producers, state. ARGV: producer, number of the batch, how many, frames, each behind its length (4 bytes).
 */
export const PUBLISH = `
local producer, number = ARGV[1], tonumber(ARGV[2])
if tonumber(redis.call('HGET', KEYS[2], producer) or '0') >= number then return 0 end
redis.call('HSET', KEYS[2], producer, ARGV[2])
local count, frames, at, log = tonumber(ARGV[3]), ARGV[4], 1, {}
local place = redis.call('HINCRBY', KEYS[1], 'last', count) - count
local unpack_length, sub, format = struct.unpack, string.sub, string.format
for i = 2, 2 * count, 2 do
  local next = at + 4 + unpack_length('>I4', frames, at)
  place = place + 1
  log[i - 1], log[i] = format('%d', place), sub(frames, at, next - 1)
  at = next
end
redis.call('HSET', KEYS[1], unpack(log))
if redis.call('HDEL', KEYS[3], 'asleep') == 1 then redis.call('PUBLISH', '${WAKE}', '') end
return count
`

/**
 * Takes the first ones, under a lease each and a token that no other claim has: first what comes back, then what is new.
 * Answers the frames, as they are (Lua takes longer to make one string of them than the client to read them apart), and behind
 * them \`claim places\` with the failures of those that have any; or, where there is nothing, in how many milliseconds there will be
 * something, -1 for who knows.
 *
 * KEYS: log, state, leases, claims, returning, failures. ARGV: how many, the lease in milliseconds.
 */
export const CLAIM = `
local LOG, STATE, LEASES, CLAIMS, RETURNING, FAILURES = unpack(KEYS)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local most, format = tonumber(ARGV[1]), string.format

-- What of a claim has not been settled when its time is over comes back at once, at its place.
for _, lost in ipairs(redis.call('ZRANGEBYSCORE', CLAIMS, '-inf', now, 'LIMIT', 0, 16)) do
  local claim, places = string.match(lost, '^(%d+) (.*)$')
  for place in string.gmatch(places, '%d+') do
    if redis.call('HDEL', LEASES, place .. ':' .. claim) == 1 then redis.call('ZADD', RETURNING, 0, place) end
  end
  redis.call('ZREM', CLAIMS, lost)
end

local places, failed = redis.call('ZRANGEBYSCORE', RETURNING, '-inf', now, 'LIMIT', 0, most), ''
if #places > 0 then
  redis.call('ZREM', RETURNING, unpack(places))
  table.sort(places, function(one, other) return tonumber(one) < tonumber(other) end)
  failed = redis.call('HMGET', FAILURES, unpack(places))
  for i = 1, #places do failed[i] = failed[i] or 0 end
  failed = table.concat(failed, ',')
end
local state = redis.call('HMGET', STATE, 'cursor', 'claim')
local cursor, claim = tonumber(state[1] or '0'), format('%d', (state[2] or 0) + 1)
local last = math.min(tonumber(redis.call('HGET', LOG, 'last') or '0'), cursor + most - #places)
for place = cursor + 1, last do places[#places + 1] = format('%d', place) end
if #places == 0 then
  redis.call('HSET', STATE, 'asleep', 1)
  local soon = redis.call('ZRANGE', RETURNING, 0, 0, 'WITHSCORES')[2] or redis.call('ZRANGE', CLAIMS, 0, 0, 'WITHSCORES')[2]
  return soon and math.max(0, soon - now) or -1
end

local leases, token = {}, ':' .. claim
for i, place in ipairs(places) do leases[2 * i - 1], leases[2 * i] = place .. token, '' end
redis.call('HSET', LEASES, unpack(leases))
redis.call('HSET', STATE, 'cursor', format('%d', last), 'claim', claim)
local all = table.concat(places, ',')
redis.call('ZADD', CLAIMS, format('%d', now + ARGV[2]), claim .. ' ' .. all)
local reply = redis.call('HMGET', LOG, unpack(places))
reply[#places + 1] = claim .. ' ' .. all .. ' ' .. failed
return reply
`

/**
 * A failed run: ready again after a delay, at its place, one failure more, if the token still counts.
 *
 * KEYS: leases, returning, failures. ARGV: token, place, delay in milliseconds.
 */
export const RETRY = `
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
local time = redis.call('TIME')
local due = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[3]
redis.call('HINCRBY', KEYS[3], ARGV[2], 1)
redis.call('ZADD', KEYS[2], string.format('%d', due), ARGV[2])
return 1
`
