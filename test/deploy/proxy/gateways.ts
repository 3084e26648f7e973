/** Two gateways over one folder for a proxy to stand in front of, and what clients need to trust it. */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addUser } from '../../../assembly/accounts/accounts.ts'
import type { Cleanup } from '../../support/cleanup.ts'
import { type Kura, runKura, startKura } from '../../support/kura.ts'
import { findFreePort } from '../../support/ports.ts'

/** The setting with which gateways believe a proxy that ends TLS. */
export const believing = { REGISTRY_KURA_TRUSTEDPROXIES: '[127.0.0.1]' }

export const ann = { name: 'ann', password: 'secret of ann' }

export type Front = Awaited<ReturnType<typeof prepareFront>>

/** A certificate for the proxy, or for what stands behind it; a port for each of its listeners. */
export async function prepareFront(cleanup: Cleanup) {
  const folder = await cleanup.folder()
  const tls = join(folder, 'tls')
  const { code, stderr } = await runKura(['cert', '--folder', tls, 'localhost'])
  if (code !== 0) throw new Error(stderr)
  const [certificate, key] = [join(tls, 'server.crt'), join(tls, 'server.key')]
  const both = join(tls, 'both.pem')
  await writeFile(both, (await readFile(certificate, 'utf8')) + (await readFile(key, 'utf8')))
  // Clients read this folder; it must hold no server's certificate.
  const trust = join(folder, 'trust')
  await mkdir(trust)
  await copyFile(join(tls, 'ca.crt'), join(trust, 'ca.crt'))
  const [https, http] = [await findFreePort(), await findFreePort()]
  const paths = { certificate, key, both, trust, authority: join(trust, 'ca.crt') }
  return { folder, ...paths, https, http, host: `localhost:${https}` }
}

export async function startGateways(cleanup: Cleanup, env: NodeJS.ProcessEnv) {
  const root = await cleanup.folder()
  const file = join(root, 'htpasswd')
  await addUser({ file, ...ann, write: () => {} })
  const start = async (): Promise<Kura> => {
    const kura = await startKura({
      root: join(root, 'data'),
      env: {
        REGISTRY_AUTH: 'htpasswd',
        REGISTRY_AUTH_HTPASSWD_REALM: 'Registry Realm',
        REGISTRY_AUTH_HTPASSWD_PATH: file,
        REGISTRY_KURA_TOKENS_CHALLENGE: 'bearer',
        // With a line for each request.
        REGISTRY_LOG_FORMATTER: 'text',
        REGISTRY_KURA_PROCESSES: '1',
        ...env,
      },
    })
    cleanup.add(kura.stop)
    return kura
  }
  return Promise.all([start(), start()])
}

/** `text` with each of `changes` made, all of which it has to have a place for. */
export function adjust(text: string, changes: readonly (readonly [from: string, to: string])[]) {
  return changes.reduce((changed, [from, to]) => {
    if (!changed.includes(from)) throw new Error(`nothing to adjust: ${from}`)
    return changed.replaceAll(from, to)
  }, text)
}
