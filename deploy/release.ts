/**
 * Makes a release: what the image holds, and what runs without the sources.
 *
 *   npm run release -- FOLDER
 *
 * The program is some fifty files there instead of about six hundred, each of which Node would look for, read and
 * link. So a process starts in half of the time: docs/decisions/0039-a-release-is-bundled.md.
 */
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import http from 'node:http'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type OutputOptions, type Plugin, type RolldownOutput, rolldown } from 'rolldown'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Each becomes a file in lib that is started by its name. */
const programs = {
  main: 'cli/main.ts',
  health: 'deploy/docker/health.ts',
  'bcrypt-worker': 'gateway/access/passwords/bcrypt-worker.ts',
}

const asTheyAre = [
  'package.json',
  'bin/kura',
  'deploy/docker/entrypoint.sh',
  'deploy/docker/htpasswd.sh',
  'deploy/docker/registry.sh',
]

const shape: OutputOptions = {
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
}

/**
 * A file that is in the folder already is written only where it differs, so that Node finds what it has compiled, and
 * programs come after their parts. A release that serves is not made anew where it is: a part that a process
 * has not loaded yet would be gone. It is made beside it.
 */
export async function makeRelease(folder: string): Promise<void> {
  const lib = join(folder, 'lib')
  if (relative(root, folder) === '') throw new Error(`${folder}: the sources are there`)
  const bundle = await rolldown({
    input: programs,
    cwd: root,
    platform: 'node',
    checks: { eval: false },
    plugins: [httpWithoutFetch],
  })
  const { output } = await bundle.generate(shape)
  await bundle.close()
  const [parts, entries] = [output.filter((it) => !isEntry(it)), output.filter(isEntry)]
  const files = [...parts, ...entries].map((it) => ({
    path: join(lib, it.fileName),
    contents: Buffer.from(it.type === 'chunk' ? it.code : it.source),
  }))
  for (const { path, contents } of files) await replace(path, contents)
  for (const path of asTheyAre) await copy(join(root, path), join(folder, path))
  const modules = output.flatMap((it) => (it.type === 'chunk' ? it.moduleIds : []))
  for (const path of new Set(modules.flatMap((it) => packageOf(it) ?? []))) {
    await copyLicense(path, join(folder, 'licenses'))
  }
  const made = new Set(files.map(({ path }) => path))
  const old = (await readdir(lib)).map((name) => join(lib, name)).filter((path) => !made.has(path))
  for (const path of old) await rm(path)
}

/**
 * `node:http` as an import has the names of Node's own fetch among its exports, and loads all of it for them: 80 of
 * the 300 ms of processor time until a process listens. Here it is an import without those names.
 */
const httpWithoutFetch: Plugin = {
  name: 'http-without-fetch',
  resolveId: { filter: { id: /^(?:node:)?http$/ }, handler: () => '\0http' },
  load: {
    filter: { id: /^\0http$/ },
    handler: () => `const http = process.getBuiltinModule('node:http')
export default http
export const { ${Object.keys(http).filter(isOfHttp).join(', ')} } = http`,
  },
}

const isOfHttp = (name: string) => !['WebSocket', 'CloseEvent', 'MessageEvent'].includes(name)

const isEntry = (it: RolldownOutput['output'][number]) => it.type === 'chunk' && it.isEntry

async function copy(from: string, to: string): Promise<void> {
  await replace(to, await readFile(from), (await stat(from)).mode)
}

async function replace(path: string, contents: Buffer, mode = 0o666): Promise<void> {
  const found = await readFile(path).catch(() => undefined)
  if (found?.equals(contents)) return
  await mkdir(dirname(path), { recursive: true })
  await writeFile(`${path}.new`, contents, { mode })
  await rename(`${path}.new`, path)
}

/** Of `…/node_modules/koa/lib/app.js` it is `…/node_modules/koa`; of a file of our own there is none. */
function packageOf(path: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0]
}

/** A package without a text of its own names its license in its description alone. */
async function copyLicense(path: string, folder: string): Promise<void> {
  const license = (await readdir(path)).find((name) => /^licen[cs]e/i.test(name))
  const name = path.slice(path.lastIndexOf('/node_modules/') + '/node_modules/'.length)
  if (license) await copy(join(path, license), join(folder, name.replace('/', '-')))
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2)
  if (!folder) throw new Error('npm run release -- FOLDER: the folder of the release is missing')
  await makeRelease(folder)
}
