/**
 * A process is halted, for longer than its leases last, just before each of its steps that changes
 * something. Others go on without it, and what they acknowledge stays: it hears 503 when it wakes up.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it } from '@jest/globals'
import { makeBucket } from '../registry/storage/s3/started.ts'
import { startCeph } from '../support/ceph.ts'
import { type Cleanup, useCleanup } from '../support/cleanup.ts'
import { inOwnWorld, processTree, untilHalted } from '../support/processes.ts'
import { describeWith, type Need } from '../support/programs.ts'
import { useRedis } from '../support/redis.ts'
import { compiled } from '../support/release.ts'
import type { Task } from './halted-holder.ts'
import { createParts, openShared, type Place } from './halted-parts.ts'
import { scenarios } from './halted-scenarios.ts'

const holder = fileURLToPath(new URL('./halted-holder.ts', import.meta.url))
/** Steps that are tried side by side. */
const atOnce = 6

type Row = [
  where: string,
  needs: Need[],
  isLate: boolean[],
  open: (cleanup: Cleanup) => Promise<Place>,
]
const folder = async (cleanup: Cleanup) => ({ root: await cleanup.folder() })
const withRedis = async (cleanup: Cleanup) => ({ redisPort: (await useRedis(cleanup)).port })
const rows: Row[] = [
  ['a folder', [], [false, true], folder],
  [
    'a folder with Redis',
    ['redis-server'],
    [true],
    async (cleanup) => ({ ...(await folder(cleanup)), ...(await withRedis(cleanup)) }),
  ],
  [
    'S3 with Redis',
    ['redis-server', 'radosgw', 'ceph-mon', 'ceph-osd', 'setpriv'],
    [false],
    async (cleanup) => {
      const { endpoint } = await startCeph(cleanup)
      await makeBucket(endpoint)
      return { endpoint, ...(await withRedis(cleanup)) }
    },
  ],
]

for (const [where, needs, lateness, openPlace] of rows) {
  describeWith(
    ['root', 'linux', 'unshare', ...needs],
    `on ${where}, a process that is halted`,
    () => {
      const cleanup = useCleanup()
      let place: Promise<Place> | undefined

      it.each(lateness)(
        'changes nothing that others have acknowledged (%s: after its last look at the lease)',
        async (isLate) => {
          place ??= openPlace(cleanup)
          const others = await openShared(await place)
          cleanup.add(others.close)
          const parts = createParts(others.shared)
          const faults: unknown[] = []
          const run = { cleanup, it: parts, place: await place, isLate, faults }
          const steps: string[][] = []
          while (steps.at(-1)?.length !== 0) {
            const first = steps.length + 1
            const some = Array.from({ length: atOnce }, (_, index) => first + index)
            steps.push(...(await Promise.all(some.map((step) => runStep({ ...run, step })))))
          }
          expect(faults).toEqual([])
          // Each was halted at some step. In a bucket, nothing of an upload is left to be purged.
          const names = Object.keys(scenarios).filter(
            (name) => !where.startsWith('S3') || !name.startsWith('purges'),
          )
          expect(steps[0]?.toSorted()).toEqual(names.toSorted())
        },
        240_000,
      )
    },
  )
}

type Run = {
  cleanup: Cleanup
  place: Place
  step: number
  isLate: boolean
  it: ReturnType<typeof createParts>
}

/** Answers which scenarios have come so far. */
async function runStep({ cleanup, it, place, step, isLate, faults }: Run & { faults: unknown[] }) {
  const places: Task['places'] = {}
  for (const [index, [name, { prepare }]] of Object.entries(scenarios).entries()) {
    const repository = `halted/${isLate ? 'late' : 'early'}/${step}/${index}`
    places[name] = { repository, upload: (await prepare?.(it, repository)) as never }
  }
  const holder = start(cleanup, { place, step, isLate, places })
  const { arrived = [] } = await holder.said()
  const outcomes = arrived.map(async (name) => {
    const [scenario, own] = [scenarios[name], places[name]]
    if (scenario && own) await scenario.meanwhile(it, own)
  })
  for (const [at, outcome] of (await Promise.allSettled(outcomes)).entries()) {
    if (outcome.status === 'rejected') faults.push([step, arrived[at], 'meanwhile', outcome.reason])
  }
  await holder.thaw(arrived.length)
  const { ends = {} } = await holder.said()
  await holder.ended()
  for (const name of arrived) {
    if (ends[name] !== 'unavailable') faults.push([step, name, 'ended', ends[name]])
    const [found, expected] = (await scenarios[name]?.after(it, places[name] as never)) ?? []
    if (JSON.stringify(found) !== JSON.stringify(expected))
      faults.push([step, name, found, expected])
  }
  return arrived
}

type Said = { arrived?: string[]; ends?: Record<string, string> }

function start(cleanup: Cleanup, task: Task) {
  const { command, args } = inOwnWorld(process.execPath, [holder, JSON.stringify(task)])
  const child: ChildProcess = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: compiled },
  })
  const lines = createInterface({ input: child.stdout as never })[Symbol.asyncIterator]()
  const end = once(child, 'exit')
  cleanup.add(async () => child.kill('SIGKILL'))
  return {
    async said(): Promise<Said> {
      const { value, done } = await lines.next()
      return done ? {} : JSON.parse(value)
    },
    async thaw(arrived: number): Promise<void> {
      // The last one is the holder, which came to its end by itself if no step was left to halt at.
      const pid = (await processTree(child.pid ?? 0)).at(-1)
      if (pid === undefined || arrived === 0) return
      await untilHalted(pid)
      process.kill(pid, 'SIGCONT')
    },
    ended: () => end,
  }
}
