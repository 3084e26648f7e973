import { describe, expect, it } from '@jest/globals'
import { findAddress, findTcpAddress } from '../../network/address.ts'

describe('an address', () => {
  it.each([
    ['127.0.0.1:5000', { host: '127.0.0.1', port: 5000 }],
    ['registry.internal:80', { host: 'registry.internal', port: 80 }],
    [':0', { port: 0 }],
    ['[::1]:5000', { host: '::1', port: 5000 }],
    ['[fe80::1%eth0]:65535', { host: 'fe80::1%eth0', port: 65_535 }],
    ['unix:/run/a:1.sock', { path: '/run/a:1.sock' }],
  ])('is read from %s, which it keeps', (text, address) => {
    expect(findAddress(text)).toEqual({ text, ...address })
  })

  it.each([
    '',
    '5000',
    'a',
    'a:',
    'a:65536',
    'a:-1',
    'a:1x',
    'a:1:2',
    '::1:5000',
    '[::1]',
    '[::1]5000',
    '[a.b]:1',
    '[]:1',
    'http://a:1',
    'u@a:1',
    'u:p@a:1',
    'a b:1',
    'unix:',
    'unix:a.sock',
  ])('is not %j', (text) => {
    expect(findAddress(text)).toBeUndefined()
  })

  it('has another port where it names none, and there is one to fall back on', () => {
    expect(findTcpAddress('redis', 6379)).toEqual({ text: 'redis', host: 'redis', port: 6379 })
    expect(findTcpAddress('[::1]', 6379)).toEqual({ text: '[::1]', host: '::1', port: 6379 })
    expect(findTcpAddress('redis:1', 6379)?.port).toBe(1)
  })
})
