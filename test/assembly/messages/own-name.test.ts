/** Lines to paste name a command that the shell of their reader finds. */
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { ownName } from '../../../assembly/messages/own-name.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { project } from '../../support/pages.ts'

const cleanup = useCleanup()
const command = join(project, 'bin/kura')

/** A folder with a `kura` in it that leads to this one, or is another program. */
async function folderWith(target?: string, name = 'bin'): Promise<string> {
  const folder = join(await cleanup.folder(), name)
  await mkdir(folder, { recursive: true })
  if (target) await symlink(target, join(folder, 'kura'))
  else await writeFile(join(folder, 'kura'), '#!/bin/sh\n', { mode: 0o755 })
  return folder
}

it('by its name, where the PATH leads to it, also through a link', async () => {
  const path = ['/nonexistent', await folderWith(command)].join(':')
  expect(ownName({ PATH: path, folder: '/' })).toBe('kura')
})

it('by its path from the folder of the caller, or its whole path', () => {
  expect(ownName({ PATH: '/nonexistent', folder: project })).toBe('bin/kura')
  expect(ownName({ PATH: '/nonexistent', folder: join(project, 'test') })).toBe(command)
  expect(ownName({ PATH: '', folder: '/' })).toBe(command)
})

it('by its path, where the PATH leads to another kura first', async () => {
  const path = [await folderWith(), await folderWith(command)].join(':')
  expect(ownName({ PATH: path, folder: '/' })).toBe(command)
})

it('by its path, where only npm finds it by name', async () => {
  const path = [await folderWith(command, 'node_modules/.bin'), '/nonexistent'].join(':')
  expect(ownName({ PATH: path, folder: '/' })).toBe(command)
})
