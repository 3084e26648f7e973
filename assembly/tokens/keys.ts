/**
 * Where the keys come from that kura signs and ties tokens with: from a folder, or without one from the secret
 * that all machines share, or else from a folder that only the processes of this machine know.
 */
import { join, resolve } from 'node:path'
import type { Config } from '../../config/schema.ts'
import { createDerivedKeys } from '../../gateway/access/keys/derived-keys.ts'
import {
  deriveFingerprintKey,
  openFingerprintKey,
} from '../../gateway/access/keys/fingerprint-key.ts'
import { openSigningKeys } from '../../gateway/access/keys/folder-keys.ts'
import type { SigningKeys } from '../../gateway/access/keys/signing-keys.ts'
import { schedule } from '../../registry/upkeep/schedule.ts'
import { findSharedSecret } from '../shared-secret.ts'

const hourMs = 3_600_000

/** The one that is set, or beside the data, so that all processes and the next start share it. */
export function findTokenFolder({ kura, storage }: Config): string | undefined {
  if (kura.tokens.folder) return resolve(kura.tokens.folder)
  const root = storage.filesystem?.rootdirectory
  return root === undefined ? undefined : join(resolve(root), 'kura')
}

/** The secret that keys are made of where no folder keeps them; undefined where that would not be safe. */
export function findKeySecret(config: Config): string | undefined {
  return findTokenFolder(config) === undefined ? findSharedSecret(config) : undefined
}

/** The key that ties tokens to credentials, from the same source as the signing keys. */
export async function openFingerprintKeyOf(config: Config, folder: string): Promise<Uint8Array> {
  const secret = findKeySecret(config)
  return secret === undefined
    ? openFingerprintKey(join(folder, 'keys'))
    : deriveFingerprintKey(secret)
}

type Parts = {
  /** Used where there is no secret to make keys of. */
  folder: string
  overlapSeconds: number
  report: (error: unknown) => void
}

type Opened = { keys: SigningKeys; close: () => Promise<void> }

export async function openTokenKeys(config: Config, parts: Parts): Promise<Opened> {
  const { rotation } = config.kura.tokens
  const { folder, overlapSeconds, report } = parts
  const secret = findKeySecret(config)
  if (secret !== undefined) {
    const keys = createDerivedKeys({ secret, periodMs: rotation, overlapSeconds })
    return { keys, close: async () => {} }
  }

  const keys = await openSigningKeys({ folder: join(folder, 'keys'), overlapSeconds, report })
  if (rotation === 0) return { keys, close: async () => {} }
  // In every process; the age of the key sees to it that one rotates it.
  const run = () => keys.rotateAfter(rotation)
  await run().catch(report)
  const rotating = schedule({ interval: Math.min(rotation, hourMs), run, onError: report })
  return { keys, close: () => rotating.stop() }
}
