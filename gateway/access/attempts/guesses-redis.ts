/**
 * The guesses that all machines know of together: guesses.ts once more, as scripts that Redis runs, so
 * that looking and counting are one step on its clock. While Redis is away, the memory of this machine
 * decides; it hears of each outcome in any case, so it is up to date by then.
 */

import type { Answer, Guess, Guesses } from './guesses.ts'
import { forgetMs, type GuessRules, guessRules, knownMs, lostMs } from './rules.ts'

type Script = { lua: string; keys: string[]; args: (string | number)[] }

type Options = {
  /** Runs a script in Redis; rejects soon when that is not possible. */
  run: (script: Script) => Promise<unknown>
  fallback: Guesses
  rules?: GuessRules
  /** Where the clock of Redis is not the one to go by. */
  now?: () => number
}

/** Less than in the memory of a process: what all machines share has no other bound than time. */
const sharedWrongMs = 300_000

/* One key for each counter, of the fields level, since, strikes, until, running and lost. */
const counting = `
local rules = cjson.decode(ARGV[1])
local now = tonumber(ARGV[2])
if not now then
  local time = redis.call('time')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end

local function read(key)
  local it = {}
  for at, value in ipairs(redis.call('hmget', key, 'level', 'since', 'strikes', 'until', 'running', 'lost')) do
    it[at] = tonumber(value or 0)
  end
  if it[6] <= now then it[5] = 0 end
  return { level = it[1], since = it[2], strikes = it[3], till = it[4], running = it[5], lost = it[6] }
end

local function levelOf(it, rule)
  return math.max(0, it.level - math.max(0, now - it.since) / rule.forgiveMs)
end

local function write(key, it, rule)
  redis.call('hset', key, 'level', it.level, 'since', string.format('%.0f', it.since), 'strikes', it.strikes,
    'until', string.format('%.0f', it.till), 'running', it.running, 'lost', string.format('%.0f', it.lost))
  local ms = it.strikes > 0 and ${forgetMs} or math.ceil(it.level * rule.forgiveMs)
  redis.call('pexpire', key, math.max(ms, it.till - now, it.running > 0 and ${lostMs} or 0, 1))
end
`

const begin = `${counting}
if redis.call('get', KEYS[4]) == 'wrong' then return 'wrong' end
local isRight = redis.call('get', KEYS[4]) == 'right'
local isKnown = redis.call('exists', KEYS[5]) == 1
local isKnownPlace = redis.call('exists', KEYS[6]) == 1
local asked = { not (isRight and isKnown), not (isRight or isKnown or isKnownPlace),
  not (isRight or isKnown) and ARGV[3] == '1' }
local found, longest, busy = {}, 0, false
for at, rule in ipairs(rules) do
  local it = read(KEYS[at])
  found[at] = it
  if asked[at] then
    if it.till > now then
      longest = math.max(longest, it.till - now)
    elseif it.running > 0 and math.ceil(levelOf(it, rule)) + it.running >= rule.free then
      busy = true
    end
  end
end
if longest > 0 then return longest end
if busy then return 'busy' end
for at, rule in ipairs(rules) do
  if at < 3 or ARGV[3] == '1' then
    local it = found[at]
    it.running = it.running + 1
    it.lost = now + ${lostMs}
    write(KEYS[at], it, rule)
  end
end
return 'go'`

const end = `${counting}
local outcome = ARGV[4]
for at, rule in ipairs(rules) do
  local it = read(KEYS[at])
  it.running = math.max(0, it.running - 1)
  if outcome == 'wrong' and (at < 3 or ARGV[3] == '1') then
    it.level = math.min(rule.free, levelOf(it, rule) + 1)
    if math.ceil(it.level) >= rule.free and it.till <= now then
      it.till = now + math.min(rule.longestDelayMs, rule.firstDelayMs * 2 ^ it.strikes)
      it.strikes = it.strikes + 1
    end
    it.since = math.max(now, it.till)
  end
  if it.running == 0 and it.strikes == 0 and levelOf(it, rule) == 0 then
    redis.call('del', KEYS[at])
  else
    write(KEYS[at], it, rule)
  end
end
if outcome == 'wrong' then redis.call('set', KEYS[4], 'wrong', 'px', ${sharedWrongMs}) end
if outcome == 'right' then
  redis.call('set', KEYS[4], 'right', 'px', ${knownMs})
  redis.call('del', KEYS[1])
  if ARGV[3] == '1' then
    redis.call('set', KEYS[5], '1', 'px', ${knownMs})
    redis.call('set', KEYS[6], '1', 'px', ${knownMs})
  end
end
return 1`

/** The braces put all of them into one slot of a cluster. */
const keysOf = ({ pair, user, network, secret }: Guess) =>
  [
    `failures:pair:${pair}`,
    `failures:user:${user}`,
    `failures:network:${network}`,
    `guess:${secret}`,
    `known:pair:${pair}`,
    `known:network:${network}`,
  ].map((name) => `kura:{logins}:${name}`)

export function createRedisGuesses({ run, fallback, rules = guessRules, now }: Options): Guesses {
  const ordered = JSON.stringify([rules.pair, rules.user, rules.network])
  const argsOf = ({ network }: Guess) => [ordered, now ? now() : '', network ? '1' : '0']

  return {
    async begin(guess) {
      try {
        const found = await run({ lua: begin, keys: keysOf(guess), args: argsOf(guess) })
        if (typeof found === 'number') return { say: 'wait', ms: found }
        return { say: found } as Answer
      } catch {
        return fallback.begin(guess)
      }
    },

    async end(guess, outcome) {
      const told = run({ lua: end, keys: keysOf(guess), args: [...argsOf(guess), outcome] })
      await Promise.all([told.catch(() => {}), fallback.end(guess, outcome)])
    },
  }
}
