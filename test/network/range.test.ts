import { describe, expect, it } from '@jest/globals'
import {
  canonicalAddress,
  contains,
  findIpAddress,
  parseNetwork,
  readNetwork,
} from '../../network/range.ts'

describe('a network', () => {
  const rows: [network: string, inside: string[], outside: string[]][] = [
    ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3'], ['11.0.0.0', '::10.1.2.3']],
    ['192.0.2.7', ['192.0.2.7', '::ffff:c000:207'], ['192.0.2.8']],
    ['192.0.2.128/25', ['192.0.2.128', '192.0.2.255'], ['192.0.2.127']],
    ['0.0.0.0/0', ['0.0.0.0', '255.255.255.255', '::ffff:1.2.3.4'], ['::1', '2001:db8::1']],
    ['::/0', ['::', '2001:db8::1', 'ffff::'], ['1.2.3.4', '::ffff:1.2.3.4']],
    ['2001:db8::/32', ['2001:db8::1', '2001:DB8:ffff::'], ['2001:db9::1', '10.0.0.1']],
    ['::1', ['::1', '0:0:0:0:0:0:0:1'], ['::2', '127.0.0.1']],
    ['fe80::/10', ['fe80::1%eth0', 'febf::1'], ['fec0::1']],
    ['::ffff:10.0.0.0/104', ['10.9.9.9', '::ffff:10.9.9.9'], ['11.0.0.0', '::1']],
    ['1:2:3:4:5:6:7:8', ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:0.7.0.8'], ['1:2:3:4:5:6:7:9']],
  ]
  for (const [text, inside, outside] of rows) {
    it(`${text} holds ${inside.join(', ')} and not ${outside.join(', ')}`, () => {
      const network = parseNetwork(text)
      const holds = (address: string) => {
        const found = findIpAddress(address)
        return found ? contains(network, found) : 'no address'
      }
      expect(inside.map(holds)).toEqual(inside.map(() => true))
      expect(outside.map(holds)).toEqual(outside.map(() => false))
    })
  }

  const faults: [text: string, fault: string][] = [
    ['', 'must be an address or a network'],
    ['10.0.0', 'must be an address or a network'],
    ['10.0.0.256', 'must be an address or a network'],
    ['010.0.0.1', 'must be an address or a network'],
    ['example.org', 'must be an address or a network'],
    ['10.0.0.0/', 'must be an address or a network'],
    ['10.0.0.0/8/8', 'must be an address or a network'],
    ['fe80::1%eth0', 'must be an address or a network'],
    ['10.0.0.0/33', '/33 must be a number from 0 to 32'],
    ['::/129', '/129 must be a number from 0 to 128'],
    ['::ffff:10.0.0.0/8', '/8 must be a number from 96 to 128'],
    [
      '10.0.0.1/8',
      'must have nothing but zeros after its first 8 bits, as 10.0.0.0/8 has, or no /8',
    ],
    ['2001:db8::1/64', 'must have nothing but zeros after its first 64 bits, as 2001:db8::/64 has'],
  ]
  for (const [text, fault] of faults) {
    it(`${JSON.stringify(text)} ${fault}`, () => {
      expect(readNetwork(text)).toEqual({ fault: expect.stringContaining(fault) })
      expect(() => parseNetwork(text)).toThrow(fault)
    })
  }
})

describe('an address is written in one way', () => {
  const rows: [written: string, address: string | undefined][] = [
    ['10.66.1.1', '10.66.1.1'],
    ['::ffff:10.66.1.1', '10.66.1.1'],
    ['::ffff:0a42:0101', '10.66.1.1'],
    ['::FFFF:a42:101', '10.66.1.1'],
    ['0:0:0:0:0:ffff:0a42:0101', '10.66.1.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8::0001', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::', '::'],
    ['010.66.1.1', undefined],
    ['10.66.1.1:80', undefined],
    ['[::1]', undefined],
    ['', undefined],
  ]
  it.each(rows)('%s is %s', (written, address) => {
    expect(canonicalAddress(written)).toBe(address)
  })
})
