/** One process of kura dies: its clients notice, go on at another, and a new one takes its place. */
import { Agent } from 'node:http'
import { join } from 'node:path'
import { beforeEach, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { begin, send } from '../support/http.ts'
import { digestOf } from '../support/image.ts'
import { type Kura, startKura } from '../support/kura.ts'
import { holderOf, until } from '../support/processes.ts'
import { describeWith } from '../support/programs.ts'
import { createRandom } from '../support/random.ts'
import { beginUpload, finishUpload, receivedOf } from '../support/upload.ts'

const mebibyte = 1024 * 1024

describeWith(['linux'], 'a process of kura that is killed', () => {
  const cleanup = useCleanup()
  let kura: Kura

  beforeEach(async () => {
    kura = await startKura({ env: { REGISTRY_KURA_PROCESSES: '2' } })
    cleanup.add(kura.destroy)
  })

  it('leaves an upload that another process finishes, and is replaced', async () => {
    const bytes = createRandom(1).bytes(4 * mebibyte)
    const part = bytes.subarray(0, 3 * mebibyte)
    const { upload, id, answer } = await beginUpload(kura.url, 'app', part, 2 * mebibyte)
    const file = join(kura.root, 'docker/registry/v2/repositories/app/_uploads', id, 'data')
    const before = await kura.processes()
    const busy = await holderOf(file, before)
    expect(before.slice(1)).toContain(busy)

    process.kill(busy as number, 'SIGKILL')
    await expect(answer).rejects.toThrow()
    expect(await receivedOf(upload)).toBeGreaterThanOrEqual(2 * mebibyte)
    await finishUpload(upload, bytes, digestOf(bytes))
    const pulled = await send('GET', `${kura.url}/v2/app/blobs/${digestOf(bytes)}`)
    expect(digestOf(pulled.body)).toBe(digestOf(bytes))

    await until(async () => (await kura.processes()).length >= before.length)
    const after = await kura.processes()
    expect(after).not.toContain(busy)
    expect(after[0]).toBe(before[0])
  })

  it('leaves no client waiting, not even one whose connection it was about to accept', async () => {
    const [, stuck, other] = await kura.processes()
    process.kill(stuck as number, 'SIGSTOP')
    // Each with a connection of its own, so that some would be the turn of the one that is stuck.
    const asked = Array.from({ length: 8 }, () => {
      const { request, answer } = begin('GET', `${kura.url}/v2/`, { agent: new Agent() })
      request.setTimeout(60_000, () => request.destroy(new Error('nothing was heard')))
      request.end()
      return answer.then(({ status }) => status)
    })
    await Promise.any(asked)
    process.kill(stuck as number, 'SIGKILL')

    const outcomes = await Promise.allSettled(asked)
    const heard = outcomes.map((it) => (it.status === 'fulfilled' ? it.value : `${it.reason}`))
    expect(heard).not.toContain('Error: nothing was heard')
    expect(await kura.processes()).toContain(other)
  })
})
