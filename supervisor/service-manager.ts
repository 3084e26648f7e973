/**
 * Tells the service manager how kura is doing, where it asked for that by NOTIFY_SOCKET. Node cannot
 * send datagrams to unix sockets, so systemd's own command does it; that is a child of the service's
 * main process, hence `NotifyAccess=all` in the units.
 */
import { execFile } from 'node:child_process'
import type { Environment } from '../config/variables/environment.ts'

type Options = {
  /** Hears, once, why nothing can be told: a manager that waits for us would give us up. */
  report?: (reason: string) => void
}

const command = 'systemd-notify'
/** It waits for five seconds for the message to be taken. */
const patience = 10_000

/**
 * Messages arrive in the order in which they were sent. A promise is resolved when its message was taken
 * or is given up; none is ever rejected.
 */
export function createServiceManager(env: Environment, { report }: Options = {}) {
  let last: Promise<void> = Promise.resolve()
  let reported = false

  return {
    /** The start or a reload is over. */
    ready: () => tell('READY=1'),
    reloading: () => tell('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    stopping: () => tell('STOPPING=1'),
    /** A line for people, such as `systemctl status` shows. */
    status: (text: string) => tell(`STATUS=${onOneLine(text)}`),
  }

  function tell(...message: string[]): Promise<void> {
    const { NOTIFY_SOCKET, PATH = '/usr/bin:/bin' } = env
    if (!NOTIFY_SOCKET) return last
    last = last.then(() => notify(message, { NOTIFY_SOCKET, PATH })).then(onTold)
    return last
  }

  function onTold(failure: string | undefined) {
    if (!failure || reported) return
    reported = true
    report?.(`the service manager cannot be told how things are: ${failure}`)
  }
}

/** Answers what went wrong. */
function notify(message: string[], env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  execFile(command, message, { env, timeout: patience }, (error, _stdout, stderr) => {
    if (!error) return resolve(undefined)
    if (error.code === 'ENOENT') return resolve(`${command} is not installed`)
    resolve(`${command}: ${onOneLine(stderr) || error.message}`)
  })
  return promise
}

/** A line break would begin another message. */
function onOneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim()
}
