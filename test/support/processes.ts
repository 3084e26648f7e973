/** What /proc tells of running processes: who started whom, their memory, and the files they hold. */
import { readdir, readFile, readlink } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

/**
 * Nobody tells when a process that is not our child comes or goes, so there is only asking again; and
 * without a pause that would take the processor away from those who are waited for.
 */
const pause = 10

/**
 * The command with a process namespace of its own, as a container has it: by their numbers, others cannot
 * tell whether its processes live. Needs to be root.
 */
export function inOwnWorld(command: string, args: readonly string[]) {
  const own = ['--pid', '--fork', '--kill-child', '--mount-proc']
  return { command: 'unshare', args: [...own, 'sh', '-c', '"$0" "$@"; :', command, ...args] }
}

/** `pid` and all processes below it, parents before their children; empty when it is gone. */
export async function processTree(pid: number): Promise<number[]> {
  const parents = new Map<number, number>()
  for (const name of await readdir('/proc').catch(() => [])) {
    const parent = /^\d+$/.test(name) ? await parentOf(name) : undefined
    if (parent !== undefined) parents.set(Number(name), parent)
  }
  const found = parents.has(pid) ? [pid] : []
  for (const parent of found) {
    for (const [child, its] of parents) if (its === parent) found.push(child)
  }
  return found
}

/** Undefined for a process that is gone, or that only waits for its parent to notice its end. */
async function parentOf(pid: string): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
  // The command's name stands in brackets and may hold anything; fields count from behind it.
  const [state, parent] = status.slice(status.lastIndexOf(')') + 2).split(' ')
  return parent === undefined || state === 'Z' ? undefined : Number(parent)
}

/** SIGKILL, which a process that has ended meanwhile does not need. */
export function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone.
  }
}

/** Resolves once `isSo` is. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await wait(pause)
}

/** Resolves once none of `pids` runs any more. */
export async function untilGone(pids: readonly number[]): Promise<void> {
  for (const pid of pids) await until(async () => (await parentOf(`${pid}`)) === undefined)
}

/** The most memory the process ever had in use, in MiB. */
export async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1')
  const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]
  return Number(kibibytes) / 1024
}

/** The first of `pids` that has the file `path` open. */
export async function holderOf(path: string, pids: number[]): Promise<number | undefined> {
  for (const pid of pids) {
    for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      if ((await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')) === path) return pid
    }
  }
  return undefined
}
