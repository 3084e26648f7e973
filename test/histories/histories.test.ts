/**
 * Three registries answer about tags while their processes stand still or are killed and Redis is emptied or away.
 * One tag in one place could have given the same answers: the history of each tag is linearizable.
 */
import { tmpdir } from 'node:os'
import { expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { describeWith } from '../support/programs.ts'
import { runSession } from './session.ts'
import { tell } from './told.ts'

const operations = 20_000
const seed = Number(process.env.KURA_TEST_SEED ?? Date.now() % 1_000_000)
/** More than a busy machine takes. */
const patience = 900_000

describeWith(['root', 'linux', 'unshare', 'redis-server'], 'on a folder with Redis', () => {
  const cleanup = useCleanup()

  it(
    `tags have histories that one tag could have (seed ${seed})`,
    async () => {
      const faults: Promise<string>[] = []
      const { tally, strikes } = await runSession(cleanup, {
        storage: 'folder',
        operations,
        seed,
        onFault: (fault) =>
          void faults.push(tell(fault, { folder: tmpdir(), seed, number: faults.length + 1 })),
      })
      expect(await Promise.all(faults)).toEqual([])
      expect(tally.operations).toBe(operations)
      // Otherwise it would say little.
      expect(tally.unanswered).toBeLessThan(operations / 5)
      for (const status of ['201', '202', '403']) {
        expect(Object.keys(tally.heard).filter((it) => it.endsWith(status))).not.toEqual([])
      }
      expect(strikes.halt).toBeGreaterThan(0)
    },
    patience,
  )
})
