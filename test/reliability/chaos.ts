/**
 * Kills processes of kura at random moments of the work that others do with it, and starts it again on
 * the same port and folder when its supervisor is among the dead.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { send } from '../support/http.ts'
import { type Kura, startKura } from '../support/kura.ts'
import { endProcess, processTree } from '../support/processes.ts'
import type { Random } from '../support/random.ts'

const kinds = ['one', 'one', 'all but the supervisor', 'the supervisor', 'everything'] as const

export type Chaos = Awaited<ReturnType<typeof startChaos>>

type Options = {
  root: string
  random: Random
  /** Called after each new start, before anybody else gets to talk to it. */
  inspect: (url: string) => Promise<void>
}

export async function startChaos({ root, random, inspect }: Options) {
  let kura: Kura = await startKura({ root })
  const { port, url } = kura
  const strikes: string[] = []
  let up: Promise<void> = Promise.resolve()
  let untilNext = nextStrike()
  let isOver = false
  let isStopped = false

  return {
    url,
    strikes,
    up: () => (isStopped ? Promise.reject(new Error('all is over')) : up),
    step() {
      untilNext -= 1
      if (untilNext > 0 || isOver) return
      untilNext = nextStrike()
      // One at a time; the work goes on meanwhile, which is the point.
      up = strike(up)
    },
    /** From here on nothing is killed; answers the kura that then runs. */
    async end(): Promise<Kura> {
      isOver = true
      await up
      return kura
    },
    async stop() {
      isOver = true
      isStopped = true
      await up.catch(() => {})
      await kura.destroy()
    },
  }

  function nextStrike(): number {
    return 100 + random.below(600)
  }

  async function strike(before: Promise<void>): Promise<void> {
    await before
    const kind = random.pick(kinds)
    strikes.push(kind)
    const [, ...children] = await kura.processes()
    if (kind === 'one') await kill([random.pick(children)])
    else if (kind === 'all but the supervisor') await kill(children)
    else await restart(kind)
    await untilAnswered(url)
  }

  async function restart(kind: 'the supervisor' | 'everything'): Promise<void> {
    if (kind === 'the supervisor') kura.kill('SIGKILL')
    await kura.destroy()
    kura = await startKura({ root, port })
    await inspect(url)
  }
}

/** Resolves once they are dead: one that is still dying could be taken for one that answers. */
async function kill(pids: (number | undefined)[]): Promise<void> {
  for (const pid of pids) if (pid !== undefined) endProcess(pid)
  for (const pid of pids) while ((await processTree(pid ?? 0)).length > 0);
}

const pause = 10

/** Nobody tells when a process has been replaced, so there is only asking again. */
async function untilAnswered(url: string): Promise<void> {
  while (!(await send('GET', `${url}/v2/`).catch(() => undefined))) await wait(pause)
}
