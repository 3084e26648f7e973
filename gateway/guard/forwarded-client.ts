/**
 * Which address a client has, by what trusted proxies say of it. Each proxy adds the one it talked to,
 * so a list is read from its end, and the first address that is no trusted proxy's is the client's.
 */
import { canonicalAddress } from '../../network/range.ts'

/**
 * Stands for the address of a client whose proxy says nothing that can be read. It is in no network:
 * rules that deny `from` somewhere count for it, and rules that allow do not.
 */
export const unknownAddress = 'unknown'

/** The client by one header. `hop` counts from the end of its list, and is 0 for the last element. */
type Claim = { address: string; hop: number; isProxy: boolean }
export type Client = { address: string; hop: number }

/** Each list is that of a header; an empty one is of a header that was not sent. */
export function findClient(
  lists: readonly (readonly string[])[],
  isTrusted: (address: string) => boolean,
): Client | undefined {
  const claims = lists.filter((list) => list.length > 0).map((list) => read(list, isTrusted))
  const clients = claims.filter(({ isProxy }) => !isProxy)
  const [first = claims[0]] = clients
  // A proxy fills in one header and may let a client's own through, and which one is not known here.
  const isDisputed = clients.some(({ address }) => address !== first?.address)
  return isDisputed ? { address: unknownAddress, hop: 0 } : first
}

function read(list: readonly string[], isTrusted: (address: string) => boolean): Claim {
  let [address, hop] = [unknownAddress, 0]
  for (; hop < list.length; hop++) {
    const found = addressOf(list.at(-1 - hop) ?? '')
    if (found === undefined) return { address: unknownAddress, hop, isProxy: false }
    if (!isTrusted(found)) return { address: found, hop, isProxy: false }
    address = found
  }
  // Every hop is a proxy's, and the first of them has asked by itself.
  return { address, hop: hop - 1, isProxy: true }
}

const withPort = /^\[([^\]]*)\](?::[\w.-]+)?$|^([\d.]+):[\w.-]+$/

/** Without the port, which some proxies add, and without the quotes that one then needs. */
function addressOf(written: string): string | undefined {
  const node = written.trim().replace(/^"(.*)"$/, '$1')
  const [, bracketed, dotted] = withPort.exec(node) ?? []
  return canonicalAddress(bracketed ?? dotted ?? node)
}
