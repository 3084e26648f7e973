/** How bodies share the memory there is for them. */
import { EventEmitter } from 'node:events'
import { expect, it } from '@jest/globals'
import { createBodyBudget } from '../../../registry/http/body-budget.ts'
import type { CallContext } from '../../../registry/http/context.ts'

function requestOf(name: string | undefined, ip = '10.0.0.1') {
  const res = new EventEmitter()
  const ctx = { state: { identity: { name } }, ip, res } as unknown as CallContext
  return { ctx, end: () => res.emit('close') }
}

/** How many bytes a client gets before it is refused, one at a time. */
function fill(budget: ReturnType<typeof createBodyBudget>, name?: string, ip?: string) {
  const { ctx, end } = requestOf(name, ip)
  const take = budget.openFor(ctx)
  let taken = 0
  const taking = () => {
    for (;;) {
      take(1)
      taken += 1
    }
  }
  expect(taking).toThrow('too many manifests of yours are under way at once')
  return { taken, end }
}

it('one client alone gets half, and each that comes after it half of what is left or less', () => {
  const budget = createBodyBudget(120)
  expect(fill(budget, 'ann').taken).toBe(60)
  expect(fill(budget, 'ann').taken).toBe(0)
  expect(fill(budget, 'bob').taken).toBe(30)
  expect(fill(budget, undefined, '10.0.0.1').taken).toBe(15)
  expect(fill(budget, undefined, '10.0.0.1').taken).toBe(0)
  expect(fill(budget, undefined, '10.0.0.2').taken).toBe(7)
})

it('what a request held is given back when it ends, once', () => {
  const budget = createBodyBudget(120)
  fill(budget, 'ann').end()
  const again = fill(budget, 'ann')
  expect(again.taken).toBe(60)
  expect(fill(budget, 'bob').taken).toBe(30)
  again.end()
  expect(fill(budget, 'ann').taken).toBe(45)
})
