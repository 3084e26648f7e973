/** Clients side by side: how many steps they take, and what becomes of a step that fails. */
import { expect, it } from '@jest/globals'
import { runLanes } from '../../bench/load/lanes.ts'

it('counts the steps of all lanes, and takes no more than it may', async () => {
  let taken = 0
  const step = async () => void taken++
  const outcome = await runLanes(step, { connections: 4, seconds: 60, most: 10 })
  expect(taken).toBe(10)
  expect(outcome.operations).toBe(10)
  expect(outcome.perSecond).toBeGreaterThan(0)
})

it('takes as many steps at once as there are connections', async () => {
  const all = Promise.withResolvers<void>()
  let underWay = 0
  const step = () => {
    underWay++
    if (underWay === 3) all.resolve()
    return all.promise
  }
  await runLanes(step, { connections: 3, seconds: 60, most: 3 })
  expect(underWay).toBe(3)
})

it('fails as soon as a step does, since then nothing has been measured', async () => {
  const step = () => Promise.reject(new Error('404 instead of 200'))
  const run = runLanes(step, { connections: 2, seconds: 60, most: 10 })
  await expect(run).rejects.toThrow('404 instead of 200')
})
