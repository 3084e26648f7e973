/** Running processes by /proc: their parents, their memory, and the files that they hold. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

/**
 * Nobody tells when a process that is not our child comes or goes, so there is only asking again; and
 * without a pause that would take the processor away from those who are waited for.
 */
const pause = 20

/**
 * The command with a process namespace of its own, as a container has it: by their numbers, others cannot
 * tell whether its processes live. Needs to be root.
 */
export function inOwnWorld(command: string, args: readonly string[]) {
  const own = ['--pid', '--fork', '--kill-child', '--mount-proc']
  return { command: 'unshare', args: [...own, 'sh', '-c', '"$0" "$@"; :', command, ...args] }
}

/**
 * `pid` and all processes below it, parents before their children; empty when it is gone. It is asked again
 * and again, and looks at all processes of the machine: read one by one, that takes half as much of the
 * processor as reading them side by side.
 */
export async function processTree(pid: number): Promise<number[]> {
  const parents = parentsOfAll()
  const found = parents.has(pid) ? [pid] : []
  for (const parent of found) {
    for (const [child, its] of parents) if (its === parent) found.push(child)
  }
  return found
}

function parentsOfAll(): Map<number, number> {
  const parents = new Map<number, number>()
  const names = existsSync('/proc') ? readdirSync('/proc') : []
  for (const name of names.filter((it) => /^\d+$/.test(it))) {
    const parent = parentOf(name)
    if (parent !== undefined) parents.set(Number(name), parent)
  }
  return parents
}

/** Undefined for a process that is gone, or that only waits for its parent to notice its end. */
function parentOf(pid: string): number | undefined {
  const [state, parent] = statusOf(pid)
  return parent === undefined || state === 'Z' ? undefined : Number(parent)
}

/** Its state, its parent, and more. */
function statusOf(pid: string): string[] {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The command's name stands in brackets and may hold anything; fields count from behind it.
    return status.slice(status.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
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
  for (const pid of pids) await until(async () => parentOf(`${pid}`) === undefined)
}

/** Resolves once SIGSTOP has halted the process: a SIGCONT that comes before would be lost. */
export async function untilHalted(pid: number): Promise<void> {
  await until(async () => statusOf(`${pid}`)[0] === 'T')
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
