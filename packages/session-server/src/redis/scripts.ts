/** What Redis does in one step, in its own language: the writes of {@link redisStore}. */

/**
 * A row is one string: version, who wrote it, when the session was last seen, when it may be forgotten, how long after its last use; then the row as JSON.
 * A dash stands for never. A hash of the same would take twice the memory.
 */
const rows = `
local function parts(stored)
  return string.match(stored or '', '^(%S+) (%S+) (%S+) (%S+) (%S+) (.*)$')
end
local function number(text) return tonumber(text) or math.huge end
local function at(time) return string.format('%.0f', time) end

-- Writes the row and its place in the index of its subject. Both are forgotten in time; the index goes with its last row.
local function store(row, index, sid, version, by, seen, limit, idle, json)
  redis.call('SET', row, table.concat({ version, by, at(seen), limit, idle, json }, ' '))
  local gone = math.min(number(limit), seen + number(idle))
  if gone ~= math.huge then redis.call('PEXPIREAT', row, at(gone)) end
  redis.call('ZADD', index, gone == math.huge and '+inf' or at(gone), sid)
  local time = redis.call('TIME')
  redis.call('ZREMRANGEBYSCORE', index, '-inf', '(' .. at(time[1] * 1000))
  local last = redis.call('ZRANGE', index, -1, -1, 'WITHSCORES')[2]
  if not last then return end
  if last == 'inf' then redis.call('PERSIST', index) else redis.call('PEXPIREAT', index, at(tonumber(last))) end
end
`

/**
 * Keys: row, index, changes, list. Arguments: sid, expected version or '', version, who writes, last seen, limit, idle, row, how many changes are kept, which
 * two bits of the list or '', what they say.
 */
export const swapScript: string = `${rows}
local version, by, seen = parts(redis.call('GET', KEYS[1]))
-- Written already, and the answer was lost on the way: the same call was sent again.
if by == ARGV[4] then return 1 end
if (version or '') ~= ARGV[2] then return 0 end
if ARGV[10] ~= '' then
  if not version and redis.call('BITFIELD', KEYS[4], 'GET', 'u2', ARGV[10])[1] ~= 0 then return 0 end
  redis.call('BITFIELD', KEYS[4], 'SET', 'u2', ARGV[10], ARGV[11])
end
-- A touch may have come between the read and this write.
store(KEYS[1], KEYS[2], ARGV[1], ARGV[3], ARGV[4], math.max(tonumber(ARGV[5]), tonumber(seen or 0)), ARGV[6], ARGV[7], ARGV[8])
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[9], '*', 'sid', ARGV[1])
return 1
`

/** Keys: row. Arguments: sid, when, what the keys of indices begin with. */
export const touchScript: string = `${rows}
local version, by, seen, limit, idle, json = parts(redis.call('GET', KEYS[1]))
if not seen or tonumber(seen) >= tonumber(ARGV[2]) then return 0 end
store(KEYS[1], ARGV[3] .. cjson.decode(json).subject, ARGV[1], version, by, tonumber(ARGV[2]), limit, idle, json)
return 1
`

/** Reads what the scripts wrote: the row as JSON, and when the session was last seen. */
export function parseRow(stored: string): { readonly json: string; readonly seen: number } {
  const parts = stored.split(' ', 5)
  return { json: stored.slice(parts.join(' ').length + 1), seen: Number(parts[2]) }
}
