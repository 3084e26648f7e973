import { expect, it } from '@jest/globals'
import { accessLog, type Exchange } from '../../../gateway/log/access-log.ts'

const usual: Exchange = {
  address: '127.0.0.1',
  user: undefined,
  at: Date.UTC(2026, 10, 21, 6, 3, 58, 999),
  method: 'GET',
  uri: '/v2/a/manifests/latest',
  httpVersion: '1.1',
  status: 404,
  written: 96,
  referer: '',
  userAgent: 'curl/7.88.1',
}

function lineOf(changes: Partial<Exchange>) {
  const lines: string[] = []
  accessLog({ write: (line) => lines.push(line) })({ ...usual, ...changes })
  return lines.join('')
}

it('is in the combined format, with an empty referer left empty', () => {
  expect(lineOf({})).toBe(
    '127.0.0.1 - - [21/Nov/2026:06:03:58 +0000] "GET /v2/a/manifests/latest HTTP/1.1" 404 96 "" "curl/7.88.1"\n',
  )
})

it('pads the day', () => {
  expect(lineOf({ at: Date.UTC(2027, 0, 2) })).toContain('[02/Jan/2027:00:00:00 +0000]')
})

const rows: [what: string, changes: Partial<Exchange>, written: string][] = [
  ['a user', { user: 'ann' }, '127.0.0.1 - ann ['],
  ['a user with a space', { user: 'ann - [x]' }, '- ann\\x20-\\x20[x] ['],
  ['no address', { address: '' }, '- - - ['],
  ['a quote', { userAgent: 'a" 200 0 "b' }, '"a\\" 200 0 \\"b"\n'],
  ['a backslash', { userAgent: 'a\\' }, '"a\\\\"\n'],
  ['a line break', { referer: 'x\r\n1.2.3.4 - - ' }, '"x\\x0d\\x0a1.2.3.4 - - " "'],
  ['an escape sequence', { uri: '/\u001b[2J\u009b' }, '/\\x1b[2J\\x9b HTTP'],
  ['a letter beyond ASCII', { userAgent: 'é蔵' }, '"\\xe9\\u8535"\n'],
]
for (const [what, changes, written] of rows) {
  it(`writes ${what} so that it stays where it is`, () => {
    const line = lineOf(changes)
    expect(line).toContain(written)
    expect(line.match(/\n/g)).toHaveLength(1)
  })
}

it('writes the time anew when the second changes', () => {
  const lines: string[] = []
  const access = accessLog({ write: (line) => lines.push(line) })
  for (const at of [usual.at, usual.at + 1, usual.at + 1000]) access({ ...usual, at })
  expect(lines.map((line) => /:(\d\d) \+0000/.exec(line)?.[1])).toEqual(['58', '59', '59'])
})
