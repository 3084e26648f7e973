import { expect, it } from '@jest/globals'
import { createRefusals } from '../../../gateway/access/refusal-lines.ts'
import { safeName } from '../../../gateway/access/safe-name.ts'
import type { GatewayContext } from '../../../gateway/context.ts'
import { createLog } from '../../../gateway/log/log.ts'

type Options = Omit<Parameters<typeof createRefusals>[0], 'log'>

function setUp(options: Options) {
  const lines: Record<string, unknown>[] = []
  const write = (line: string) => void lines.push(JSON.parse(line))
  const log = createLog(
    { level: 'warn', formatter: 'json', fields: {}, reportcaller: false },
    { write },
  )
  const { report, close } = createRefusals({ log, ...options })
  const from = (ip: string) => ({ ip, method: 'GET', state: { requestId: 'r' } }) as GatewayContext
  const refuse = (user: string, ip = '192.0.2.1') =>
    report(from(ip), { what: 'login', user, reason: 'wrong' })
  return { refuse, close, lines }
}

it('what repeats is written so many times, and then counted', () => {
  const { refuse, close, lines } = setUp({ mostAlike: 3 })
  for (let n = 0; n < 100; n += 1) refuse('ann')
  refuse('bob')
  expect(lines.map((line) => line['auth.user.name'])).toEqual(['ann', 'ann', 'ann', 'bob'])
  close()
  expect(lines).toHaveLength(5)
  expect(lines[4]).toMatchObject({ 'auth.user.name': 'ann', reason: 'wrong', times: 97 })
  refuse('ann')
  expect(lines).toHaveLength(6)
})

it('a flood of all kinds is bounded, and none of it is lost from the count', () => {
  const { refuse, close, lines } = setUp({ mostAlike: 3, mostLines: 10, mostKinds: 20 })
  for (let n = 0; n < 1000; n += 1) refuse(`user${n}`, `192.0.2.${n % 200}`)
  expect(lines).toHaveLength(10)
  close()
  expect(lines.length).toBeLessThan(20)
  const told = lines.slice(10).reduce((sum, { times }) => sum + Number(times), 0)
  expect(told).toBe(990)
})

it('what was left out is told after a while', async () => {
  const { refuse, lines } = setUp({ mostAlike: 1, windowMs: 5 })
  refuse('ann')
  refuse('ann')
  const until = Date.now() + 5_000
  while (lines.length < 2 && Date.now() < until) await new Promise(setImmediate)
  expect(lines[1]).toMatchObject({ times: 1 })
})

const names: [given: string, written: string][] = [
  ['ann', 'ann'],
  ['käthe "\\', 'käthe "\\'],
  ['a'.repeat(65), `${'a'.repeat(64)}… (65 characters)`],
  [`${'a'.repeat(63)}😀`, `${'a'.repeat(63)}\ufffd… (65 characters)`],
  ['kura_abc', '(a token)'],
  ['eyJhbGciOiJFUzI1NiJ9.e30.abc', '(a token)'],
  ['ghp_abcdef', '(a token)'],
]
it.each(names)('the name %j is written as %j', (given, written) => {
  expect(safeName(given)).toBe(written)
})
