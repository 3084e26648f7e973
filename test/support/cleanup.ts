/** Undoes what the tests of a file have set up, last first, also when they failed half-way. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from '@jest/globals'

export type Cleanup = ReturnType<typeof useCleanup>

type Step = () => Promise<unknown>

const patience = 60_000

/** Called at the top of a `describe` or of a file; what is added goes when that has ended. */
export function useCleanup() {
  const steps: Step[] = []

  afterAll(async () => {
    const failures: unknown[] = []
    for (const step of steps.reverse()) await step().catch((error) => failures.push(error))
    if (failures.length > 0) throw new AggregateError(failures, `cleaning up: ${failures.join()}`)
  }, patience)

  return {
    add: (step: Step) => void steps.push(step),
    /** A folder of its own that goes at the end with all it holds. */
    async folder(): Promise<string> {
      const path = await mkdtemp(join(tmpdir(), 'kura-test-'))
      steps.push(() => rm(path, { recursive: true, force: true }))
      return path
    },
  }
}
