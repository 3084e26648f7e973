/**
 * Which addresses may be asked in the name of an upstream. It chooses where a redirect and a challenge lead, so it
 * could have this machine, its link or a cloud's metadata service asked. What counts is the address that a
 * connection goes to, not the name: that is why names are looked up here.
 */
import { type LookupAddress, type LookupOptions, lookup as lookUp } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { contains, findIpAddress, type Network, parseNetwork } from '../../network/range.ts'
import { UpstreamError } from '../error.ts'

type Kind = 'machine' | 'link' | 'private' | 'public'
type Done = Parameters<LookupFunction>[2]

/** The metadata services of clouds that have no address of a link. */
const metadata = ['fd00:ec2::/32', '100.100.100.200/32', '168.63.129.16/32']

/** The first kind that fits counts. */
const kinds: [kind: Kind, networks: Network[]][] = [
  ['machine', networksOf('127.0.0.0/8', '0.0.0.0/8', '::1/128', '::/128')],
  ['link', networksOf('169.254.0.0/16', 'fe80::/10', ...metadata)],
  [
    'private',
    networksOf('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'),
  ],
]

type Options = {
  upstream: URL
  /** Hosts that the settings name, which may be anywhere: `host` or `host:port`. */
  hosts?: readonly string[] | undefined
  lookup?: typeof lookUp | undefined
}

export function createReach({ upstream, hosts = [], lookup = lookUp }: Options) {
  const named = new Set(hosts.map((host) => plain(new URL(`http://${host}`).hostname)))
  const ownHost = plain(upstream.hostname)
  let own = new Set<Kind>(isIP(ownHost) ? [kindOf(ownHost)] : [])

  return {
    /** For addresses that are in the URL itself, as no name is looked up for them. */
    refuse({ hostname }: URL): void {
      const host = plain(hostname)
      if (isIP(host) && !mayReach(host, host)) throw refusal(host)
    },

    /** In place of that of Node, for connections. */
    lookup(hostname: string, options: LookupOptions, done: Done): void {
      lookup(hostname, { ...options, all: true }, (error, found) => {
        if (error) return done(error, [])
        const allowed = reached(hostname, found)
        const [first] = allowed
        if (!first) done(refusal(hostname, found), [])
        else if (options.all) done(null, allowed)
        else done(null, first.address, first.family)
      })
    },
  }

  function reached(hostname: string, found: LookupAddress[]): LookupAddress[] {
    if (hostname === ownHost) own = new Set(found.map(({ address }) => kindOf(address)))
    return found.filter(({ address }) => mayReach(hostname, address))
  }

  function mayReach(host: string, address: string): boolean {
    const kind = kindOf(address)
    if (host === ownHost || named.has(host) || kind === 'public' || own.has(kind)) return true
    if (kind !== 'private') return false
    // A storage's name may have a private address, in a cloud; by https, its certificate says that it is meant.
    const isByName = host !== address && upstream.protocol === 'https:'
    return isByName || own.has('machine') || own.has('link')
  }

  function refusal(host: string, found: LookupAddress[] = []): UpstreamError {
    const at = found.length > 0 ? `, which is ${found.map((it) => it.address).join(', ')}` : ''
    const text = `it leads to ${host}${at}: an address inside is asked only where the upstream is at such an address too`
    return new UpstreamError('redirect', upstream.host, text)
  }
}

function kindOf(text: string): Kind {
  const address = findIpAddress(text)
  if (!address) return 'public'
  const found = kinds.find(([, networks]) => networks.some((it) => contains(it, address)))
  return found?.[0] ?? 'public'
}

/** A gateway between both kinds of addresses has those of IPv4 within `64:ff9b::/96`. */
function networksOf(...texts: string[]): Network[] {
  const behindGateway = texts
    .filter((text) => !text.includes(':'))
    .map((text) => {
      const [address, bits] = text.split('/')
      return `64:ff9b::${address}/${96 + Number(bits)}`
    })
  return [...texts, ...behindGateway].map(parseNetwork)
}

/** As a URL has it, an address of IPv6 is in brackets. */
const plain = (hostname: string) => hostname.replace(/^\[|\]$/g, '').toLowerCase()
