/**
 * Changes of a file that are bound to what it holds. Where no file may be there, the file system decides it
 * in one step with the change. That a file still holds the same is looked at just before the change: the lease
 * keeps others out meanwhile.
 */
import { hash } from 'node:crypto'
import { readFile, rename } from 'node:fs/promises'
import { linkNew } from '../../../files/create.ts'
import type { Version } from '../driver.ts'
import { unlessCode } from './absent.ts'

/** Gives a draft the name of a file, and answers whether it did. */
export type Give = (draft: string, target: string) => Promise<boolean>

const noFile = ['ENOENT', 'ENOTDIR', 'EISDIR']
/** Answers of file systems without hard links, such as FAT. */
const withoutLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']

export function versionOf(bytes: Uint8Array): Version {
  return hash('sha256', bytes)
}

/** Undefined stands for no file. */
export async function isVersion(file: string, version: Version | undefined): Promise<boolean> {
  const found = await unlessCode(noFile, readFile(file))
  return (found && versionOf(found)) === version
}

export function giveOver(over: Version | undefined): Give {
  return over === undefined ? nameNew : overSame

  async function overSame(draft: string, target: string): Promise<boolean> {
    const isExpected = await isVersion(target, over)
    if (isExpected) await rename(draft, target)
    return isExpected
  }

  async function nameNew(draft: string, target: string): Promise<boolean> {
    const answer = await unlessCode(withoutLinks, linkNew(draft, target))
    return answer ?? overSame(draft, target)
  }
}
