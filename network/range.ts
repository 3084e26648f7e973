/**
 * Addresses and networks of IPv4 and IPv6. An IPv4 address in the clothes of IPv6, as a socket for
 * both shows it (`::ffff:10.0.0.1`), is the IPv4 address.
 */
import { isIPv4, isIPv6, SocketAddress } from 'node:net'

type IpAddress = { width: 32 | 128; value: bigint }

/** Those whose first bits are those of `value`: all but the last `free`. `text` is how it was written. */
export type Network = IpAddress & { free: bigint; text: string }

export const networkRule = 'an address or a network, such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32'

/** Undefined when `text` is no address; a zone (`fe80::1%eth0`) does not count. */
export function findIpAddress(text: string): IpAddress | undefined {
  if (isIPv4(text)) return { width: 32, value: toValue(ofIPv4(text)) }
  if (!isIPv6(text)) return undefined

  const value = toValue(ofIPv6(text.replace(/%.*$/, '')))
  const isMapped = value >> 32n === 0xffffn
  return isMapped ? { width: 32, value: value & 0xffff_ffffn } : { width: 128, value }
}

/**
 * The one way in which an address is written, whichever of its spellings `text` is: `10.66.1.1` for
 * `::ffff:0a42:0101`, `2001:db8::1` for `2001:DB8:0:0::1`. Undefined when `text` is no address.
 */
export function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text
  const found = findIpAddress(text)
  return found && writeAddress(found)
}

/** The network, or what is wrong with `text`. */
export function readNetwork(text: string): { network: Network } | { fault: string } {
  const [, written = '', prefix] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const address = findIpAddress(written)
  if (!address) return { fault: `must be ${networkRule}` }

  const { width, value } = address
  // A mapped address counts its bits as IPv6 does: 96 of them only say that it is mapped.
  const from = width === 32 && isIPv6(written) ? 96 : 0
  const bits = prefix === undefined ? width : Number(prefix) - from
  if (bits < 0 || bits > width) {
    return { fault: `/${prefix} must be a number from ${from} to ${from + width}` }
  }
  const free = BigInt(width - bits)
  if ((value >> free) << free === value) return { network: { width, value, free, text } }
  const meant = `${writeAddress({ width, value: (value >> free) << free })}/${bits}`
  return {
    fault: `must have nothing but zeros after its first ${prefix} bits, as ${meant} has, or no /${prefix}`,
  }
}

/** The same for text that was checked before. */
export function parseNetwork(text: string): Network {
  const found = readNetwork(text)
  if ('network' in found) return found.network
  throw new Error(`${text} ${found.fault}`)
}

export function contains({ width, value, free }: Network, address: IpAddress): boolean {
  return width === address.width && value >> free === address.value >> free
}

export function writeAddress({ width, value }: IpAddress): string {
  if (width === 32) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.')
  const groups = value.toString(16).padStart(32, '0').match(/.{4}/g) ?? []
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address
}

/** Groups of 16 bits, most significant first. */
function ofIPv4(text: string): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number)
  return [a * 256 + b, c * 256 + d]
}

function ofIPv6(text: string): number[] {
  const [front = [], back = []] = text.split('::').map((half) => half.split(':').flatMap(ofGroup))
  return [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back]
}

function ofGroup(text: string): number[] {
  if (text === '') return []
  return text.includes('.') ? ofIPv4(text) : [Number.parseInt(text, 16)]
}

const toValue = (groups: number[]) =>
  groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n)
