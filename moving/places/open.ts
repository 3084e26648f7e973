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
  const { url, host, repository } = place
  const { userAgent, anyCertificate } = access
  const ca = await readAuthority(access)
  const credentials = findCredentials(host, access)
  const registry = createUpstream({ url, userAgent, credentials, trust: { ca, anyCertificate } })
  return { registry, repository, name: `${host}/${repository}` }
}

/** In PEM form. */
export async function readAuthority({ ca }: Access): Promise<string | undefined> {
  return ca === undefined ? undefined : readFile(ca, 'utf8')
}

export function findCredentials(host: string, access: Access): Credentials | undefined {
  const { user, password, passwordFile, loginFile } = access
  if (user !== undefined && passwordFile !== undefined) return credentialsOfFile(user, passwordFile)
  if (user !== undefined && password !== undefined) {
    return fixedCredentials({ username: user, password })
  }
  return loginFile === undefined ? undefined : credentialsOfDocker(loginFile, host)
}
