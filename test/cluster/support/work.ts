/** Many clients that push and pull at once, and what has become of it in the end. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Image } from '../../support/image.ts'
import { inLength } from '../../support/length.ts'
import { createRandom, type Random } from '../../support/random.ts'
import { type Client, createClient } from './client.ts'

const kibibyte = 1024
/** Mostly small; the last is more than one part on S3. */
const usualSizes = [0.2, 5, 20, 60, 200, 700, 1500, 6000].map((it) => Math.ceil(it * kibibyte))

export type Pushed = { repository: string; image: Image }
type Options = {
  url: string
  clients: number
  /** How many images each client pushes; without it, until it is told to end. */
  images?: number
  patient?: boolean
  sizes?: readonly number[]
  /** The name of all their repositories begins so. */
  name?: string
}
type Turn = { repository: string; tag: string; random: Random }

const mostFaults = 20
/**
 * Milliseconds that a client rests after each image where it goes on until it is told to end. An outage takes a
 * while, and clients that never rest use most of a machine for more of the same.
 */
const rest = inLength({ short: 40, long: 0 })

/** Every client pulls each image once it is pushed. What fails is a sentence in `faults`. */
export function startWork({
  url,
  clients,
  images,
  patient = false,
  name = 'work',
  ...of
}: Options) {
  const faults: string[] = []
  const pushed: Pushed[] = []
  let again = 0
  const milestones = createMilestones()
  const sizes = of.sizes ?? usualSizes
  let isOver = false
  const running = Promise.all(Array.from({ length: clients }, (_, index) => run(index)))

  return {
    /** Resolves once so many images more than now have been pushed. */
    reached: (more: number) => Promise.race([milestones.reached(more), running]),
    /** How often its clients had to come again so far. */
    timesAgain: () => again,
    /**
     * Resolves when every client has done what it had to do, or what it was just doing. `again` is how
     * often they had to come again.
     */
    async end() {
      isOver = images === undefined
      await running
      return { faults, pushed, again }
    },
  }

  function onAgain(): void {
    again += 1
  }

  async function run(index: number): Promise<void> {
    const random = createRandom(seedOf(`${name}/${index}`))
    const client = createClient({ url, patient, faults, onAgain })
    for (let turn = 0; turn < (images ?? Number.POSITIVE_INFINITY) && !isOver; turn++) {
      const [repository, tag] = [`${name}/${index}/${turn % 3}`, `t${turn}`]
      const work = turnOf(client, { repository, tag, random })
      await work.catch((error) => faults.push(`${repository}:${tag}: ${error}`))
      // Or a registry that is gone would be asked for ever.
      if (faults.length > mostFaults) return
      if (images === undefined) await wait(rest)
    }
  }

  async function turnOf(client: Client, { repository, tag, random }: Turn): Promise<void> {
    const image = await client.pushImage(repository, tag, { random, sizes })
    pushed.push({ repository, image })
    milestones.step()
    const pulled = await client.pullImage(repository, tag)
    if (pulled !== image.digest) throw new Error(`it names ${pulled}, not ${image.digest}`)
  }
}

/** Pulls one image again and again, from each of `urls`, and takes nothing but success. */
export function startPulls(urls: readonly string[], { repository, image }: Pushed) {
  const faults: string[] = []
  const milestones = createMilestones()
  let isOver = false
  const running = Promise.all(urls.map(run))

  return {
    /** Resolves once so many more pulls than now have succeeded. */
    reached: (more: number) => Promise.race([milestones.reached(more), running]),
    async end(): Promise<string[]> {
      isOver = true
      await running
      return faults
    },
  }

  async function run(url: string): Promise<void> {
    const client = createClient({ url })
    while (!isOver && faults.length === 0) {
      const found = await client.pullImage(repository, image.digest).catch(String)
      if (found !== image.digest) faults.push(`${url}: ${found}`)
      milestones.step()
      await wait(rest)
    }
  }
}

/** Acknowledged content that cannot be had whole from each of `urls`, as sentences. */
export async function findLosses(urls: readonly string[], pushed: readonly Pushed[]) {
  const losses: string[] = []
  const lookAt = async (url: string) => {
    const client = createClient({ url })
    for (const { repository, image } of pushed) {
      const pull = client.pullImage(repository, image.digest)
      await pull.catch((error) => losses.push(`${url} ${repository}@${image.digest}: ${error}`))
    }
  }
  await Promise.all(urls.map(lookAt))
  return losses
}

/** Tells when so many steps more have been taken. */
function createMilestones() {
  const waiting = new Map<number, () => void>()
  let count = 0
  return {
    step(): void {
      count += 1
      waiting.get(count)?.()
      waiting.delete(count)
    },
    reached(more: number): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.set(count + more, resolve)
      return promise
    },
  }
}

/** So that no two clients ever push the same bytes. */
function seedOf(text: string): number {
  return [...text].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), 7)
}
