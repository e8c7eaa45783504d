import { SUSPECT_AFTER } from '@pluribus/core/driver'
import { CLOCK, SUBSCRIPTION_KEYS, TOOLS, TOPIC_KEYS } from './common.js'
import { GATE } from './gate.js'
import { LEASE, SHARED_LEASES } from './lease.js'
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
-- What the session was handed over and has not seen yet: it comes with what this claim takes, and before it.
local coming
local runs, entries, troubles, weight, unread = {}, {}, {}, 0, 0
local is_over = false

local function is_suspect(trouble)
  local lost = trouble.lost ~= '' and trouble.lost:sub(2) ~= instance
  return trouble.losses + (lost and 1 or 0) >= ${SUSPECT_AFTER}
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

-- Positions as runs, in the order in which they are handed out.
local function add_run(first, last)
  local at = #runs
  if runs[at] == first - 1 then
    runs[at] = last
  else
    runs[at + 1], runs[at + 2] = first, last
  end
end

local function report(position, entry, trouble)
  local at = #entries + 1
  entries[at] = entry
  add_run(tonumber(position), tonumber(position))
  weight = weight + #entry
  if trouble and (trouble.failures > 0 or trouble.losses > 0) then
    troubles[#troubles + 1] = (at - 1) .. ' ' .. trouble.failures .. ' ' .. trouble.losses .. ' ' .. trouble.marks
  end
  if weight >= WEIGHTIEST then is_over = true end
end

local function room()
  return most - #entries - unread
end

-- So few at once that reading them cannot take more memory than a reply should.
local function portion()
  return math.min(room(), math.max(1, math.floor((WEIGHTIEST - weight) / math.max(1, state.largest))))
end
`

/** First what came over from an earlier session, in the order of service. */
const TAKE_RESERVED = lua`
local claims = {}

-- They have claims of their own.
local function take_reserved(session)
  if redis.call('ZCARD', RESERVED) == 0 then return end
  local done = {}
  for _, position in ipairs(redis.call('ZRANGE', RESERVED, 0, -1)) do
    if room() == 0 or is_over then break end
    local record = redis.call('HGET', LEASES, position)
    local lease = record and own_from(record)
    if not lease or not lease.flags:find('r') then
      done[#done + 1] = position
    elseif lease.session == session then
      local trouble = trouble_of(redis.call('HGET', TROUBLES, position))
      if trouble.losses >= ${SUSPECT_AFTER} then is_over = true end
      if is_over and #entries + coming > 0 then break end
      lease.flags = lease.flags:gsub('r', '')
      lease.deadline = soon + lease_time
      change_lease(position, lease)
      done[#done + 1] = position
      claims[#claims + 1] = #entries .. ' ' .. lease.claim
      report(position, redis.call('HGET', LOG, position) or '', trouble)
    end
  end
  write('ZREM', RESERVED, done)
end
`

/** Then what is ready, and in fifo what is new. */
const TAKE_READY = lua`
-- Of the leases of this claim.
local head

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
    if suspect and #entries + coming > 0 then is_over = true end
    if is_over then break end
    gone[#gone + 1] = position
    if entry then
      if trouble then judge(position, trouble) end
      put_own(position, head, text(found[2 * i]), key_of(entry))
      report(position, entry, trouble)
    end
    if suspect then is_over = true end
  end
  write('ZREM', READY, gone)
  return true
end

-- What is new and has no key is leased together, unless too much lies between.
local WIDEST_GAP = 64
local first_shared, next_shared, held

local function share(first, last)
  if not first_shared then
    first_shared, next_shared, held = first, first, {}
  elseif first - next_shared > WIDEST_GAP then
    for position = first, last do put_own(text(position), head, text(position), nil) end
    return
  end
  held[#held + 1] = string.rep('0', first - next_shared) .. string.rep('1', last - first + 1)
  next_shared = last + 1
end

-- Takes what is new and plain without reading it, which its source can do faster: whatever passes through Lua is looked at byte
-- by byte. Answers whether that was worth another round trip. Comes last, because entries are answered in order.
local function take_unread()
  local first, last = state.cursor + 1, math.min(state.plain_to, state.cursor + portion())
  local count = last - state.cursor
  if state.cursor < math.max(state.plain_from, state.swept) or count <= READ_AT_ONCE then return false end
  add_run(first, last)
  share(first, last)
  unread = count
  state.cursor, state.passed = last, state.passed + count
  return true
end

-- Takes what is new; what finds its key held waits behind it.
local function take_new()
  walk(portion(), function(position, place, entry)
    local key = key_of(entry)
    if key == nil or enter(key, position, place) then
      put_own(text(position), head, text(place), key)
      report(position, entry, nil)
    end
  end, function(first, last, values, at)
    local count = #entries
    for i = at, at + last - first do
      count = count + 1
      entries[count] = values[i]
      weight = weight + #values[i]
    end
    add_run(first, last)
    share(first, last)
  end)
  if weight >= WEIGHTIEST then is_over = true end
end
`

/**
 * Leases up to `max` messages to a session, in the order of service, and answers with them: the claim and their positions, as `first last …`; troubles
 * and other claims, with the index before them; the entries. Where there are fewer of those than positions, the source is to read the
 * others in LOG. A suspect comes alone.
 *
 * `GONE`: there is no such subscription. `REPLACED`: the session is over. `AGAIN`: there was so much to do first that it is to
 * be called again.
 *
 * What it leaves unfilled of a `fifo` stands until the session's next claim: publishing hands it over (see HANDING). Answered, behind the
 * entries: the time; for how many it stands; how many the session has been handed over so far.
 *
 * ARGV: now, session, max, the most bytes of entries, the most entries that are not worth a round trip of their own, how many of those
 * that it was handed over the session has seen.
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
  SHARED_LEASES,
  LEASE,
  lua`
local WEIGHTIEST, READ_AT_ONCE = tonumber(ARGV[4]), tonumber(ARGV[5])
-- For so many at most a demand stands: who does not run any more is handed no more than that.
local MOST_STANDING = 64
-- Every publish reads who waits. Whoever comes when that is so long is woken instead.
local LONGEST_WAITING = 4096`,
  CATCH_UP,
  TAKING,
  TAKE_RESERVED,
  TAKE_READY,
  lua`
local session = ARGV[2]
if not place_due() then return {'AGAIN'} end
if not load_state() then return {'GONE'} end
local holder, seen, given = unpack(redis.call('HMGET', SESSIONS, session, 's' .. session, 'g' .. session))
if not holder then return {'REPLACED'} end
local hour = math.floor(now / 3600000)
if tonumber(seen) ~= hour then redis.call('HSET', SESSIONS, 's' .. session, hour) end
lease_time, instance = holder:match('^(%d+) (.*)$')
lease_time = tonumber(lease_time)
given = tonumber(given or 0)
coming = given - tonumber(ARGV[6])
most = math.max(0, tonumber(ARGV[3]) - coming)
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
head = head_of({ claim = claim, session = session, deadline = soon + lease_time, flags = PADDING })
if room() > 0 then take_reserved(session) end
while room() > 0 and not is_over and take_ready() do end
if state.kind == 'fifo' then
  while room() > 0 and not is_over and unread == 0 and state.cursor < state.seq do
    if not take_unread() then take_new() end
  end
end
save_leases()
if first_shared then
  redis.call('HSET', CLAIMS, claim, session .. ':' .. text(soon + lease_time) .. ':' .. text(first_shared) .. ':' ..
    table.concat(held))
end
if #entries + unread > 0 then state.expiry = math.min(state.expiry, soon + lease_time) end
save_gate()
save_state()

local more = is_over or (unread > 0 and room() > 0 and state.cursor < state.seq)
local due_in, standing = -1, 0
local waiting = without(state.waiting, state.name, session)
if room() > 0 and not more then
  if state.kind == 'fifo' and #waiting < LONGEST_WAITING then
    standing = math.min(room(), MOST_STANDING)
    waiting = waiting .. state.name .. ' ' .. session .. ' ' .. standing .. ' 0 0;'
  elseif not waiting:find(';' .. state.name .. ';', 1, true) then
    waiting = waiting .. state.name .. ';'
  end
  local due = math.min(state.expiry, now + lease_time)
  for _, key in ipairs({SCHEDULED, RETRYING}) do
    local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]
    if first then due = math.min(due, tonumber(first)) end
  end
  due_in = math.max(0, due - now)
end
if waiting ~= state.waiting then redis.call('HSET', TOPIC, 'waiting', waiting) end
for i, position in ipairs(runs) do runs[i] = text(position) end
return {'OK', due_in, more and 1 or 0, claim, table.concat(runs, ' '), troubles, claims, entries, now, standing, given}
`,
)
