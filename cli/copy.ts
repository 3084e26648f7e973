/** `kura copy`, `kura export` and `kura import`: images from one place to another. */
import { access as isThere } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import type { Access } from '../moving/open.ts'
import { parsePlace } from '../moving/spelling.ts'

type Side = 'from' | 'to'
type Options = {
  tags?: string[]
  platform?: string[]
  referrers: boolean
  parallel: number
  rate?: number
  loginFile?: string
} & Partial<Record<`${Side}PlainHttp` | `${Side}AnyCertificate`, boolean>> &
  Partial<Record<`${Side}Ca` | `${Side}User` | `${Side}PasswordFile`, string>>

export function copyCommands(version: string): Command[] {
  return [
    command(version, ['from', 'to'], new Command('copy'))
      .description('copy an image, or tags by pattern, from one registry or OCI layout to another')
      .argument('<source>', 'host/name:tag, oci:FOLDER:tag or oci-archive:FILE:tag')
      .argument('<destination>', 'the same; without a tag it is that of the source'),
    command(version, ['from'], new Command('export'), { to: asLayout })
      .description('write an image of a registry as an OCI layout: a folder, or a tar')
      .argument('<image>', 'host/name:tag')
      .argument('<path>', 'a folder, or a file with a name that ends with .tar'),
    command(version, ['to'], new Command('import'), { from: asLayout })
      .description('send an image of an OCI layout to a registry')
      .argument('<path>', 'a folder, or a file: a tar, also one that gzip has made smaller')
      .argument('<image>', 'host/name:tag'),
  ]
}

type Spell = (text: string) => string

/** A path as `kura copy` would have it. */
const asLayout: Spell = (path) => {
  return /\.(?:tar|tgz|tar\.gz)(?::[^:/]+)?$/.test(path) ? `oci-archive:${path}` : `oci:${path}`
}

const asItIs: Spell = (text) => text

function command(
  version: string,
  sides: Side[],
  made: Command,
  spell: Partial<Record<Side, Spell>> = {},
) {
  for (const side of sides) addAccess(made, side)
  return made
    .option('--tags <pattern...>', "the tags that fit, such as 'v1.*' or '*'")
    .option('--platform <platform...>', 'only these, such as linux/amd64; without it all')
    .option('--no-referrers', 'without signatures and the like')
    .option('--parallel <count>', 'so many at once, from 1 to 64', toCount, 6)
    .option('--rate <bytes>', 'bytes a second at most, such as 20M', toBytes)
    .option(
      '--login-file <path>',
      "docker's config.json; without it the one that docker or podman uses",
    )
    .action(async (from: string, to: string, options: Options) => {
      const spelled = [(spell.from ?? asItIs)(from), (spell.to ?? asItIs)(to)] as const
      await run(version, spelled, options)
    })
}

function addAccess(made: Command, side: Side): void {
  const what = side === 'from' ? 'the source' : 'the destination'
  made
    .option(`--${side}-plain-http`, `${what} is asked by http`)
    .option(`--${side}-ca <file>`, `an authority that ${what} is trusted by`)
    .option(`--${side}-any-certificate`, `${what} is not verified at all`)
    .option(
      `--${side}-user <name>`,
      `the user at ${what}; the password is in KURA_${side.toUpperCase()}_PASSWORD or a file`,
    )
    .option(`--${side}-password-file <file>`, 'a file with the password of that user alone')
}

async function run(version: string, [from, to]: readonly [string, string], options: Options) {
  const { runCopy } = await import('../moving/run.ts')
  const leave = new AbortController()
  const stop = () => leave.abort(new Error('stopped; the same command goes on from here'))
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const loginFile = options.loginFile ?? (await findLoginFile())
  const done = await runCopy({
    from: parsePlace(from, { plainHttp: options.fromPlainHttp ?? false }),
    to: parsePlace(to, { plainHttp: options.toPlainHttp ?? false }),
    access: {
      from: accessOf('from', { version, options, loginFile }),
      to: accessOf('to', { version, options, loginFile }),
    },
    tags: options.tags ?? [],
    platforms: options.platform ?? [],
    withReferrers: options.referrers,
    parallel: options.parallel,
    bytesPerSecond: options.rate,
    output: process.stderr,
    call: { signal: leave.signal },
  })
  process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop)
  if (process.stderr.isTTY) process.stderr.write('\n')
  for (const line of done) process.stdout.write(`copied ${line}\n`)
}

type Known = { version: string; options: Options; loginFile: string | undefined }

function accessOf(side: Side, { version, options, loginFile }: Known): Access {
  const user = options[`${side}User`]
  const password = process.env[`KURA_${side.toUpperCase()}_PASSWORD`]
  const passwordFile = options[`${side}PasswordFile`]
  if (user !== undefined && password === undefined && passwordFile === undefined) {
    throw new Error(
      `--${side}-user needs the password: in the variable KURA_${side.toUpperCase()}_PASSWORD or in --${side}-password-file`,
    )
  }
  const ca = options[`${side}Ca`]
  const anyCertificate = options[`${side}AnyCertificate`]
  return {
    userAgent: `kura/${version}`,
    ca,
    anyCertificate,
    user,
    password,
    passwordFile,
    loginFile,
  }
}

/** The first that is there, in the order of docker and then of podman. */
async function findLoginFile(): Promise<string | undefined> {
  const { DOCKER_CONFIG, REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR } = process.env
  const paths = [
    REGISTRY_AUTH_FILE,
    DOCKER_CONFIG && join(DOCKER_CONFIG, 'config.json'),
    XDG_RUNTIME_DIR && join(XDG_RUNTIME_DIR, 'containers/auth.json'),
    join(homedir(), '.docker/config.json'),
  ].filter((path) => path !== undefined && path !== '')
  for (const path of paths as string[]) {
    const isFound = await isThere(path).then(
      () => true,
      () => false,
    )
    if (isFound) return path
  }
  return undefined
}

function toCount(text: string): number {
  const count = Number(text)
  if (/^\d+$/.test(text) && count >= 1 && count <= 64) return count
  throw new InvalidArgumentError('It must be a whole number from 1 to 64.')
}

const factors: Record<string, number> = { '': 1, k: 1e3, M: 1e6, G: 1e9 }

function toBytes(text: string): number {
  const [, count, unit = ''] = /^(\d{1,12})([kMG]?)$/.exec(text) ?? []
  const bytes = Number(count) * (factors[unit] ?? 1)
  if (count !== undefined && bytes > 0) return bytes
  throw new InvalidArgumentError('It must be a number, with k, M or G behind it or nothing.')
}
