import { MAX_ERRORS } from '@pluribus/core/driver'
import { lua } from './script.js'

/** All that are kept but the first, which stays. */
export const LATEST_ERRORS = MAX_ERRORS - 1

/**
 * What is held against a message, in TROUBLES, while something is: `failures losses marks errors score lost`. `lost` is empty,
 * or `m` (marked) or `u` and the instance whose lease of it ended, until the next claim judges that. `score` is for what waits
 * in RETRYING. A message that has one is not handled.
 *
 * Its errors are in ERRORS, as `position:index`: the first, and the latest in turn.
 *
 * Needs TOOLS, SUBSCRIPTION_KEYS.
 */
export const TROUBLE = lua`
local function trouble_of(record)
  if not record then return { failures = 0, losses = 0, marks = 0, errors = 0, score = '0', lost = '' } end
  local failures, losses, marks, errors, score, lost = record:match('^(%d+) (%d+) (%d+) (%d+) (%S+) (.*)$')
  return {
    failures = tonumber(failures), losses = tonumber(losses), marks = tonumber(marks), errors = tonumber(errors),
    score = score, lost = lost,
  }
end

local function keep_trouble(position, trouble)
  redis.call('HSET', TROUBLES, position, trouble.failures .. ' ' .. trouble.losses .. ' ' .. trouble.marks .. ' ' ..
    trouble.errors .. ' ' .. trouble.score .. ' ' .. trouble.lost)
end

local function slot_of(index)
  return index == 0 and 0 or 1 + (index - 1) % ${LATEST_ERRORS}
end

-- Appends an error, and answers how many there are.
local function add_error(position, count, record)
  redis.call('HSET', ERRORS, position .. ':' .. slot_of(count), record)
  return count + 1
end

local function drop_errors(position, count)
  if count == 0 then return end
  local fields = {}
  for slot = 0, math.min(count, ${MAX_ERRORS}) - 1 do fields[#fields + 1] = position .. ':' .. slot end
  write('HDEL', ERRORS, fields)
end

-- Nothing is held against these any more: they are handled.
local function forget(positions)
  if #positions == 0 or redis.call('HLEN', TROUBLES) == 0 then return end
  for i, record in ipairs(read('HMGET', TROUBLES, positions)) do
    if record then drop_errors(positions[i], trouble_of(record).errors) end
  end
  write('HDEL', TROUBLES, positions)
end
`
