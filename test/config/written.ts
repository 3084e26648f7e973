/** Loads a configuration from the text of its file and from variables, as a test writes them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../config/load.ts'
import type { Environment } from '../../config/variables/environment.ts'

/** The smallest file that can be used. */
export const smallest = 'version: 0.1\nstorage: inmemory\nhttp: {addr: ":5000"}\n'

export async function withFile<T>(text: string, use: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'kura-config-'))
  const path = join(folder, 'config.yml')
  try {
    await writeFile(path, text)
    return await use(path)
  } finally {
    await rm(folder, { recursive: true })
  }
}

export const load = (text: string, env: Environment = {}) =>
  withFile(text, (path) => loadConfig({ path, env }))

/** The message about a configuration that cannot be used. */
export const refusal = (text: string, env: Environment = {}): Promise<string> =>
  load(text, env).then(
    () => 'it can be used',
    (error: Error) => error.message.replaceAll(/\/\S*(config\.yml)/g, '$1'),
  )
