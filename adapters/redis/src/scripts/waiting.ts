import { lua } from './script.js'

/**
 * Who waits for something of a topic, in its field `waiting`: `;` and, for each, what says who, and `;`.
 *
 * - `name`: sources of a subscription that are to be woken.
 * - `name session wants at claim`: a source that is handed what is published, up to so many. `at` and `claim`: since when, and as what
 *   claim, it has had something of which it was not known whether it had reached it; 0 for nothing.
 *
 * Who is woken is taken out of it, and waits again when his next claim comes short.
 */
export const WAITING = lua`
-- Without what says that a session waits.
local function without(waiting, name, session)
  local from = waiting:find(';' .. name .. ' ' .. session .. ' ', 1, true)
  if not from then return waiting end
  local to = waiting:find(';', from + 1, true)
  return waiting:sub(1, from - 1) .. waiting:sub(to)
end

-- Without whoever waits of a subscription.
local function without_all(waiting, name)
  if not (waiting:find(';' .. name .. ' ', 1, true) or waiting:find(';' .. name .. ';', 1, true)) then return waiting end
  local rest = ';'
  for entry in waiting:gmatch('[^;]+') do
    if entry:match('^%S+') ~= name then rest = rest .. entry .. ';' end
  end
  return rest
end
`
