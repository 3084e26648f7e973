/** kura is asked to stop while an upload is under way. */
import { expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { digestOf } from '../support/image.ts'
import { startKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'
import { expectStatus } from '../support/push.ts'
import { createRandom } from '../support/random.ts'
import { beginUpload, finishUpload, receivedOf } from '../support/upload.ts'

const mebibyte = 1024 * 1024

describeWith(['linux'], 'a kura that is stopped', () => {
  const cleanup = useCleanup()
  const bytes = createRandom(1).bytes(4 * mebibyte)
  const [first, rest] = [bytes.subarray(0, 3 * mebibyte), bytes.subarray(3 * mebibyte)]

  async function start(root: string, draintimeout: string) {
    const kura = await startKura({ root, env: { REGISTRY_HTTP_DRAINTIMEOUT: draintimeout } })
    cleanup.add(kura.destroy)
    return kura
  }

  /** The same upload, once another kura serves the folder. */
  const continued = (upload: string, url: string) => url + new URL(upload).pathname

  it('lets an upload end that is under way', async () => {
    const root = await cleanup.folder()
    const kura = await start(root, '60s')
    const { upload, request, answer } = await beginUpload(kura.url, 'app', first, 2 * mebibyte)
    kura.kill('SIGTERM')
    await kura.said(/stopping/)
    request.end(rest)
    expectStatus(await answer, 202)
    expect(await kura.stopped).toEqual({ code: 0, signal: null })

    const later = await start(root, '60s')
    const same = continued(upload, later.url)
    expect(await receivedOf(same)).toBe(bytes.length)
    await finishUpload(same, bytes, digestOf(bytes))
  })

  it('stops at once when it is told a second time, and the upload can go on later', async () => {
    const root = await cleanup.folder()
    const kura = await start(root, '60s')
    const { upload, answer } = await beginUpload(kura.url, 'app', first, 2 * mebibyte)
    kura.kill('SIGTERM')
    await kura.said(/stopping/)
    kura.kill('SIGINT')
    await expect(answer).rejects.toThrow()
    expect(await kura.stopped).toEqual({ code: 130, signal: null })
    expect(await kura.processes()).toEqual([])

    const later = await start(root, '60s')
    await finishUpload(continued(upload, later.url), bytes, digestOf(bytes))
  })

  it('waits no longer than draintimeout', async () => {
    const kura = await start(await cleanup.folder(), '100ms')
    const { answer } = await beginUpload(kura.url, 'app', first, 2 * mebibyte)
    kura.kill('SIGTERM')
    await expect(answer).rejects.toThrow()
    expect(await kura.stopped).toEqual({ code: 0, signal: null })
    expect(kura.output()).toContain('requests were cut short')
  })

  it('stops at once when nothing is under way', async () => {
    const kura = await start(await cleanup.folder(), '60s')
    kura.kill('SIGINT')
    expect(await kura.stopped).toEqual({ code: 0, signal: null })
  })
})
