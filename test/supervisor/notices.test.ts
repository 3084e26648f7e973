import { expect, it } from '@jest/globals'
import { createLog, type LogOptions } from '../../gateway/log/log.ts'
import { collectNotices } from '../../supervisor/notices.ts'

function setUp(formatter: LogOptions['formatter'] = 'text', most = 1_000) {
  const clock = { now: 0 }
  const written: string[] = []
  const output = { write: (line: string) => void written.push(line) }
  const { take, forget } = collectNotices({ output, togetherMs: 10, most, now: () => clock.now })
  /** A message of the process at that time, as the line that its log makes of it. */
  function say(id: number, message: string, fields: object = {}, isReady = true) {
    const log = createLog(
      { level: 'info', formatter, fields: {}, reportcaller: false },
      { write: (line) => take(line.replace(/\.\d{3}/, `.${id}23`), { id, isReady }) },
    )
    log.warn(fields, message)
  }
  const begin = (id: number, message: string) => say(id, message, {}, false)
  return { say, begin, forget, written, at: (now: number) => Object.assign(clock, { now }) }
}

it.each(['text', 'json', 'logstash'] as const)('what all say is written once: %s', (formatter) => {
  const { say, written } = setUp(formatter)
  for (const id of [1, 2, 3]) say(id, 'a "file" is gone', { path: '/a' })
  for (const id of [1, 2, 3]) say(id, 'a "file" is gone', { path: '/b' })
  expect(written).toHaveLength(2)
})

it('what happens twice is written twice, even where some were late to see it', () => {
  const { say, written, at } = setUp()
  say(1, 'redis is away')
  say(2, 'redis is away')
  at(5)
  say(1, 'redis is away')
  say(2, 'redis is away')
  expect(written).toHaveLength(2)
  at(16)
  say(3, 'redis is away')
  expect(written).toHaveLength(3)
})

it('the reason may be worded in another way by each', () => {
  const { say, written } = setUp()
  say(1, 'redis is away', { reason: 'it said "no", twice' })
  say(2, 'redis is away', { reason: 'refused' })
  expect(written).toHaveLength(1)
  expect(written[0]).toContain(String.raw`reason="it said \"no\", twice"`)
})

it('a process that starts later adds nothing to what the first one found', () => {
  const { say, begin, forget, written, at } = setUp()
  begin(1, 'it ends soon')
  at(1_000)
  begin(2, 'it ends soon')
  expect(written).toHaveLength(1)
  forget()
  begin(3, 'it ends soon')
  begin(4, 'it ends soon')
  expect(written).toHaveLength(2)
  say(1, 'it is back')
  at(2_000)
  begin(5, 'it is back')
  expect(written).toHaveLength(4)
})

it('remembers no more lines than it may', () => {
  const { say, written } = setUp('text', 2)
  for (const message of ['a', 'b', 'c']) say(1, message)
  say(2, 'a')
  say(2, 'c')
  expect(written).toHaveLength(4)
})
