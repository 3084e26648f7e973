/** The limits of a running kura for its clients: to go on, and not to send too much at once. */

import { generateKeyPairSync } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { addUser } from '../../assembly/accounts/accounts.ts'
import { createClient } from '../protocol/support/client.ts'
import { startUpload } from '../protocol/support/content.ts'
import { openRequest } from '../protocol/support/raw.ts'
import { useCleanup } from '../support/cleanup.ts'
import { type Kura, startKura } from '../support/kura.ts'
import { until } from '../support/processes.ts'

const cleanup = useCleanup()

describe('a kura with an idle time', () => {
  let kura: Kura
  const client = createClient(() => kura.url)
  beforeAll(async () => {
    kura = await startKura({ env: { REGISTRY_KURA_LIMITS_IDLE: '300ms' } })
    cleanup.add(kura.stop)
    cleanup.add(async () => client.close())
  })

  it('gives up an upload that stops, says so, and keeps what came', async () => {
    const path = await startUpload(client, 'silent')
    const silent = await openRequest(kura.port, `PATCH ${path}`, { 'Content-Length': 10 })
    await silent.write('bytes')
    expect(await silent.answer()).toMatch(/^HTTP\/1.1 408 /)
    await until(async () => (await client.get(path)).headers.range === '0-4')
    await kura.said(/a request was given up: its client did nothing/)
  })

  it.each([
    [30 * 1024, 200],
    [33 * 1024, 431],
  ])('answers a token of %i bytes with %i', async (length, status) => {
    const headers = { authorization: `Bearer ${'a'.repeat(length)}` }
    expect((await client.send('GET', '/v2/', { headers })).status).toBe(status)
  })

  it('writes some of many that stop, and the number of the others at its end', async () => {
    const clients = Array.from({ length: 60 }, async () => {
      const silent = await openRequest(kura.port, 'PUT /v2/a/manifests/x', { 'Content-Length': 9 })
      expect(await silent.answer()).toMatch(/^HTTP\/1.1 408 /)
    })
    await Promise.all(clients)
    await kura.stop()
    expect(kura.output().match(/given up: its client did nothing" /g)?.length).toBeLessThan(60)
    expect(kura.output()).toMatch(/given up: its client did nothing more often than .* times=\d+/)
  })
})

it('a kura that starts with an old signing key makes a new one, and shows both', async () => {
  const folder = await cleanup.folder()
  const file = join(folder, 'htpasswd')
  await addUser({ file, name: 'ann', password: 'secret of ann', write: () => {} })
  await mkdir(join(folder, 'keys'))
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const current = privateKey.export({ format: 'jwk' })
  const generation = { current, createdAt: '2026-01-01T00:00:00Z', previous: [] }
  await writeFile(join(folder, 'keys/generation-1.json'), JSON.stringify(generation))
  const kura = await startKura({
    env: {
      REGISTRY_AUTH: JSON.stringify({ htpasswd: { realm: 'kura', path: file } }),
      REGISTRY_KURA_TOKENS_FOLDER: folder,
    },
  })
  cleanup.add(kura.stop)
  const { keys } = (await (await fetch(`${kura.url}/v2/token/keys`)).json()) as { keys: object[] }
  expect(keys).toHaveLength(2)
  expect(keys[1]).toMatchObject({ x: current.x, y: current.y })
})
