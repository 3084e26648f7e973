/** The options that say how a source and a destination are reached, and with which login. */
import { access as isThere } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import type { Access } from '../moving/places/open.ts'
import { faultOfTokenHost } from '../upstream/access/token-host.ts'

export type Side = 'from' | 'to'
export type AccessOptions = { loginFile?: string; parallel: number; rate?: number } & Partial<
  Record<`${Side}PlainHttp` | `${Side}AnyCertificate`, boolean>
> &
  Partial<Record<`${Side}Ca` | `${Side}User` | `${Side}PasswordFile`, string>> &
  Partial<Record<`${Side}TokenHost`, string[]>>

export function addAccess(made: Command, sides: readonly Side[]): Command {
  for (const side of sides) {
    const what = side === 'from' ? 'the source' : 'the destination'
    const variable = passwordVariable(side)
    made
      .option(`--${side}-plain-http`, `${what} is asked by http`)
      .option(`--${side}-ca <file>`, `an authority that ${what} is trusted by`)
      .option(`--${side}-any-certificate`, `${what} is not verified at all`)
      .option(
        `--${side}-user <name>`,
        `the user at ${what}; the password is in ${variable} or a file`,
      )
      .option(`--${side}-password-file <file>`, 'a file with the password of that user alone')
      .option(
        `--${side}-token-host <host>`,
        `a token server in another domain that may have the login of ${what}; may be given again`,
        toTokenHosts,
      )
  }
  return made
    .option('--login-file <path>', "docker's config.json; without it that of docker or podman")
    .option('--parallel <count>', 'so many at once, from 1 to 64', toCount, 6)
    .option('--rate <bytes>', 'bytes a second at most, such as 20M', toBytes)
}

/** The access to both sides, with the login file that is there. */
export async function findAccess(version: string, options: AccessOptions) {
  const loginFile = options.loginFile ?? (await findLoginFile())
  const of = (side: Side) => accessOf(side, { version, options, loginFile })
  return { from: of('from'), to: of('to') }
}

type Known = { version: string; options: AccessOptions; loginFile: string | undefined }

function accessOf(side: Side, { version, options, loginFile }: Known): Access {
  const user = options[`${side}User`]
  const variable = passwordVariable(side)
  const password = process.env[variable]
  const passwordFile = options[`${side}PasswordFile`]
  if (user !== undefined && password === undefined && passwordFile === undefined) {
    throw new Error(
      `--${side}-user needs the password: in the variable ${variable} or in --${side}-password-file`,
    )
  }
  const ca = options[`${side}Ca`]
  const anyCertificate = options[`${side}AnyCertificate`]
  const userAgent = `kura/${version}`
  const tokenHosts = options[`${side}TokenHost`]
  return { userAgent, ca, anyCertificate, user, password, passwordFile, loginFile, tokenHosts }
}

const passwordVariable = (side: Side) => `KURA_${side.toUpperCase()}_PASSWORD`

/** The first that is there, of podman and then of docker. */
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

/** Ctrl-C ends what is under way, and the line of progress before the error. */
export async function untilStopped(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const leave = new AbortController()
  const stop = () => leave.abort(new Error('stopped; the same command goes on from here'))
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    await work(leave.signal)
  } finally {
    process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop)
    if (process.stderr.isTTY) process.stderr.write('\n')
  }
}

function toTokenHosts(text: string, before: string[] = []): string[] {
  const fault = faultOfTokenHost(text)
  if (fault) throw new InvalidArgumentError(`${fault}.`)
  return [...before, text]
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
