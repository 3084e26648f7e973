import { expect, it } from '@jest/globals'
import { createEventMemory } from '../../../gateway/log/event-memory.ts'
import { createPulls } from '../../../gateway/log/event-pulls.ts'

function setUp(options = {}) {
  const clock = { now: 0 }
  const memory = createEventMemory({ idleMs: 10, loginMs: 10, now: () => clock.now, ...options })
  return { memory, at: (now: number) => Object.assign(clock, { now }) }
}

it('a push began with its first layer, however long the layers took', async () => {
  const { memory, at } = setUp()
  at(50)
  await memory.pushing('ann a', 0)
  at(150)
  await memory.pushing('ann a', 55)
  at(151)
  await memory.pushing('bob a', 150)
  expect(await memory.pushed('ann a')).toBe(0)
  expect(await memory.pushed('ann a')).toBeUndefined()
  expect(await memory.pushed('bob a')).toBe(150)
})

it('a push that was given up is no part of the next', async () => {
  const { memory, at } = setUp()
  await memory.pushing('ann a', 0)
  at(100)
  expect(await memory.pushed('ann a')).toBeUndefined()
  await memory.pushing('ann a', 0)
  at(200)
  await memory.pushing('ann a', 190)
  expect(await memory.pushed('ann a')).toBe(190)
})

it('logins without a pause between them are one', async () => {
  const { memory, at } = setUp()
  const heard: boolean[] = []
  for (const time of [0, 5, 12, 20, 31]) {
    at(time)
    heard.push(await memory.login('ann'))
  }
  expect(heard).toEqual([true, false, false, false, true])
})

it('a flood makes it forget, and grows nothing', async () => {
  const { memory } = setUp({ most: 3 })
  await memory.login('ann')
  for (let n = 0; n < 3; n += 1) await memory.login(`user${n}`)
  expect(await memory.login('ann')).toBe(true)
  expect(await memory.login('user2')).toBe(false)
})

it('of what was read after an index long ago, each is a pull again', () => {
  const clock = { now: 0 }
  const pullOf = createPulls({ idleMs: 10, now: () => clock.now })
  const index = { reference: 'v1', mediaType: 'application/vnd.oci.image.index.v1+json' }
  const read = { reader: 'ann', isHead: false, digest: 'sha256:d', mediaType: '' }
  expect(pullOf({ ...read, ...index })).toBe('v1')
  expect(pullOf({ ...read, reference: 'sha256:d' })).toBeUndefined()
  clock.now = 11
  expect(pullOf({ ...read, reference: 'sha256:d' })).toBe('sha256:d')
})
