import { lua } from './script.js'

/**
 * What claims share: see {@link LEASE}. Needs TOOLS. Who takes something out calls save_shared at its end.
 */
export const SHARED_LEASES = lua`
-- Read once for a script, by claim: false where there is none.
local shared_leases = {}

local function shared_from(claim, record)
  local session, deadline, first, at = record:match('^(%d+):(%d+):(%d+):()')
  local shared = {
    claim = claim, session = session, deadline = tonumber(deadline), first = tonumber(first), held = record:sub(at),
  }
  shared_leases[claim] = shared
  return shared
end

local function shared_of(claim)
  local shared = shared_leases[claim]
  if shared ~= nil then return shared end
  local record = redis.call('HGET', CLAIMS, claim)
  if record then return shared_from(claim, record) end
  shared_leases[claim] = false
  return false
end

-- Whether it has all from one position to another.
local function has_all(shared, first, last)
  if not shared then return false end
  local from, to = first - shared.first + 1, last - shared.first + 1
  if from < 1 or to > #shared.held then return false end
  local gap = shared.held:find('0', from, true)
  return not gap or gap > to
end

local function take_out(shared, first, last)
  local before, count = first - shared.first, last - first + 1
  shared.held = shared.held:sub(1, before) .. string.rep('0', count) .. shared.held:sub(before + count + 1)
  shared.is_changed = true
end

local function save_shared()
  for claim, shared in pairs(shared_leases) do
    if shared and shared.is_changed then
      -- Mostly they end in their order.
      local next_held = shared.held:find('1', 1, true)
      if next_held then
        redis.call('HSET', CLAIMS, claim, shared.session .. ':' .. text(shared.deadline) .. ':' ..
          text(shared.first + next_held - 1) .. ':' .. shared.held:sub(next_held))
      else
        redis.call('HDEL', CLAIMS, claim)
      end
    end
  end
  shared_leases = {}
end
`

/**
 * What is leased. A token is position and claim: what one claim takes has its number.
 *
 * - In CLAIMS by claim: `session:deadline:first:held`, for all that it took of what is new in fifo and has no key. `held` has a
 *   character for each position from `first` on: `1` while that is leased. Nothing is held against these, and their score is their
 *   position.
 * - In LEASES by position: `x<claim>:<session>:<deadline>:<flags>:<score>:` for any other, `k…:<key>` for one with a key. Flags: `m` it is
 *   marked, `r` it came over from an earlier session and has not been handed out since. Flags are padded: a hash of short values begins
 *   as a list, which is searched from its begin for each field, and this one is emptied and filled again with every batch.
 *
 * A position is in one of them at most. `state.expiry`: no lease ends earlier. What is over is looked for only then.
 *
 * Needs TOOLS, SHARED_LEASES, SUBSCRIPTION_STATE, TROUBLE. Who changes leases calls save_leases at its end.
 */
export const LEASE = lua`
-- Longer than what such a list may hold.
local PADDING = string.rep('-', 65)

-- What is to be written to LEASES, and to be deleted there, with the positions of that.
local own_leases, ended_leases, is_ended = {}, {}, {}

local function own_from(record)
  local kind, claim, session, deadline, flags, score, key = record:match('^(.)(%d+):(%d+):(%d+):([%a-]*):(-?%d+):(.*)$')
  return {
    claim = claim, session = session, deadline = tonumber(deadline), flags = flags, score = score,
    key = kind == 'k' and key or nil,
  }
end

-- One of those that a claim shares, as if it had a record of its own.
local function one_of(shared, position)
  return {
    claim = shared.claim, session = shared.session, deadline = shared.deadline, flags = PADDING, score = text(position),
    shared = shared,
  }
end

local function is_held(record, claim)
  return record and record:sub(2, #claim + 1) == claim and record:byte(#claim + 2) == 58
end

-- What a token stands for; nil where it is stale.
local function lease_of(position, claim)
  local shared, number = shared_of(claim), tonumber(position)
  if has_all(shared, number, number) then return one_of(shared, number) end
  local record = not is_ended[position] and redis.call('HGET', LEASES, position)
  return is_held(record, claim) and own_from(record) or nil
end

local function end_own(position)
  ended_leases[#ended_leases + 1] = position
  is_ended[position] = true
end

local function end_lease(position, lease)
  if not lease.shared then return end_own(position) end
  take_out(lease.shared, tonumber(position), tonumber(position))
end

-- How the records of a claim begin, behind their kind.
local function head_of(lease)
  return lease.claim .. ':' .. lease.session .. ':' .. text(lease.deadline) .. ':' .. lease.flags .. ':'
end

local function put_own(position, head, score, key)
  local at = #own_leases
  own_leases[at + 1], own_leases[at + 2] = position, (key and 'k' or 'x') .. head .. score .. ':' .. (key or '')
end

-- It is another one from now on, and has a record of its own.
local function change_lease(position, lease)
  if lease.shared then take_out(lease.shared, tonumber(position), tonumber(position)) end
  put_own(position, head_of(lease), lease.score, lease.key)
end

local function save_leases()
  write('HSET', LEASES, own_leases)
  write('HDEL', LEASES, ended_leases)
  own_leases, ended_leases, is_ended = {}, {}, {}
  save_shared()
end

-- Shows those of what a claim shares.
local function each_shared(shared, visit)
  for at in shared.held:gmatch('()1') do
    local position = shared.first + at - 1
    visit(text(position), one_of(shared, position))
  end
end

local function each_lease(visit)
  local all = redis.call('HGETALL', LEASES)
  for i = 1, #all, 2 do visit(all[i], own_from(all[i + 1])) end
  all = redis.call('HGETALL', CLAIMS)
  for i = 1, #all, 2 do each_shared(shared_from(all[i], all[i + 1]), visit) end
end

-- Takes back what is over, and looks when the next one is.
local function expire()
  if state.expiry > now then return end
  local earliest, ready = 9007199254740991, {}
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
    end_lease(position, lease)
  end)
  write('ZADD', READY, ready)
  save_leases()
  state.expiry = earliest
end
`
