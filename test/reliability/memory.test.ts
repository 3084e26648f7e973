/** A blob far larger than any memory goes in and comes out, while no process of kura ever needs much. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { next, send } from '../support/http.ts'
import { startKura } from '../support/kura.ts'
import { inLength } from '../support/length.ts'
import { peakMemory } from '../support/processes.ts'
import { describeWith } from '../support/programs.ts'
import { chunkHeaders, expectStatus } from '../support/push.ts'
import { generateLayer } from '../support/random.ts'

const mebibyte = 1024 * 1024
const mostMemory = 200
/** Far more than fits in what a process may have, even if half of it were written by then. */
const size = inLength({ short: 448, long: 4096 }) * mebibyte

describeWith(['linux'], `a blob of ${size / mebibyte} MiB`, () => {
  const cleanup = useCleanup()

  it(`is pushed in one stream and pulled back in less than ${mostMemory} MiB`, async () => {
    const kura = await startKura()
    cleanup.add(kura.stop)
    const blobs = `${kura.url}/v2/large/blobs`

    const hash = createHash('sha256')
    const begun = await send('POST', `${blobs}/uploads/`)
    const upload = next(begun, kura.url)
    const patched = await send('PATCH', upload, {
      body: generateLayer(size, hash),
      headers: chunkHeaders,
    })
    expectStatus(patched, 202)
    const digest = `sha256:${hash.digest('hex')}`
    expectStatus(await send('PUT', next(patched, kura.url, `digest=${digest}`)), 201)

    const pulled = createHash('sha256')
    const [response] = (await once(get(`${blobs}/${digest}`), 'response')) as [IncomingMessage]
    for await (const chunk of response) pulled.update(chunk)
    expect(`sha256:${pulled.digest('hex')}`).toBe(digest)

    const pids = await kura.processes()
    const peaks = await Promise.all(pids.map(peakMemory))
    expect(peaks.length).toBeGreaterThan(1)
    expect(Math.max(...peaks)).toBeLessThan(mostMemory)
  }, 600_000)
})
