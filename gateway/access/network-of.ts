/**
 * The addresses that one client can choose from: an IPv4 address, or the 64 bits of an IPv6 network, in
 * which every machine has 2^64 addresses. Empty where the address is not known.
 */
import { findIpAddress, writeAddress } from '../../network/range.ts'

const bitsOfClient = { 32: 0n, 128: 64n }

export function networkOf(address: string): string {
  const found = findIpAddress(address)
  if (!found) return ''
  const { width, value } = found
  const bits = bitsOfClient[width]
  return writeAddress({ width, value: (value >> bits) << bits })
}
