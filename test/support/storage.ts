/** Where the registries of a test file keep their content: a folder, or what the file names once, anywhere in it. */
import type { RegistryParts } from '../../registry/app.ts'

export type Kept = Pick<RegistryParts, 'storage' | 'redis' | 'bucket'>

let openNamed: (() => Promise<Kept>) | undefined

/** Called while the file is read; it opens nothing before a registry starts. */
export function keepIn(open: () => Promise<Kept>): void {
  if (openNamed) throw new Error('this file keeps its content somewhere already')
  openNamed = open
}

/** The storage that the file has named, once more for another registry; undefined where it named none. */
export const openKept = async (): Promise<Kept | undefined> => openNamed?.()
