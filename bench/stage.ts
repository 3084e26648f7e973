/** Folders and services that a run sets up on this machine; all of them go again, last first. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Stage = ReturnType<typeof createStage>

export function createStage() {
  const steps: (() => Promise<unknown>)[] = []

  return {
    add: (step: () => Promise<unknown>) => void steps.push(step),
    /** A folder of its own that goes at the end with all it holds. */
    async folder(): Promise<string> {
      const path = await mkdtemp(join(tmpdir(), 'kura-bench-'))
      steps.push(() => rm(path, { recursive: true, force: true }))
      return path
    },
    /** Undoes all of it; what fails does not keep the rest from going. */
    async clear(): Promise<void> {
      const failures: unknown[] = []
      for (;;) {
        const step = steps.pop()
        if (!step) break
        await step().catch((error) => failures.push(error))
      }
      if (failures.length > 0) throw new AggregateError(failures, `clearing up: ${failures.join()}`)
    },
  }
}
