import { lua } from './script.js'

/**
 * Publishing hands over: what a source has asked for and not got, and is the next that it would be given, is leased to it in the step that
 * stores it, and sent to it. So it need not ask, and what it is told leaves the server with the answer to whoever published: behind one
 * sync of the append-only file, not two.
 *
 * Only the plain case: nothing has a key or is delayed, a few small messages, all for one source of each subscription. Otherwise who waits is
 * woken. Where a `PUBLISH` reaches nobody, the source is gone, and nothing is leased.
 *
 * What is sent: `given time claim first length length …`, a line feed, the entries. `given` counts what the session has been handed over, this
 * included: so that it knows, when a claim is answered on another socket, what is still to come and stands before that.
 *
 * The keys of subscriptions are not among KEYS, because who publishes does not know of them. They have the hash tag of their topic,
 * and so are in the slot that the script is sent to.
 *
 * Needs CLOCK, TOOLS, and what READING has read.
 */
export const HANDING = lua`
-- Answers who still waits, having handed over or woken. seq: what stands before what is new.
local function serve(waiting, seq)
  local MOST_HANDED, HEAVIEST_HANDED = 16, 16384
  -- Who has had something for so long, and has settled nothing of it, may not run any more.
  local PATIENCE = 500
  local base, count = TOPIC:sub(1, -6) .. 'sub:', #entries
  local is_handy = is_plain and count <= MOST_HANDED and size <= HEAVIEST_HANDED
  local body

  -- What is to be known of a subscription; nil where something else comes first.
  local function free(key)
    local own = redis.call('HMGET', key .. 'state', 'cursor', 'passed', 'claim', 'expiry')
    if tonumber(own[1]) ~= seq or tonumber(own[4]) <= now then return nil end
    if redis.call('ZCARD', key .. 'ready') > 0 then return nil end
    local due = redis.call('ZRANGE', key .. 'retrying', 0, 0, 'WITHSCORES')[2]
    if due and tonumber(due) <= now then return nil end
    return own
  end

  local function send(key, session, given, claim)
    if not body then
      local lengths = {}
      for i, entry in ipairs(entries) do lengths[i] = #entry end
      body = table.concat(lengths, ' ') .. '\n' .. table.concat(entries)
    end
    local head = text(given) .. ' ' .. text(now) .. ' ' .. claim .. ' ' .. text(seq + 1) .. ' '
    return redis.call('PUBLISH', key .. 'to:' .. session, head .. body) > 0
  end

  -- Leases it, as a claim does that takes what is new. Answers the claim; nil where the session is gone.
  local function hand(key, own, session)
    local lease, given = unpack(redis.call('HMGET', key .. 'sessions', session, 'g' .. session))
    if not lease then return nil end
    local claim, deadline = text(tonumber(own[3]) + 1), soon + tonumber(lease:match('^%d+'))
    given = tonumber(given or 0) + count
    if not send(key, session, given, claim) then return nil end
    redis.call('HSET', key .. 'sessions', 'g' .. session, given)
    redis.call('HSET', key .. 'claims', claim,
      session .. ':' .. text(deadline) .. ':' .. text(seq + 1) .. ':' .. string.rep('1', count))
    redis.call('HSET', key .. 'state', 'cursor', seq + count, 'passed', tonumber(own[2]) + count, 'claim', claim,
      'expiry', math.min(tonumber(own[4]), deadline))
    return claim
  end

  local function is_silent(key, at, claim)
    return at > 0 and now - at > PATIENCE and redis.call('HEXISTS', key .. 'claims', claim) == 1
  end

  -- By name: who has got it; whether some are to be woken although another one has.
  local served, roused, known = {}, {}, {}
  local rest, last = {}, {}
  for entry in waiting:gmatch('[^;]+') do
    local name, session, wants, at, before = entry:match('^(%S+) (%d+) (%d+) (%d+) (%d+)$')
    wants, at = tonumber(wants), tonumber(at)
    if name and is_handy and not served[name] and wants >= count then
      local key = base .. name .. ':'
      if known[name] == nil then known[name] = free(key) or false end
      if is_silent(key, at, before) then
        roused[name], entry = true, nil
      elseif known[name] then
        local claim = hand(key, known[name], session)
        entry = nil
        if claim then
          served[name] = true
          if at == 0 or now - at > PATIENCE then at, before = now, claim end
          -- Whose turn it was comes last.
          if wants > count then
            last[#last + 1] = name .. ' ' .. session .. ' ' .. (wants - count) .. ' ' .. text(at) .. ' ' .. before
          end
        end
      end
    end
    rest[#rest + 1] = entry
  end

  local left, names = ';', {}
  for _, entry in ipairs(rest) do
    local name = entry:match('^%S+')
    if served[name] then
      left = left .. entry .. ';'
    else
      roused[name] = true
    end
  end
  for _, entry in ipairs(last) do left = left .. entry .. ';' end
  for name in pairs(roused) do names[#names + 1] = name end
  -- Many are told by one message, for all of the topic.
  if #names > 0 then redis.call('PUBLISH', TOPIC, #names == 1 and names[1] or '') end
  return left
end
`
