/** Upkeep runs again and again, survives its own failures, and stops when it is told to. */
import { describe, expect, it } from '@jest/globals'
import { schedule } from '../../../registry/upkeep/schedule.ts'

describe('a scheduled job', () => {
  it('runs again after a run that failed, and says what failed', async () => {
    const errors: unknown[] = []
    const { promise: thirdRun, resolve } = Promise.withResolvers<void>()
    let runs = 0
    const job = schedule({
      interval: 1,
      run: async () => {
        runs += 1
        if (runs === 1) throw new Error('the disk is gone')
        if (runs === 3) resolve()
      },
      onError: (error) => errors.push(error),
    })
    await thirdRun
    await job.stop()
    expect(errors).toEqual([new Error('the disk is gone')])
  })

  it('aborts the run that is under way when it is stopped, and waits for its end', async () => {
    const { promise: started, resolve: start } = Promise.withResolvers<void>()
    let ended = false
    const job = schedule({
      interval: 1,
      run: async (signal) => {
        start()
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        ended = true
      },
      onError: () => {},
    })
    await started
    await job.stop()
    expect(ended).toBe(true)
  })
})
