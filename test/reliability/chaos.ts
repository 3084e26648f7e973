/**
 * Kills processes of kura at random moments of the work that others do with it, and starts it again on
 * the same port and folder when its supervisor is among the dead.
 */
import { type Kura, startKura } from '../support/kura.ts'
import { untilListening } from '../support/ports.ts'
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
    if (kind === 'one') kill(random.pick(children))
    else if (kind === 'all but the supervisor') children.forEach(kill)
    else await restart(kind)
    await untilListening(port)
  }

  async function restart(kind: 'the supervisor' | 'everything'): Promise<void> {
    if (kind === 'the supervisor') kura.kill('SIGKILL')
    await kura.destroy()
    kura = await startKura({ root, port })
    await inspect(url)
  }
}

function kill(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(pid, 'SIGKILL')
  } catch {
    // It ended on its own meanwhile.
  }
}
