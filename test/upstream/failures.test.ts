/** Whatever a request fails with is an error of the upstream, but for the errors of what its body is read from. */
import { Readable } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { digestOf } from '../../registry/protocol/digest.ts'
import { toUpstreamError } from '../../upstream/wire/failures.ts'
import { useCleanup } from '../support/cleanup.ts'
import { failure, open, startFake } from './support.ts'

const cleanup = useCleanup()
const where = { upstream: 'registry.example', host: 'registry.example' }
const withCode = (code: string) => Object.assign(new Error(`connect ${code}`), { code })

describe('a failure', () => {
  it.each([
    ['EACCES', 'refused'],
    ['EPERM', 'refused'],
    ['ENETDOWN', 'refused'],
    ['EADDRNOTAVAIL', 'refused'],
    ['EMFILE', 'refused'],
    ['EAI_FAIL', 'refused'],
    ['INVALID_CA', 'tls'],
    ['PATH_LENGTH_EXCEEDED', 'tls'],
    ['EINVAL', 'fault'],
    ['UND_ERR_INVALID_ARG', 'fault'],
    ['ERR_OF_TOMORROW', 'fault'],
  ])('of the code %s is of the kind %s', (code, kind) => {
    const found = toUpstreamError(where, withCode(code))
    expect([found.kind, (found.cause as Error).message]).toEqual([kind, `connect ${code}`])
  })

  it('without a code is one of the upstream too', () => {
    expect(toUpstreamError(where, new TypeError('odd'))).toMatchObject({
      kind: 'fault',
      message: 'registry.example: the request failed: odd',
    })
  })

  it('of an address that the system does not take is one of the upstream', async () => {
    const nowhere = open(cleanup, new URL('http://[ff02::1]:5000'))
    const [kind, message] = await failure(nowhere.manifests.get('team/app', 'v1'))
    expect([kind, message]).toEqual([
      'refused',
      expect.stringMatching(/there is no way to the network/),
    ])
  })
})

describe('what a blob is sent from', () => {
  const bytes = Buffer.alloc(100)
  const upload = async (source: () => AsyncIterable<Uint8Array>) => {
    const { url } = await startFake(cleanup, (request, response) => {
      if (request.method !== 'POST') return void request.on('end', () => response.end())
      response.writeHead(202, { location: '/v2/team/app/blobs/uploads/1' }).end()
    })
    const blob = { digest: digestOf('sha256', bytes), size: bytes.length, open: source }
    return open(cleanup, url).putBlob('team/app', blob)
  }

  it.each(['EIO', 'ECONNRESET'])(
    'fails with %s as it is, and not as the upstream',
    async (code) => {
      const broken = withCode(code)
      const sources = [
        async function* () {
          yield bytes.subarray(0, 10)
          throw broken
        },
        () =>
          new Readable({
            read: (): never => {
              throw broken
            },
          }),
      ]
      for (const source of sources) await expect(upload(source)).rejects.toBe(broken)
    },
  )

  it('is ended where no connection came about', async () => {
    const source = Readable.from([bytes])
    const { url, server } = await startFake(cleanup, (_, response) => {
      response.writeHead(202, { connection: 'close', location: '/v2/a/blobs/uploads/1' })
      response.end(() => server.close())
    })
    const blob = { digest: digestOf('sha256', bytes), size: bytes.length, open: () => source }
    expect((await failure(open(cleanup, url).putBlob('a', blob)))[0]).toMatch(/refused|cut/)
    expect(source.destroyed).toBe(true)
  })
})
