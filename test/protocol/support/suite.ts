/** One registry for the tests of a file, and what its answers are held to. */
import { afterAll, beforeAll, expect } from '@jest/globals'
import { startRegistry, type TestRegistry } from '../../support/registry.ts'
import { type Answer, createClient, jsonOf } from './client.ts'

type Options = Parameters<typeof startRegistry>[0]

/** Starts a registry for all tests here; at the end nothing may have failed on its side. */
export function useRegistry(options: Options = {}) {
  let running: TestRegistry | undefined
  const client = createClient(() => registry().url)

  beforeAll(async () => {
    running = await startRegistry(options)
  })
  afterAll(async () => {
    client.close()
    await running?.close()
    expect(running?.failures).toEqual([])
  })

  return { ...client, registry }

  function registry(): TestRegistry {
    if (!running) throw new Error('the registry has not been started')
    return running
  }
}

/** Asks again and again until the answer is yes. */
export async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise(setImmediate)
}

/** An answer in the envelope of the specification. Answers the detail of each error. */
export function expectError(answer: Answer, status: number, code: string): unknown[] {
  expect(answer.status).toBe(status)
  expect(answer.headers['content-type']).toBe('application/json')
  expect(answer.text).toMatch(/\n$/)
  const { errors } = jsonOf<{ errors: { code: string; message: string; detail?: unknown }[] }>(
    answer,
  )
  expect(errors.length).toBeGreaterThan(0)
  for (const error of errors) {
    expect(error).toMatchObject({ code, message: expect.stringMatching(/^[a-zA-Z]/) })
  }
  // Nothing of the machine itself may show.
  expect(answer.text).not.toMatch(/\/tmp\/|docker\/registry\/v2|node_modules|\.ts:/)
  return errors.map(({ detail }) => detail)
}

/** The headers of a HEAD must be those of a GET. */
export function expectSameHead(head: Answer, get: Answer): void {
  const { date: _date, ...rest } = get.headers
  expect(head.status).toBe(get.status)
  expect(head.headers).toMatchObject(rest)
  expect(head.body).toHaveLength(0)
}
