/** File systems with a fault, for tests: a small one that fills up, and one that is read-only. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Undefined where this user may mount nothing. */
export function mountSmallDisk(kibibytes: number) {
  return mount((folder) => ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', folder])
}

/** Undefined where this user may mount nothing. */
export function mountReadOnly() {
  return mount((folder) => ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', folder])
}

function mount(optionsFor: (folder: string) => string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'kura-mount-'))
  try {
    execFileSync('mount', optionsFor(folder), { stdio: 'ignore' })
  } catch {
    rmSync(folder, { recursive: true })
    return undefined
  }
  return {
    folder,
    unmount() {
      execFileSync('umount', [folder], { stdio: 'ignore' })
      rmSync(folder, { recursive: true })
    },
  }
}
