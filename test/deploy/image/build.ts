/**
 * Builds the image with an engine that reaches nothing: from a base made of this machine's own programs
 * and libraries, and from a context that already has the packages that are needed of those that npm would bring.
 */
import { copyFileSync, cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { chmod, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Cleanup } from '../../support/cleanup.ts'
import type { DockerEngine } from '../../support/docker-engine.ts'
import { run } from '../../support/run.ts'

const root = join(import.meta.dirname, '../../..')
const { arch } = process
const runtime = `node_modules/node-linux-${arch}/bin/node`
/** The part of the bundler that is no JavaScript. */
const binding = `node_modules/@rolldown/binding-linux-${arch}-gnu/rolldown-binding.linux-${arch}-gnu.node`

/** The programs that the Dockerfile and the entry point call. */
const programs =
  'sh cat chmod chown cp dirname find id ln ls mkdir readlink rm setpriv sleep stat true'

export async function buildImage(cleanup: Cleanup, engine: DockerEngine): Promise<string> {
  const base = 'local/base'
  const archive = join(await cleanup.folder(), 'base.tar')
  await run('tar', ['-C', await makeBase(cleanup), '-cf', archive, '.'])
  await engine.docker('import', archive, base)
  const context = await cleanup.folder()
  copyContext(context)
  const args = ['NODE_IMAGE', 'BASE_IMAGE'].flatMap((name) => ['--build-arg', `${name}=${base}`])
  const recipe = join(root, 'deploy/docker/Dockerfile')
  await engine.docker('build', ...args, '--file', recipe, '--tag', 'kura', context)
  return 'kura'
}

/** As much of Debian as its smallest image has, and Node as soon as kura's packages are there. */
async function makeBase(cleanup: Cleanup): Promise<string> {
  const folder = await cleanup.folder()
  // It becomes the `/` of containers, which not only root may enter.
  await chmod(folder, 0o755)
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    await mkdir(join(folder, 'usr', name), { recursive: true })
    symlinkSync(`usr/${name}`, join(folder, name))
  }
  for (const name of ['etc', 'tmp', 'var']) await mkdir(join(folder, name))
  await chmod(join(folder, 'tmp'), 0o1777)
  const found = await run('sh', ['-c', 'for it; do command -v "$it"; done', 'sh', ...names()])
  const paths = found
    .trim()
    .split('\n')
    .map((it) => (it.startsWith('/') ? it : `/bin/${it}`))
  const libraries = await run('ldd', [join(root, runtime), join(root, binding), ...paths])
  const all = [...paths, ...new Set(libraries.match(/\/\S+\.so[\w.]*/g))]
  for (const path of all) {
    mkdirSync(join(folder, dirname(path)), { recursive: true })
    copyFileSync(path, join(folder, path))
  }
  symlinkSync(`/opt/kura/${runtime}`, join(folder, 'usr/bin/node'))
  return folder
}

const names = () => programs.split(' ')

type Package = { dev?: boolean; devOptional?: boolean }

/** The packages that make the release. */
const bundler = /^node_modules\/(?:rolldown|@rolldown\/|@oxc-project\/)/

/** Copies the files that .dockerignore lets through, the packages that run in production, and the bundler. */
function copyContext(folder: string): void {
  const ignore = readFileSync(join(root, '.dockerignore'), 'utf8')
  const kept = [...ignore.matchAll(/^!(.+)$/gm)].map(([, name]) => name as string)
  const lock = readFileSync(join(root, 'node_modules/.package-lock.json'), 'utf8')
  const packages = Object.entries<Package>(JSON.parse(lock).packages)
  const needed = packages
    .filter(([path, it]) => bundler.test(path) || (!it.dev && !it.devOptional))
    .map(([path]) => path)
  for (const path of [...kept, 'node_modules/.package-lock.json', ...needed]) {
    cpSync(join(root, path), join(folder, path), {
      recursive: true,
      filter: (source) => !isLeftOut(source.slice(join(root, path).length)),
    })
  }
}

/** A package inside another is in the list if it is needed; the others only take long to copy. */
const isLeftOut = (path: string) => /^\/(?:node_modules|include|dist-types)$/.test(path)
