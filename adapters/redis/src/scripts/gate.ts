import { lua } from './script.js'

/**
 * Which key is held, and what waits behind it, in HOLDERS: `k<key>` is there while the key is held, empty or `first last`
 * of those that wait; `n<position>` is the one behind it. PARKED has their scores.
 *
 * What stands in READY holds its key. A message that joins takes its key, or waits for it; one that is gone gives it to
 * the next, which is ready then. Lines are read once for a script, and written back at its end.
 *
 * Needs TOOLS, SUBSCRIPTION_KEYS.
 */
export const GATE = lua`
local lines, changed, parked = {}, {}, {}

local function line_of(key)
  local line = lines[key]
  if line == nil then
    line = redis.call('HGET', HOLDERS, 'k' .. key)
    lines[key] = line
  end
  return line
end

-- Takes the key for a message, and answers true; or leaves the message behind it.
local function enter(key, position, score)
  local line = line_of(key)
  changed[key] = true
  if not line then
    lines[key] = ''
    return true
  end
  position = text(position)
  parked[#parked + 1] = position
  parked[#parked + 1] = text(score)
  if line == '' then
    lines[key] = position .. ' ' .. position
  else
    local first, last = line:match('^(%d+) (%d+)$')
    redis.call('HSET', HOLDERS, 'n' .. last, position)
    lines[key] = first .. ' ' .. position
  end
  return false
end

-- Nobody of the key is out any more. Answers position and score of the next one, which holds it now; or nil.
local function leave(key)
  local line = line_of(key)
  changed[key] = true
  if not line or line == '' then
    lines[key] = false
    return nil
  end
  local first, last = line:match('^(%d+) (%d+)$')
  local score = redis.call('HGET', PARKED, first)
  redis.call('HDEL', PARKED, first)
  if first == last then
    lines[key] = ''
  else
    lines[key] = redis.call('HGET', HOLDERS, 'n' .. first) .. ' ' .. last
    redis.call('HDEL', HOLDERS, 'n' .. first)
  end
  return first, score
end

local function save_gate()
  write('HSET', PARKED, parked)
  local held, free = {}, {}
  for key in pairs(changed) do
    if lines[key] then
      held[#held + 1] = 'k' .. key
      held[#held + 1] = lines[key]
    else
      free[#free + 1] = 'k' .. key
    end
  end
  write('HSET', HOLDERS, held)
  write('HDEL', HOLDERS, free)
end
`
