import { describe, expect, it } from '@jest/globals'
import * as values from '../../config/values.ts'

const { address, choice, duration, flag, integer, text, url } = values
const refused = Symbol('refused')

const rows: [
  kind: string,
  schema: ReturnType<typeof values.value>,
  written: string,
  is: unknown,
][] = [
  ['text', text(), '0123', '0123'],
  ['text', text(), '1e5', '1e5'],
  ['text', text(), 'no', 'no'],
  ['flag', flag(), 'yes', true],
  ['flag', flag(), 'On', true],
  ['flag', flag(), 'TRUE', true],
  ['flag', flag(), 'no', false],
  ['flag', flag(), 'Off', false],
  ['flag', flag(), '1', refused],
  ['flag', flag(), 'constructor', refused],
  ['integer', integer(), '0', 0],
  ['integer', integer(), '-1', refused],
  ['integer', integer(), '1.5', refused],
  ['integer', integer(), '0x10', refused],
  ['integer', integer({ min: -1 }), '-1', -1],
  ['integer', integer({ min: 1, max: 64 }), '64', 64],
  ['integer', integer({ min: 1, max: 64 }), '65', refused],
  ['integer', integer(), '9007199254740993', refused],
  ['duration', duration(), '10s', 10_000],
  ['duration', duration(), '-1s', refused],
  ['duration', duration({ min: -1 }), '-1', -1e-6],
  ['choice', choice('info', 'debug'), 'INFO', 'info'],
  ['choice', choice('info', 'debug'), 'loud', refused],
  ['url', url(), 'https://registry-1.docker.io', 'https://registry-1.docker.io'],
  ['url', url(), 'registry-1.docker.io', refused],
  ['url', url(), 'ftp://a', refused],
  ['url', url(), 'http://', refused],
  ['address', address(), ':5000', { text: ':5000', port: 5000 }],
  ['address', address(), '0.0.0.0:5001', { text: '0.0.0.0:5001', host: '0.0.0.0', port: 5001 }],
  [
    'address',
    address(),
    'localhost:5001',
    { text: 'localhost:5001', host: 'localhost', port: 5001 },
  ],
  ['address', address(), '[::1]:5000', { text: '[::1]:5000', host: '::1', port: 5000 }],
  [
    'address',
    address(),
    '[fe80::1%eth0]:5000',
    { text: '[fe80::1%eth0]:5000', host: 'fe80::1%eth0', port: 5000 },
  ],
  ['address', address(), '5000', refused],
  ['address', address(), '::1:5000', refused],
  ['address', address(), ':70000', refused],
  ['address', address(), 'http://a:5000', refused],
  ['address', address(), 'a:', refused],
]

describe('a value', () => {
  it.each(rows)('%s reads %3$j', (_kind, schema, written, is) => {
    const { success, data } = schema.safeParse(written)
    expect(success ? data : refused).toEqual(is)
  })

  it('says what is allowed, and not what was found', () => {
    const { error } = integer({ min: 1, max: 64 }).safeParse('hunter2')
    expect(error?.issues[0]?.message).toBe('must be a whole number from 1 to 64')
  })
})
