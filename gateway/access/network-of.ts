/**
 * What one client can move about in: an IPv4 address, or the 64 bits of an IPv6 network, since every
 * machine has 2^64 addresses there to choose from. Empty for one that is not known.
 */
import { isIPv4, isIPv6 } from 'node:net'

export function networkOf(address: string): string {
  const [plain = ''] = address.split('%')
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)
  if (mapped?.[1]) return mapped[1]
  if (!isIPv6(plain)) return isIPv4(plain) ? plain : ''

  const [head = '', tail] = plain.toLowerCase().split('::')
  const left = head === '' ? [] : head.split(':')
  // An address that ends in dotted form has one group less than it stands for.
  const right = tail ? tail.replace(/\d+\.\d+\.\d+\.\d+$/, '0:0').split(':') : []
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length
  const groups = [...left, ...Array<string>(Math.max(0, zeros)).fill('0'), ...right].slice(0, 4)
  return `${groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':')}::/64`
}
