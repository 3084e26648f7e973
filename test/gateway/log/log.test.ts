import { describe, expect, it } from '@jest/globals'
import { createLog, type LogOptions } from '../../../gateway/log/log.ts'

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/

function capture(options: Partial<LogOptions>) {
  const lines: string[] = []
  const log = createLog(
    { level: 'info', formatter: 'text', fields: {}, reportcaller: false, ...options },
    { write: (line) => lines.push(line) },
  )
  return { log, lines }
}

function withoutTime(line: string | undefined) {
  return line?.replace(/^time="[^"]*" /, '').trimEnd()
}

describe('the text format', () => {
  it('begins with the time, the level and the message, and sorts the rest', () => {
    const { log, lines } = capture({ fields: { service: 'registry' } })
    log.info({ zebra: 1, 'http.request.method': 'GET', alpha: true }, 'response completed')
    expect(lines).toEqual([
      expect.stringMatching(
        /^time="[^"]+" level=info msg="response completed" alpha=true http\.request\.method=GET service=registry zebra=1\n$/,
      ),
    ])
    expect(lines[0]?.slice(6, 36)).toMatch(time)
  })

  const rows: [value: unknown, written: string][] = [
    ['plain-v1.0_/@^+', 'v=plain-v1.0_/@^+'],
    ['', 'v='],
    ['two words', 'v="two words"'],
    ['a=b', 'v="a=b"'],
    ['sha256:ab', 'v="sha256:ab"'],
    ['line\nbreak "quoted" \\', 'v="line\\nbreak \\"quoted\\" \\\\"'],
    ['\u001b[31m\u009b\u0085\u2028', 'v="\\u001b[31m\\u009b\\u0085\\u2028"'],
    ['\u202eann\u200b', 'v="\\u202eann\\u200b"'],
    ['\u{e0041}', 'v="\\udb40\\udc41"'],
    ['蔵', 'v="蔵"'],
    [null, 'v=null'],
    [['a', 'b'], 'v="[\\"a\\",\\"b\\"]"'],
    [{ code: 404, inner: { deep: 'x' } }, 'v.code=404 v.inner.deep=x'],
  ]
  for (const [value, written] of rows) {
    it(`writes ${JSON.stringify(value)} as ${written}`, () => {
      const { log, lines } = capture({})
      log.info({ v: value }, 'm')
      expect(withoutTime(lines[0])).toBe(`level=info msg=m ${written}`)
    })
  }

  it('writes an error by its parts, on one line', () => {
    const { log, lines } = capture({})
    log.error({ err: new TypeError('disk\nfull') }, 'request failed')
    expect(lines[0]).toContain('level=error msg="request failed" err.type=TypeError ')
    expect(lines[0]).toContain('err.message="disk\\nfull" err.stack="TypeError')
    expect(lines[0]?.match(/\n/g)).toHaveLength(1)
  })
})

describe('the other formats', () => {
  it('json has the level as a word', () => {
    const { log, lines } = capture({ formatter: 'json', fields: { environment: 'test' } })
    log.warn({ n: 1 }, 'careful')
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'warning',
      time: expect.stringMatching(time),
      msg: 'careful',
      environment: 'test',
      n: 1,
    })
  })

  it('logstash has its own names', () => {
    const { log, lines } = capture({ formatter: 'logstash' })
    log.info('ready')
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      '@timestamp': expect.stringMatching(time),
      '@version': '1',
      level: 'info',
      message: 'ready',
    })
  })
})

describe('what is logged', () => {
  it('is at the level or above', () => {
    const { log, lines } = capture({ level: 'warn' })
    log.debug('no')
    log.info('no')
    log.warn('yes')
    log.error('yes')
    expect(lines.map((line) => line.includes('msg=yes'))).toEqual([true, true])
  })

  it('keeps a configured field from passing for the level or the time', () => {
    const { log, lines } = capture({ fields: { level: 'debug', time: 'never' } })
    log.info('hello')
    expect(withoutTime(lines[0])).toBe('level=info msg=hello fields.level=debug fields.time=never')
  })

  it('names its caller when asked to', () => {
    const { log, lines } = capture({ reportcaller: true })
    log.info('here')
    expect(lines[0]).toMatch(/msg=here func=.* file="\/\S*\/log\.test\.ts:\d+"/)
  })

  it('has the fields of a child', () => {
    const { log, lines } = capture({})
    log.child({ part: 'gc' }).info('marking')
    expect(withoutTime(lines[0])).toBe('level=info msg=marking part=gc')
  })
})
