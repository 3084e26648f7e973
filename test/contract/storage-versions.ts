/** The part of the contract about changes that are bound to what is there. */
import { describe, expect, it } from '@jest/globals'
import type { StorageDriver, Version } from '../../registry/storage/driver.ts'

export function versionContract(get: () => StorageDriver) {
  const stored = async (path: string) => (await get().get(path))?.toString()
  const replace = (path: string, text: string, over: Version | undefined) =>
    get().replace(path, Buffer.from(text), { over })
  const versionOf = async (path: string) => (await get().getVersioned(path))?.version ?? ''
  /** A version of the value at `path` that it has no more. */
  const outdated = async (path: string) => {
    await get().put(path, Buffer.from('before'))
    const version = await versionOf(path)
    await get().put(path, Buffer.from('now'))
    return version
  }

  describe('versions', () => {
    it('come with the value', async () => {
      await get().put('a/k', Buffer.from('value'))
      const found = await get().getVersioned('a/k')
      expect(found).toEqual({ bytes: Buffer.from('value'), version: expect.stringMatching(/./) })
      for (const path of ['a/absent', 'b/c']) {
        expect(await get().getVersioned(path)).toBeUndefined()
      }
    })

    it('differ where values do', async () => {
      const version = await outdated('a/k')
      expect(await versionOf('a/k')).not.toBe(version)
    })
  })

  describe('replacing', () => {
    it('puts a value where there is none, and leaves one that is there', async () => {
      expect(await replace('a/b/k', 'one', undefined)).toBe(true)
      expect(await replace('a/b/k', 'two', undefined)).toBe(false)
      expect(await stored('a/b/k')).toBe('one')
      expect(await Array.fromAsync(get().list('a/b'))).toEqual([{ name: 'k', isFolder: false }])
    })

    it('puts one of many values that are put at once where there is none', async () => {
      const texts = Array.from({ length: 20 }, (_, at) => `value ${at}`)
      const answers = await Promise.all(texts.map((it) => replace('k', it, undefined)))
      expect(answers.filter((isPut) => isPut)).toHaveLength(1)
      expect(await stored('k')).toBe(texts[answers.indexOf(true)])
    })

    it('puts a value over the version that it is for, and over no other', async () => {
      const version = await outdated('a/k')
      expect(await replace('a/k', 'late', version)).toBe(false)
      expect(await stored('a/k')).toBe('now')
      expect(await replace('a/k', 'new', await versionOf('a/k'))).toBe(true)
      expect(await stored('a/k')).toBe('new')
      expect(await Array.fromAsync(get().list('a'))).toHaveLength(1)
    })

    it('puts nothing over a version that is gone', async () => {
      const version = await outdated('a/k')
      await get().remove('a/k')
      expect(await replace('a/k', 'late', version)).toBe(false)
      expect(await stored('a/k')).toBeUndefined()
    })

    it('keeps what is there when it is aborted', async () => {
      const call = { over: undefined, signal: AbortSignal.abort(new Error('client left')) }
      await expect(get().replace('k', Buffer.from('new'), call)).rejects.toThrow()
      expect(await stored('k')).toBeUndefined()
    })
  })

  describe('removing a version', () => {
    it('removes it, and no other', async () => {
      const version = await outdated('a/k')
      expect(await get().removeVersion('a/k', { version })).toBe(false)
      expect(await stored('a/k')).toBe('now')
      expect(await get().removeVersion('a/k', { version: await versionOf('a/k') })).toBe(true)
      expect(await stored('a/k')).toBeUndefined()
    })

    it('finds nothing to remove where there is no value', async () => {
      const version = await outdated('a/k')
      await get().remove('a/k')
      expect(await get().removeVersion('a/k', { version })).toBe(false)
      expect(await get().removeVersion('absent/k', { version })).toBe(false)
    })
  })
}
