import { CLOCK, TOOLS, TOPIC_KEYS } from './common.js'
import { ENTRIES } from './order.js'
import { lua, script } from './script.js'

/**
 * Looks for the newest message with an id among the numbers below one, so many at once. Answers its position or 0, and below
 * which number to go on; 0 where that was all. There is no index of ids: nothing else would use it.
 *
 * ARGV: now, id, below.
 */
export const FIND = script(
  'find',
  'no-writes',
  TOPIC_KEYS,
  CLOCK,
  TOOLS,
  ENTRIES,
  lua`
local swept, largest = unpack(redis.call('HMGET', TOPIC, 'swept', 'largest'))
if not swept then return {'NOT_FOUND'} end
swept = tonumber(swept)
local below = tonumber(ARGV[3])
local most = math.max(1, math.min(1000, math.floor(8388608 / math.max(1, tonumber(largest)))))
local numbers = {}
if below > swept + 1 then
  for number = below - 1, math.max(swept + 1, below - most), -1 do numbers[#numbers + 1] = number end
else
  numbers = redis.call('ZREVRANGEBYSCORE', KEPT, '(' .. text(below), '-inf', 'LIMIT', 0, most)
end
if #numbers == 0 then return {'OK', 0, 0} end
for i, entry in ipairs(read('HMGET', LOG, numbers)) do
  local kind = entry and entry:byte(1)
  if entry and kind ~= 64 and kind ~= 61 and id_of(entry) == ARGV[2] then return {'OK', tonumber(numbers[i]), 0} end
end
return {'OK', 0, tonumber(numbers[#numbers])}
`,
)
