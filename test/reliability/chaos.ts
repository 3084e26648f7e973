/**
 * Kills processes of kura at random moments of the work that others do with it, and starts it again on
 * the same port and folder when its supervisor is among the dead.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { send } from '../support/http.ts'
import { type Kura, startKura } from '../support/kura.ts'
import { endProcess, untilGone } from '../support/processes.ts'
import type { Random } from '../support/random.ts'

const kinds = ['one', 'one', 'all but the supervisor', 'the supervisor', 'everything'] as const

export type Chaos = Awaited<ReturnType<typeof startChaos>>

type Options = {
  root: string
  random: Random
  /** How much of the work is done; between two strikes some of it is, or the work would never end. */
  done: () => number
  /** Called after each new start, before anybody else gets to talk to it. */
  inspect: (url: string) => Promise<void>
}

export async function startChaos({ root, random, done, inspect }: Options) {
  const env = { REGISTRY_KURA_PROCESSES: '2' }
  let kura: Kura = await startKura({ root, env })
  const { port, url } = kura
  const strikes: string[] = []
  let up: Promise<void> = Promise.resolve()
  let striking = up
  let untilNext = nextStrike()
  let doneBefore = -1
  let isOver = false
  let isStopped = false

  return {
    url,
    strikes,
    up: () => (isStopped ? Promise.reject(new Error('all is over')) : up),
    step() {
      untilNext -= 1
      if (untilNext > 0 || isOver || done() === doneBefore) return
      untilNext = nextStrike()
      doneBefore = done()
      // One at a time; the work goes on meanwhile, which is the point.
      striking = striking.then(strike)
      striking.catch(() => {})
    },
    /** From here on nothing is killed; answers the kura that then runs. */
    async end(): Promise<Kura> {
      isOver = true
      await striking
      return kura
    },
    async stop() {
      isOver = true
      isStopped = true
      await striking.catch(() => {})
      await kura.destroy()
    },
  }

  function nextStrike(): number {
    return 30 + random.below(170)
  }

  async function strike(): Promise<void> {
    const kind = random.pick(kinds)
    strikes.push(kind)
    const [, ...children] = await kura.processes()
    // Nobody holds back before this, or nothing would be under way any more when it strikes.
    up = hit(kind, children)
    await up
  }

  async function hit(kind: (typeof kinds)[number], children: number[]): Promise<void> {
    if (kind === 'one') await kill(children.length > 0 ? [random.pick(children)] : [])
    else if (kind === 'all but the supervisor') await kill(children)
    else await restart(kind)
    await untilAnswered(url)
  }

  async function restart(kind: 'the supervisor' | 'everything'): Promise<void> {
    if (kind === 'the supervisor') kura.kill('SIGKILL')
    await kura.destroy()
    kura = await startKura({ root, port, env })
    await inspect(url)
  }
}

/** Nobody listens yet; somebody who listens and says nothing is a fault. */
function unlessSilent(error: NodeJS.ErrnoException): undefined {
  if (!error.code) throw error
}

/** Resolves once they are dead: one that is still dying could be taken for one that answers. */
async function kill(pids: number[]): Promise<void> {
  for (const pid of pids) endProcess(pid)
  await untilGone(pids)
}

const pause = 10

/** Nobody tells when a process has been replaced, so there is only asking again. */
async function untilAnswered(url: string): Promise<void> {
  while (!(await send('GET', `${url}/v2/`).catch(unlessSilent))) await wait(pause)
}
