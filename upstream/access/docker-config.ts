/** Logins as docker, podman and skopeo keep them: a `config.json` or `auth.json`, and the helpers that it names. */
import { hubLogin, hubNames, isHub } from '../hub.ts'
import type { Credentials, Login } from './credentials.ts'
import { createFileReader } from './credentials.ts'
import { credentialsOfHelper } from './helper.ts'

type Auth = { auth?: unknown; username?: unknown; password?: unknown; identitytoken?: unknown }
type DockerConfig = {
  auths?: Record<string, Auth>
  credHelpers?: Record<string, string>
  credsStore?: string
}

/** Undefined for a registry of which neither the file nor its helpers know. */
export function credentialsOfDocker(path: string, host: string): Credentials {
  const read = createFileReader(path, (bytes) => parseConfig(path, bytes))
  const helpers = new Map<string, Credentials>()
  return async (wanted) => {
    const config = await read()
    const name = keysOf(host)
      .map((key) => config.credHelpers?.[key])
      .find(Boolean)
    const written = keysOf(host)
      .map((key) => findAuth(config, key))
      .find(Boolean)
    if (name === undefined && written) return loginOf(written)
    const program = name ?? config.credsStore
    if (!program) return undefined
    if (!/^[\w.-]+$/.test(program))
      throw new Error(`${path} names ${JSON.stringify(program)} as a helper`)
    const server = isHub(host) ? hubLogin : host
    const helper =
      helpers.get(program) ??
      credentialsOfHelper({ program: `docker-credential-${program}`, server })
    helpers.set(program, helper)
    return helper(wanted)
  }
}

const keysOf = (host: string) => (isHub(host) ? [hubLogin, ...hubNames] : [host])

/** Old versions wrote `https://host/v1/`. An entry without content says that a helper has the login. */
function findAuth({ auths }: DockerConfig, key: string): Auth | undefined {
  const plain = (text: string) => text.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
  const found = Object.entries(auths ?? {}).find(([it]) => it === key || plain(it) === key)?.[1]
  return found && (found.auth || found.username || found.identitytoken) ? found : undefined
}

function loginOf({ auth, username, password, identitytoken }: Auth): Login | undefined {
  const pair = typeof auth === 'string' ? Buffer.from(auth, 'base64').toString('utf8') : ''
  const at = pair.indexOf(':')
  const name = at > 0 ? pair.slice(0, at) : username
  const word = at > 0 ? pair.slice(at + 1) : password
  if (typeof identitytoken === 'string' && identitytoken !== '') {
    return { identityToken: identitytoken, ...(typeof name === 'string' && { username: name }) }
  }
  if (typeof name !== 'string' || typeof word !== 'string') return undefined
  return { username: name, password: word }
}

function parseConfig(path: string, bytes: Buffer): DockerConfig {
  try {
    return Object(JSON.parse(bytes.toString('utf8'))) as DockerConfig
  } catch {
    // The text is not repeated: it may hold a secret.
    throw new Error(`${path} is not JSON`)
  }
}
