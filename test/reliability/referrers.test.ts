/** Strangers ask for referrers whose annotations are as large as they may be, and harm nobody. */
import { expect, it } from '@jest/globals'
import { imageManifest } from '../../registry/protocol/media-types.ts'
import { descriptor, packIndex } from '../protocol/support/content.ts'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'
import { startKura } from '../support/kura.ts'
import { peakMemory } from '../support/processes.ts'
import { describeWith } from '../support/programs.ts'
import { expectStatus } from '../support/push.ts'

const mebibyte = 1024 * 1024
const manifests = 12
const strangers = 20
/** In MiB. All descriptors together are more than that where each stranger gets all of them. */
const mostMore = 500

describeWith(['linux'], 'many large referrers', () => {
  const cleanup = useCleanup()

  it('take a bounded memory, and others are answered meanwhile', async () => {
    const kura = await startKura({ env: { REGISTRY_KURA_PROCESSES: '1' } })
    cleanup.add(kura.stop)
    const subject = descriptor('the subject', imageManifest)
    for (let nr = 0; nr < manifests; nr++) {
      const text = 'x'.repeat(3.9 * mebibyte)
      const { bytes, digest, mediaType } = packIndex([], {
        subject,
        annotations: { text, nr: `${nr}` },
      })
      const place = `${kura.url}/v2/a/manifests/${digest}`
      const headers = { 'Content-Type': mediaType }
      expectStatus(await send('PUT', place, { body: bytes, headers }), 201)
    }
    const memory = async () =>
      Math.max(...(await Promise.all((await kura.processes()).map(peakMemory))))
    const before = await memory()

    let isOver = false
    const flood = Promise.all(
      Array.from({ length: strangers }, async () => {
        const { status, body } = await send('GET', `${kura.url}/v2/a/referrers/${subject.digest}`)
        expect(status).toBe(200)
        expect(body.length).toBeLessThan(4 * mebibyte)
      }),
    ).finally(() => {
      isOver = true
    })
    let answered = 0
    for (; !isOver; answered++) expectStatus(await send('GET', `${kura.url}/v2/`), 200)
    await flood
    expect(answered).toBeGreaterThan(strangers / 2)
    expect(await memory()).toBeLessThan(before + mostMore)
  }, 300_000)
})
