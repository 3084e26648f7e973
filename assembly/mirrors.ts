/** The mirrors of the configuration: `proxy`, of which the whole registry is one, and `kura.mirrors`. */
import type { Config } from '../config/schema.ts'
import type { MirrorSettings } from '../mirror/settings.ts'
import { faultOfRepositoryPattern, faultOfTagPattern } from '../policies/engine/pattern.ts'
import { isRepository } from '../registry/protocol/name.ts'
import { faultOfTokenHost } from '../upstream/access/token-host.ts'
import { hostToAsk, hubName, isHub } from '../upstream/hub.ts'
import { isLoopbackName } from './messages/reach.ts'

type Section = Config['kura']['mirrors'][number]
type Login = Pick<Section, 'username' | 'password' | 'passwordfile' | 'exec' | 'ca' | 'tokenhosts'>

/** `place` is the setting that a message names. */
export type MirrorConfig = { place: string; settings: MirrorSettings; login: Login }

/** What registry:2 has as its default for `proxy.cachewritetimeout`. */
const usualLinger = 300_000
/** registry:2 asks its upstream for a tag each time; within a minute, the answer is the same here. */
const usualTagTtl = 60_000

/** Throws with the setting to change where two mirrors cannot be told apart, or one cannot work. */
export function mirrorsFrom(config: Pick<Config, 'proxy' | 'kura' | 'http'>): MirrorConfig[] {
  const whole = config.proxy?.remoteurl ? [wholeMirror(config.proxy, config.proxy.remoteurl)] : []
  const mirrors = [...whole, ...config.kura.mirrors.map(mirrorFrom)]
  for (const mirror of mirrors) {
    refuseLogin(mirror)
    refuseTokenHosts(mirror)
    refuseItself(mirror, config.http)
  }
  refuseTwice(mirrors, 'prefix', ({ settings }) => [settings.prefix])
  refuseTwice(mirrors, 'namespaces', ({ settings }) => settings.namespaces)
  return mirrors
}

const everything = { allow: [], deny: [] }

function wholeMirror(
  { cachewritetimeout, ...login }: NonNullable<Config['proxy']>,
  written: string,
): MirrorConfig {
  const { name, remoteUrl, namespaces, isOnHub } = identify(written)
  const settings = {
    ...{ name, remoteUrl, prefix: '', namespaces, defaults: [], hasLibrary: isOnHub },
    ...{ repositories: everything, tags: everything },
    ...{ tagTtlMs: usualTagTtl, lingerMs: cachewritetimeout },
  }
  return { place: 'proxy', settings, login }
}

function mirrorFrom(section: Section, index: number): MirrorConfig {
  const place = `kura.mirrors.${index}`
  const { remoteurl, allow, deny, default: defaults, tagttl, officialimages } = section
  const found = identify(remoteurl)
  const namespaces = section.namespaces?.map((it) => it.toLowerCase()) ?? found.namespaces
  const prefix = section.prefix ?? namespaces[0] ?? found.name
  if (!isRepository(prefix)) {
    const fault = `${JSON.stringify(prefix)} cannot begin the name of a repository`
    throw new Error(`${place}.prefix: ${fault}: set one of a-z, 0-9, and . _ - between them`)
  }
  const repositories = [...defaults, ...allow.repositories, ...deny.repositories]
  refusePatterns(place, repositories, faultOfRepositoryPattern)
  refusePatterns(place, [...allow.tags, ...deny.tags], faultOfTagPattern)
  const settings = {
    ...{ name: namespaces[0] ?? found.name, remoteUrl: found.remoteUrl },
    ...{ prefix, namespaces, defaults },
    hasLibrary: officialimages ?? found.isOnHub,
    repositories: { allow: allow.repositories, deny: deny.repositories },
    tags: { allow: allow.tags, deny: deny.tags },
    ...{ tagTtlMs: tagttl, lingerMs: usualLinger },
  }
  return { place, settings, login: section }
}

/** Docker Hub's other names are people's: only one of them is that of a registry. */
function identify(written: string) {
  const { host, hostname } = new URL(written)
  if (!isHub(hostname)) {
    return { name: host, remoteUrl: written, namespaces: [host], isOnHub: false }
  }
  const asked = hostToAsk(hostname)
  const remoteUrl = asked === hostname ? written : withHost(written, asked)
  const namespaces = [hubName, 'index.docker.io', 'registry-1.docker.io']
  return { name: hubName, remoteUrl, namespaces, isOnHub: true }
}

function withHost(written: string, host: string): string {
  return Object.assign(new URL(written), { hostname: host }).href
}

function refusePatterns(
  place: string,
  patterns: readonly string[],
  faultOf: (pattern: string) => string | undefined,
): void {
  for (const pattern of patterns) {
    const fault = pattern.includes('$') ? 'has a $, which means nothing here' : faultOf(pattern)
    if (fault) throw new Error(`${place}: the pattern ${JSON.stringify(pattern)} ${fault}`)
  }
}

function refuseLogin({ place, settings, login }: MirrorConfig): void {
  const { username, password, passwordfile, exec } = login
  const passwords = [password, passwordfile].filter((it) => it !== undefined).length
  const file = place === 'proxy' ? '' : ' or passwordfile'
  if (exec && username !== undefined) {
    throw new Error(`${place}: set username and password, or exec, not both`)
  }
  if ((username === undefined) !== (passwords === 0) || passwords > 1) {
    throw new Error(
      `${place}: username goes with one password; set both username and password${file}`,
    )
  }
  const { username: name, password: word } = new URL(settings.remoteUrl)
  if (name || word) {
    throw new Error(`${place}.remoteurl holds a login: set username and password${file} instead`)
  }
}

function refuseTokenHosts({ place, login }: MirrorConfig): void {
  for (const host of login.tokenhosts) {
    const fault = faultOfTokenHost(host)
    if (fault) throw new Error(`${place}.tokenhosts: ${fault}`)
  }
}

/** What shows without asking anybody; a detour is found out by the first request. */
function refuseItself({ place, settings }: MirrorConfig, http: Config['http']): void {
  const url = new URL(settings.remoteUrl)
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  const isOwnAddress =
    isLoopbackName(url.hostname) &&
    'port' in http.addr &&
    http.addr.port === port &&
    isSameHost(url.hostname, http.addr.host)
  const isOwnName = http.host !== undefined && new URL(http.host).host === url.host
  if (!isOwnAddress && !isOwnName) return
  throw new Error(`${place}.remoteurl: ${settings.remoteUrl} is this registry itself`)
}

function refuseTwice(
  mirrors: readonly MirrorConfig[],
  setting: string,
  valuesOf: (mirror: MirrorConfig) => readonly string[],
): void {
  const seen = new Map<string, string>()
  for (const mirror of mirrors) {
    for (const value of valuesOf(mirror)) {
      const other = seen.get(value)
      if (other !== undefined) {
        const fault = `${value || 'the whole registry'} is that of ${other} too`
        throw new Error(`${mirror.place}.${setting}: ${fault}; set another`)
      }
      seen.set(value, mirror.place)
    }
  }
}

/** A registry that listens on one address of this machine may have another one beside it. */
const isSameHost = (asked: string, own: string | undefined) =>
  own === undefined || own === asked || (isLoopbackName(own) && asked === 'localhost')
