/**
 * The signing keys of the built-in issuer, in a folder that several processes share. Each file is a
 * generation: the key that signs, and the public ones that came before it. A rotation writes the
 * next generation; of several at once, one wins and the others use what it wrote.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { createPrivateFile, removeFile } from '../../../files/create.ts'
import { folderMark } from '../../../files/folder-mark.ts'
import { type Watched, watch } from '../../../files/watch.ts'
import { thumbprintOf } from './key-ids.ts'
import { keySetFrom, type OwnKey, type SigningKeys } from './signing-keys.ts'

const coordinate = z.string().regex(/^[\w-]{43}$/)
const publicKey = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: coordinate,
  y: coordinate,
})
const generation = z.object({
  current: publicKey.extend({ d: coordinate }),
  createdAt: z.iso.datetime(),
  /** `until` is when the last token signed with it has expired. */
  previous: z.array(z.object({ key: publicKey, until: z.iso.datetime() })),
})
type Generation = z.infer<typeof generation>

type KeySet = {
  number: number
  generation: Generation
  signing: OwnKey
  verifying: readonly OwnKey[]
}

type Options = {
  folder: string
  /** How long a token may live that was signed just before a rotation. */
  overlapSeconds: number
  report: (error: unknown) => void
  checkMs?: number
}

type KeptKeys = SigningKeys & {
  /**
   * When the key that signs is older, a new one signs from now on, and the old ones verify until their last
   * token has expired. Of processes that all ask this, one does it.
   */
  rotateAfter(ageMs: number): Promise<void>
}

/** Creates the first key if there is none. Rejects when the newest generation cannot be read. */
export async function openSigningKeys(options: Options): Promise<KeptKeys> {
  const { folder, overlapSeconds, report, checkMs = 1000 } = options
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if ((await newestNumber(folder)) === 0) await write(folder, 1, firstGeneration())
  const make = () => loadNewest(folder)
  const look = async () => ({ mark: await folderMark(folder), make })
  const keys: Watched<KeySet> = watch({ look, settleMs: 0, checkMs, report })
  await keys.get()

  return {
    signing: async () => (await keys.get()).signing,
    verifying: async () => (await keys.get()).verifying,
    /** There may have been a rotation by another process. */
    refresh: async () => void (await keys.check()),
    jwks: async () => keySetFrom((await keys.get()).verifying),
    async rotateAfter(ageMs) {
      const newest = await keys.check()
      const age = Date.now() - Date.parse(newest.generation.createdAt)
      if (age >= ageMs) await replace(newest)
    },
  }

  /** Of two processes that make the generation after `old`, the second finds it written and leaves it so. */
  async function replace(old: KeySet): Promise<void> {
    await write(folder, old.number + 1, nextGeneration(old.generation, overlapSeconds))
    const { number } = await keys.check()
    for (const file of await generationsIn(folder)) {
      // The one before stays: another process may be about to read it.
      if (file < number - 1) await removeFile(pathOf(folder, file))
    }
  }
}

const pathOf = (folder: string, number: number) => join(folder, `generation-${number}.json`)

const write = (folder: string, number: number, it: Generation) =>
  createPrivateFile(pathOf(folder, number), `${JSON.stringify(it, undefined, 2)}\n`)

async function generationsIn(folder: string): Promise<number[]> {
  const found = (await readdir(folder)).map((name) => /^generation-(\d{1,9})\.json$/.exec(name))
  return found.flatMap((it) => (it ? [Number(it[1])] : []))
}

const newestNumber = async (folder: string) => Math.max(0, ...(await generationsIn(folder)))

async function loadNewest(folder: string): Promise<KeySet> {
  const number = await newestNumber(folder)
  const path = pathOf(folder, number)
  const text = await readFile(path, 'utf8')
  try {
    return keySetOf(number, generation.parse(JSON.parse(text)))
  } catch {
    // The parser's message could quote from this file.
    throw new Error(`${path} holds no signing key; restore it, or remove it to make a new one`)
  }
}

function keySetOf(number: number, it: Generation): KeySet {
  const signing = createPrivateKey({ key: it.current, format: 'jwk' })
  const valid = it.previous.filter(({ until }) => Date.parse(until) > Date.now())
  const olds = valid.map(({ key }) => createPublicKey({ key, format: 'jwk' }))
  const verifying = [createPublicKey(signing), ...olds].map((key) => ({
    kid: thumbprintOf(key),
    key,
  }))
  return {
    number,
    generation: it,
    signing: { kid: thumbprintOf(signing), key: signing },
    verifying,
  }
}

function firstGeneration(previous: Generation['previous'] = []): Generation {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const current = privateKey.export({ format: 'jwk' }) as Generation['current']
  return { current, createdAt: new Date().toISOString(), previous }
}

function nextGeneration({ current, previous }: Generation, overlapSeconds: number): Generation {
  const { d: _secret, ...key } = current
  const until = new Date(Date.now() + overlapSeconds * 1000).toISOString()
  const valid = previous.filter((it) => Date.parse(it.until) > Date.now())
  return firstGeneration([{ key, until }, ...valid])
}
