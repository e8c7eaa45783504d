import { lua } from './script.js'

/**
 * What is leased, in LEASES by position: `p<claim>:<session>:<deadline>` for a message that is served at its position and has no
 * key; `x<claim>:<session>:<deadline>:<flags>:<score>:<key>` for any other. Flags: `k` it has a key, `m` it is marked, `r` it came
 * over from an earlier session and has not been handed out since. All that one claim takes shares its number, so that
 * plain ones share their record too. A token is position and claim. Records are padded (plain ones behind, others in their
 * flags): a hash of short values begins as a list, which is searched from its begin for each field, and this one is emptied and
 * filled again with every batch.
 *
 * `state.expiry`: no lease ends earlier. What is over is looked for only then.
 *
 * Needs SUBSCRIPTION_STATE, TROUBLE.
 */
export const LEASE = lua`
-- Longer than what such a list may hold.
local PADDING = string.rep('-', 65)

local function is_held(record, claim)
  return record and record:sub(2, #claim + 1) == claim and record:byte(#claim + 2) == 58
end

local function lease_of(position, record)
  local claim, session, deadline, rest = record:match('^.(%d+):(%d+):(%d+)(.*)$')
  local flags, score, key = rest:match('^:([%a-]*):(-?%d+):(.*)$')
  return {
    claim = claim, session = session, deadline = tonumber(deadline),
    flags = flags or PADDING, score = score or text(state.direction * position), key = key or '',
  }
end

local function record_of(lease)
  return 'x' .. lease.claim .. ':' .. lease.session .. ':' .. text(lease.deadline) .. ':' .. lease.flags .. ':' ..
    lease.score .. ':' .. lease.key
end

local function each_lease(visit)
  local all = redis.call('HGETALL', LEASES)
  for i = 1, #all, 2 do visit(all[i], lease_of(all[i], all[i + 1])) end
end

-- Takes back what is over, and looks when the next one is.
local function expire()
  if state.expiry > now then return end
  local earliest, ready, gone = 9007199254740991, {}, {}
  each_lease(function(position, lease)
    if lease.deadline > now then
      earliest = math.min(earliest, lease.deadline)
      return
    end
    local trouble = trouble_of(redis.call('HGET', TROUBLES, position))
    local session = redis.call('HGET', SESSIONS, lease.session) or ''
    trouble.lost = (lease.flags:find('m') and 'm' or 'u') .. session:gsub('^%d+ ', '')
    keep_trouble(position, trouble)
    ready[#ready + 1], ready[#ready + 2] = lease.score, position
    gone[#gone + 1] = position
  end)
  write('ZADD', READY, ready)
  write('HDEL', LEASES, gone)
  state.expiry = earliest
end
`
