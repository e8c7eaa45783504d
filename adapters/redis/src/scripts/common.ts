import { lua } from './script.js'

/**
 * What every script begins with. `ARGV[1]` is the time in milliseconds, given by tests alone: otherwise it is the server's.
 *
 * `now` has begun already; what is to last counts from `soon`, so that it is never over too early.
 */
export const CLOCK = lua`
local now, soon
if ARGV[1] == '' then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
  soon = now + 1
else
  now = tonumber(ARGV[1])
  soon = now
end
`

/** Numbers as text without an exponent, and commands with more arguments than Lua's stack holds at once. */
export const TOOLS = lua`
local function text(number)
  return string.format('%.0f', number)
end

-- Even, because some lists are of pairs.
local MOST = 4000

local function write(command, key, list)
  local count = #list
  for from = 1, count, MOST do
    redis.call(command, key, unpack(list, from, math.min(count, from + MOST - 1)))
  end
end

local function read(command, key, list)
  local count = #list
  if count == 0 then return {} end
  if count <= MOST then return redis.call(command, key, unpack(list)) end
  local found = {}
  for from = 1, count, MOST do
    for _, value in ipairs(redis.call(command, key, unpack(list, from, math.min(count, from + MOST - 1)))) do
      found[#found + 1] = value
    end
  end
  return found
end
`

/** The keys of a topic, as every script that is about one topic has them first: the order of topicKeys. */
export const TOPIC_KEYS = lua`
local TOPIC, LOG, TIMES, SCHEDULED, IDS, KEPT = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
`

/** The keys of a subscription, behind those of its topic: the order of subscriptionKeys. */
export const SUBSCRIPTION_KEYS = lua`
local STATE, READY, LEASES, RETRYING, HOLDERS, PARKED = KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11], KEYS[12]
local TROUBLES, ERRORS, DEAD, DEATHS, SESSIONS, RESERVED = KEYS[13], KEYS[14], KEYS[15], KEYS[16], KEYS[17], KEYS[18]
local CLAIMS = KEYS[19]
`
