/**
 * A process of its own that begins every scenario and halts itself, with SIGSTOP, once each has come to
 * its step number `step`: just before the driver is asked to change something. It says which have come
 * so far, and when it goes on, how each of them ends.
 */
import { writeSync } from 'node:fs'
import type { Call } from '../../registry/storage/driver.ts'
import { createParts, openShared, type Place } from './halted-parts.ts'
import { type Scenario, scenarios } from './halted-scenarios.ts'

export type Task = {
  place: Place
  step: number
  /** The last look at the lease, which the driver takes by itself, was just before the halt. */
  isLate: boolean
  places: Record<string, Parameters<Scenario['halted']>[1]>
}

const { place, step, isLate, places } = JSON.parse(process.argv[2] ?? '') as Task
const { shared, close } = await openShared(place)
const changing = [
  ...['put', 'replace', 'append', 'place', 'putStream', 'move', 'remove', 'removeVersion'],
]

const names = Object.keys(places)
const { promise: halted, resolve: goOn } = Promise.withResolvers<void>()
const arrived: string[] = []
let open = names.length

function countDown(): void {
  open -= 1
  if (open > 0) return
  writeSync(1, `${JSON.stringify({ arrived })}\n`)
  if (arrived.length > 0) process.kill(process.pid, 'SIGSTOP')
  goOn()
}

const ends = await Promise.all(
  names.map(async (name) => {
    let count = 0
    const stopAtStep = async () => {
      count += 1
      if (count !== step) return false
      arrived.push(name)
      countDown()
      await halted
      return true
    }
    async function* halves(...texts: string[]) {
      for (const [at, text] of texts.entries()) {
        if (at > 0) await stopAtStep()
        yield Buffer.from(text)
      }
    }
    const { stopping } = createStops(stopAtStep)
    const driver = stopping(shared.driver)
    const placing = shared.placing && stopping(shared.placing)
    const it = createParts({ ...shared, driver, ...(placing && { placing }) })
    try {
      await scenarios[name]?.halted(it, places[name] as never, halves)
      return [name, 'done']
    } catch (error) {
      return [name, (error as { reason?: string }).reason ?? `${error}`]
    } finally {
      if (count < step) countDown()
    }
  }),
)
writeSync(1, `${JSON.stringify({ ends: Object.fromEntries(ends) })}\n`)
await close()

/** Hints are not counted: they say nothing that is believed. */
function createStops(stopAtStep: () => Promise<boolean>) {
  let hasHalted = false
  return { stopping }

  function stopping<T extends object>(inner: T): T {
    return new Proxy(inner, {
      get(target, name: string & keyof T) {
        const method = target[name] as (...args: unknown[]) => unknown
        if (typeof method !== 'function' || !changing.includes(name)) return method
        return async (...args: unknown[]) => {
          const call = args.at(-1) as Call & { hint?: boolean }
          if (!call?.hint && (await stopAtStep())) hasHalted = true
          if (!hasHalted || !isLate || !call?.fence) return method.apply(target, args)
          const fence = { ...call.fence, check() {} }
          return method.apply(target, [...args.slice(0, -1), { ...call, fence }])
        }
      },
    })
  }
}
