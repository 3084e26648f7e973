/** A worker dies or stands still in the middle of its work: its gateways go on, and nobody waits for ever. */
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { begin, send } from '../support/http.ts'
import { digestOf } from '../support/image.ts'
import { endProcess, holderOf, until, untilGone } from '../support/processes.ts'
import { describeWith } from '../support/programs.ts'
import { pushBlob } from '../support/push.ts'
import { createRandom } from '../support/random.ts'
import { startTopology, type Topology } from '../support/topologies.ts'
import { beginUpload, finishUpload, receivedOf } from '../support/upload.ts'

const mebibyte = 1024 * 1024
const kinds = ['workers', 'cluster'] as const
type Kind = (typeof kinds)[number]
/** Far less than any limit on time that there is, and far more than it takes to notice a closed connection. */
const atOnce = 2_000
/** For a worker that stands still: three probes that hear nothing, with room for a busy machine. */
const inTheEnd = 60_000

describeWith(['linux'], 'a worker', () => {
  const cleanup = useCleanup()
  const bytes = createRandom(1).bytes(16 * mebibyte)
  const kuras: Partial<Record<Kind, Topology>> = {}
  const of = (kind: Kind) => kuras[kind] as Topology

  beforeAll(async () => {
    for (const kind of kinds) kuras[kind] = await startTopology(kind, cleanup)
  }, 240_000)

  /** Resolves once there are as many workers as before, without the one that is gone. */
  function replaced(kura: Topology, before: number[], gone: number): Promise<void> {
    return until(async () => {
      const { workers } = await kura.pids()
      return workers.length >= before.length && !workers.includes(gone)
    })
  }

  async function busyWith(kura: Topology, repository: string, id: string): Promise<number> {
    const uploads = `docker/registry/v2/repositories/${repository}/_uploads`
    const { workers } = await kura.pids()
    const busy = await holderOf(join(kura.root, uploads, id, 'data'), workers)
    if (busy === undefined) throw new Error('no worker is writing')
    return busy
  }

  it.each(kinds)(
    'that is killed breaks its pushes at once, and another takes them up: %s',
    async (kind) => {
      const kura = of(kind)
      const before = await kura.pids()
      const part = bytes.subarray(0, 3 * mebibyte)
      const { upload, id, answer } = await beginUpload(kura.url, 'app', part, 2 * mebibyte)
      const busy = await busyWith(kura, 'app', id)

      const killedAt = Date.now()
      endProcess(busy)
      await expect(answer).rejects.toThrow()
      expect(Date.now() - killedAt).toBeLessThan(atOnce)
      expect(await receivedOf(upload)).toBeGreaterThanOrEqual(2 * mebibyte)
      await finishUpload(upload, bytes, digestOf(bytes))
      for (const url of kura.urls) {
        const pulled = await send('GET', `${url}/v2/app/blobs/${digestOf(bytes)}`)
        expect(digestOf(pulled.body)).toBe(digestOf(bytes))
      }
      await replaced(kura, before.workers, busy)
      const after = await kura.pids()
      expect(after.gateways).toEqual(before.gateways)
      expect(after.supervisors).toEqual(before.supervisors)
    },
  )

  it.each(kinds)(
    'that is killed with all others breaks no pull in silence, and a new one answers: %s',
    async (kind) => {
      const kura = of(kind)
      const digest = await pushBlob({ url: kura.url, repository: 'pulled' }, bytes)
      const target = `${kura.url}/v2/pulled/blobs/${digest}`
      const pulls = Array.from({ length: 20 }, () => begin('GET', target))
      for (const { request } of pulls) request.end()
      // Some are half-way by now, some wait for their turn.
      await Promise.race(pulls.map(({ answer }) => answer))
      const before = await kura.pids()
      for (const pid of before.workers) endProcess(pid)

      const outcomes = await Promise.allSettled(pulls.map(({ answer }) => answer))
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') continue
        const { status, body } = outcome.value
        expect([200, 503]).toContain(status)
        if (status === 200) expect(digestOf(body)).toBe(digest)
      }
      const pulled = await send('GET', target)
      expect([pulled.status, digestOf(pulled.body)]).toEqual([200, digest])
      // A worker that has no socket yet is told from a gateway by nothing.
      const { gateways } = await kura.pids()
      expect(gateways).toEqual(expect.arrayContaining(before.gateways))
    },
  )

  // It takes a while until one is given up; both at once, it takes that only once.
  it('that stands still keeps nobody waiting for ever', async () => {
    await Promise.all(kinds.map((kind) => standStill(of(kind))))
  })

  async function standStill(kura: Topology): Promise<void> {
    const part = bytes.subarray(0, 3 * mebibyte)
    const { upload, id, answer } = await beginUpload(kura.url, 'still', part, 2 * mebibyte)
    const busy = await busyWith(kura, 'still', id)
    process.kill(busy, 'SIGSTOP')

    // Those that come meanwhile: some go to the other worker at once, some to this one, and all are answered.
    const asked = Array.from({ length: 12 }, () => {
      const { request, answer } = begin('GET', `${kura.url}/v2/nothing/tags/list`)
      request.setTimeout(inTheEnd, () => request.destroy(new Error('nothing was heard')))
      request.end()
      return answer
    })
    const heard = await Promise.all(asked)
    expect(heard.map(({ status }) => status)).toEqual(heard.map(() => 404))
    await expect(answer).rejects.toThrow()

    endProcess(busy)
    await untilGone([busy])
    expect(await receivedOf(upload)).toBeGreaterThanOrEqual(2 * mebibyte)
  }
})
