import { CLOCK, SUBSCRIPTION_KEYS, TOOLS, TOPIC_KEYS } from './common.js'
import { ENTRIES, PLACING, SUBSCRIPTION_STATE } from './order.js'
import { lua, script } from './script.js'
import { LATEST_ERRORS, TROUBLE } from './trouble.js'

/**
 * A dead letter, in DEATHS by position: `attempts losses time errors reason`; `i<id>` has the positions of those of an id. Its errors stay
 * where they were. Needs TROUBLE.
 */
const DEATHS = lua`
-- Nothing of a death is kept. Answers whether it was one.
local function forget_death(position)
  if redis.call('ZREM', DEAD, position) == 0 then return false end
  local errors = redis.call('HGET', DEATHS, position):match('^%d+ %d+ %d+ (%d+) ')
  drop_errors(position, tonumber(errors))
  local field = 'i' .. id_of(redis.call('HGET', LOG, position))
  local same = {}
  for other in (redis.call('HGET', DEATHS, field) or ''):gmatch('%d+') do
    if other ~= position then same[#same + 1] = other end
  end
  redis.call('HDEL', DEATHS, position, field)
  if #same > 0 then redis.call('HSET', DEATHS, field, table.concat(same, ' ')) end
  return true
end
`

const HEAD = [TOPIC_KEYS, SUBSCRIPTION_KEYS, CLOCK, TOOLS, ENTRIES, TROUBLE]

/**
 * Reads dead letters, by position: for each its info, its entry, its errors. Those that are none any more are left out, and what
 * would make the answer too heavy: the first is always there.
 *
 * ARGV: now, the most bytes of entries, positions.
 */
export const READ_DEAD = script(
  'readDead',
  'no-writes',
  ...HEAD,
  lua`
local rows, weight = {}, 0
for at = 3, #ARGV do
  local position = ARGV[at]
  local info, entry = redis.call('HGET', DEATHS, position), redis.call('HGET', LOG, position)
  if info and entry then
    weight = weight + #entry
    if weight > tonumber(ARGV[2]) and #rows > 0 then break end
    local count, fields = tonumber(info:match('^%d+ %d+ %d+ (%d+) ')), {}
    for index = math.max(1, count - ${LATEST_ERRORS}), count - 1 do fields[#fields + 1] = position .. ':' .. slot_of(index) end
    if count > 0 then table.insert(fields, 1, position .. ':0') end
    rows[#rows + 1] = {position, info, entry, read('HMGET', ERRORS, fields)}
  end
end
return rows
`,
)

/**
 * Puts dead letters back at the tail, with everything forgotten. Answers how many were still dead.
 *
 * ARGV: now, positions.
 */
export const REDRIVE = script(
  'redrive',
  '',
  ...HEAD,
  SUBSCRIPTION_STATE,
  PLACING,
  DEATHS,
  lua`
local is_any_dead = false
for at = 2, #ARGV do is_any_dead = is_any_dead or redis.call('ZSCORE', DEAD, ARGV[at]) ~= false end
if not is_any_dead then return {'OK', 0} end
while not place_due() do end
if not load_state() then return {'GONE'} end
local entries, pending, count = {}, {}, 0
for at = 2, #ARGV do
  local position = ARGV[at]
  if forget_death(position) then
    count = count + 1
    entries[2 * count - 1], entries[2 * count] = state.seq + count, '=' .. position .. ' ' .. state.born
    -- Until it is taken in, this says that it is not handled.
    pending[2 * count - 1], pending[2 * count] = position, '0 0 0 0 0 '
  end
end
write('HSET', LOG, entries)
write('HSET', TROUBLES, pending)
redis.call('HSET', TOPIC, 'seq', state.seq + count, 'plainFrom', state.seq + count, 'plainTo', state.seq + count)
redis.call('HSET', STATE, 'passed', state.passed - count)
if count > 0 then wake() end
return {'OK', count}
`,
)

/**
 * Deletes dead letters. Answers how many were still dead.
 *
 * ARGV: now, positions.
 */
export const DISCARD = script(
  'discard',
  'allow-oom',
  ...HEAD,
  DEATHS,
  lua`
local count = 0
for at = 2, #ARGV do
  if forget_death(ARGV[at]) then count = count + 1 end
end
return {'OK', count}
`,
)
