/** From what people write to places that can be read and written. */
import { readFile } from 'node:fs/promises'
import {
  type Credentials,
  credentialsOfFile,
  fixedCredentials,
} from '../../upstream/access/credentials.ts'
import { credentialsOfDocker } from '../../upstream/access/docker-config.ts'
import { createUpstream } from '../../upstream/registry.ts'
import { openArchiveDestination, openArchiveSource } from './archive.ts'
import { openLayoutDestination } from './layout-destination.ts'
import { openLayoutSource } from './layout-source.ts'
import type { Call, Destination, Source } from './place.ts'
import { createRepositoryDestination, createRepositorySource } from './repository.ts'
import type { Spelled } from './spelling.ts'

/** How a registry is reached. */
export type Access = {
  userAgent: string
  /** The file of an authority. */
  ca?: string | undefined
  anyCertificate?: boolean | undefined
  user?: string | undefined
  password?: string | undefined
  passwordFile?: string | undefined
  /** docker's config.json, if there is one. */
  loginFile?: string | undefined
  /** Further hosts whose token servers may have the login: `host` or `host:port`. */
  tokenHosts?: readonly string[] | undefined
}

type Opened<K extends Spelled['kind']> = Extract<Spelled, { kind: K }>

export async function openSource(place: Spelled, access: Access, call: Call): Promise<Source> {
  if (place.kind === 'archive') return openArchiveSource(place.path, call)
  if (place.kind === 'layout') return openLayoutSource(place.path)
  return createRepositorySource(await openRepository(place, access))
}

export async function openDestination(
  place: Spelled,
  access: Access,
  source: Spelled,
): Promise<Destination> {
  if (place.kind === 'archive') return openArchiveDestination(place.path)
  if (place.kind === 'layout') return openLayoutDestination(place.path)
  const isSame = source.kind === 'registry' && source.url.origin === place.url.origin
  const mountFrom = isSame && source.repository !== place.repository ? source.repository : undefined
  return createRepositoryDestination({ ...(await openRepository(place, access)), mountFrom })
}

async function openRepository(place: Opened<'registry'>, access: Access) {
  const { host, repository } = place
  const registry = await openRegistry(place, access)
  return { registry, repository, name: `${host}/${repository}` }
}

type Named = Pick<Opened<'registry'>, 'url' | 'host'>

/** The caller closes it. Rejects when the file of the authority cannot be read. */
export async function openRegistry({ url, host }: Named, access: Access) {
  const { userAgent, anyCertificate, tokenHosts } = access
  const ca = access.ca === undefined ? undefined : await readFile(access.ca, 'utf8')
  const credentials = findCredentials(host, access)
  const trust = { ca, anyCertificate }
  return createUpstream({ url, userAgent, credentials, tokenHosts, trust })
}

function findCredentials(host: string, access: Access): Credentials | undefined {
  const { user, password, passwordFile, loginFile } = access
  if (user !== undefined && passwordFile !== undefined) return credentialsOfFile(user, passwordFile)
  if (user !== undefined && password !== undefined) {
    return fixedCredentials({ username: user, password })
  }
  return loginFile === undefined ? undefined : credentialsOfDocker(loginFile, host)
}
