/** Where an upstream may lead: to no address inside, unless it is at such an address itself. */
import type { LookupAddress, lookup } from 'node:dns'
import { describe, expect, it } from '@jest/globals'
import { createReach } from '../../upstream/wire/reach.ts'
import { createTransport, usualTimes } from '../../upstream/wire/transport.ts'
import { useCleanup } from '../support/cleanup.ts'
import { failure, open, startFake } from './support.ts'

const cleanup = useCleanup()

const names: Record<string, string[]> = {
  'public.example': ['192.0.2.1'],
  'private.example': ['10.1.1.1'],
  'here.example': ['127.0.0.1'],
  'metadata.example': ['169.254.169.254'],
  'mapped.example': ['::ffff:169.254.169.254'],
  'mixed.example': ['127.0.0.1', '192.0.2.9'],
}

const lookUp = ((name: string, _: object, done: (error: null, found: LookupAddress[]) => void) => {
  const found = names[name] ?? []
  done(
    null,
    found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
  )
}) as unknown as typeof lookup

type Reach = ReturnType<typeof createReach>

const find = (reach: Reach, name: string) =>
  new Promise<unknown>((resolve, reject) => {
    reach.lookup(name, { all: true }, (error, found) => (error ? reject(error) : resolve(found)))
  })

async function isReached(from: string, to: string, hosts: string[] = []): Promise<boolean> {
  const upstream = new URL(from)
  const reach = createReach({ upstream, hosts, lookup: lookUp })
  // It was asked before it led anywhere.
  if (upstream.hostname in names) await find(reach, upstream.hostname)
  try {
    const url = new URL(to)
    reach.refuse(url)
    if (url.hostname in names) await find(reach, url.hostname)
    return true
  } catch (error) {
    expect(String(error)).toMatch(`${upstream.host}: it leads to `)
    return false
  }
}

describe('an upstream', () => {
  const addresses = ['127.0.0.1', '2130706433', '0.0.0.0', '[::1]', '[::]', '[::ffff:127.0.0.1]']
  const links = ['169.254.169.254', '[fe80::1]', '[fd00:ec2::254]', '[64:ff9b::169.254.169.254]']
  const inside = [...addresses, ...links, 'here.example', 'metadata.example', 'mapped.example']

  it.each(inside)('that is public or private does not lead to %s', async (host) => {
    for (const from of ['https://public.example', 'https://192.0.2.1', 'https://private.example']) {
      expect(await isReached(from, `https://${host}/x`)).toBe(false)
    }
  })

  it.each([
    ['https://public.example', 'https://192.0.2.7', true],
    ['https://public.example', 'https://mixed.example', true],
    ['https://public.example', 'https://[64:ff9b::192.0.2.7]', true],
    ['https://public.example', 'https://10.1.1.1', false],
    ['https://public.example', 'https://private.example', true],
    ['http://public.example', 'http://private.example', false],
    ['https://private.example', 'https://10.2.2.2', true],
    ['https://here.example', 'https://127.0.0.2', true],
    ['https://here.example', 'https://10.1.1.1', true],
    ['https://here.example', 'https://metadata.example', false],
    ['https://metadata.example', 'https://169.254.1.1', true],
  ])('%s leads to %s: %s', async (from, to, expected) => {
    expect(await isReached(from, to)).toBe(expected)
  })

  it('may have a token server inside that the settings name', async () => {
    const hosts = ['here.example:8443']
    expect(await isReached('https://public.example', 'https://here.example', hosts)).toBe(true)
  })
})

describe('a request', () => {
  it('does not follow a redirect to a link', async () => {
    const { url } = await startFake(cleanup, (_, response) => {
      response.writeHead(307, { location: 'http://169.254.169.254/latest/meta-data' }).end()
    })
    const asked = open(cleanup, url).blobs.find('team/app', `sha256:${'0'.repeat(64)}`)
    expect(await failure(asked)).toEqual(['redirect', expect.stringMatching(/leads to 169\.254/)])
  })

  it('makes no connection to a name whose address is inside', async () => {
    const { url } = await startFake(cleanup, (_, response) => response.end('found'))
    const upstream = new URL(`http://here.example:${url.port}`)
    const transport = createTransport({ upstream, times: usualTimes, lookup: lookUp })
    cleanup.add(transport.close)
    const ask = (to: URL) => transport.send(to, { method: 'GET', headers: {} })
    expect(await (await ask(upstream)).body.text()).toBe('found')
    const [kind, text] = await failure(ask(new URL('http://metadata.example/')))
    expect([kind, text]).toEqual(['redirect', expect.stringMatching(/, which is 169\.254\.169/)])
  })
})
