import { OF_SUBSCRIPTION, OF_TOPIC } from '../keys.js'
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

/** `local TOPIC, LOG … = KEYS[1], KEYS[2] …`: names for keys, the first of which stands behind `before` others. */
const keysOf = (parts: readonly string[], before: number): string =>
  `local ${parts.map(part => part.toUpperCase()).join(', ')} = ${parts.map((_, index) => `KEYS[${before + index + 1}]`).join(', ')}\n`

/** The keys of a topic, as every script that is about one topic has them first. */
export const TOPIC_KEYS = keysOf(OF_TOPIC, 0)

/** The keys of a subscription, behind those of its topic. */
export const SUBSCRIPTION_KEYS = keysOf(OF_SUBSCRIPTION, OF_TOPIC.length)
