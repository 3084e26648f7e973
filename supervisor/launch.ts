/** One process under a supervisor, from its fork to its end: its reports, and the reason why it ended. */
import cluster, { type Worker as Process } from 'node:cluster'
import type { Ask, Question } from './asking.ts'
import { send } from './crew.ts'
import { closeWithProcess } from './handed-over.ts'
import type { Notice, Sender } from './notices.ts'
import type { Report } from './supervised.ts'

export type Ended = { ready: boolean; why: string; pid: number | undefined; livedMs: number }

/** The reports of a process. The first is `here`: the process listens to its supervisor. */
export type Heard = {
  here: (child: Process) => void
  ready: () => void
  answer?: Ask | undefined
  notice?: ((line: string, from: Sender) => void) | undefined
}

export function launch({ here, ready, answer, notice }: Heard) {
  const child = cluster.fork()
  closeWithProcess(child)
  const { promise: ended, resolve } = Promise.withResolvers<Ended>()
  const startedAt = Date.now()
  let isReady = false
  let reason: string | undefined

  const end = (why: string) =>
    resolve({ ready: isReady, why, pid: child.process.pid, livedMs: Date.now() - startedAt })

  child.on('message', (report: Report | Question | Notice) => {
    if (report.kura === 'here') here(child)
    if (report.kura === 'ask') reply(report)
    if (report.kura === 'notice') notice?.(report.line, { id: child.id, isReady })
    if (report.kura === 'failed') reason = report.reason
    if (report.kura !== 'ready') return
    isReady = true
    ready()
  })
  child.on('error', (error) => {
    reason = error.message
    // A process that could not be made does not exit either.
    if (child.process.pid === undefined) end(reason)
  })
  child.once('exit', (code, signal) => {
    const over = () => end(reason ?? `it ended with ${signal ?? `exit code ${code}`}`)
    // Its last report may still be on its way.
    if (child.isConnected()) child.once('disconnect', over)
    else over()
  })
  return { child, ended }

  async function reply({ id, question }: Question) {
    send(child, { kura: 'answer', id, answer: await answer?.(question) })
  }
}
