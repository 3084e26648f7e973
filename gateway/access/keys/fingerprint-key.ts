/**
 * The key of fingerprints: in a folder that all gateways share, or made of the secret that they share.
 * It stays when signing keys are rotated, since refresh tokens outlive a rotation.
 */
import { hkdfSync, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createPrivateFile } from '../../../files/create.ts'

const keyBytes = 32

/** Machines of different versions share tokens, so a changed derivation needs another number. */
export function deriveFingerprintKey(secret: string): Uint8Array {
  return Buffer.from(hkdfSync('sha256', secret, '', 'kura credential fingerprints, 1', keyBytes))
}

/** Makes the key where there is none; of several processes that do, all use the same one. */
export async function openFingerprintKey(folder: string): Promise<Uint8Array> {
  const path = join(folder, 'fingerprint.key')
  const found = await readKey(path)
  if (found !== undefined) return keyFrom(found, path)
  await createPrivateFile(path, `${randomBytes(keyBytes).toString('base64url')}\n`)
  return keyFrom((await readKey(path)) ?? '', path)
}

async function readKey(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}

/** Nothing of the text is repeated. */
function keyFrom(text: string, path: string): Uint8Array {
  const key = Buffer.from(text.trim(), 'base64url')
  if (key.length === keyBytes) return key
  throw new Error(`${path} holds no key; restore it, or remove it: then all sign in again`)
}
