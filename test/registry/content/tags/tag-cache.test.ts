/** Tags that are remembered in Redis: never longer than they are true. */
import { expect, it } from '@jest/globals'
import { createLinks } from '../../../../registry/content/links.ts'
import { paths } from '../../../../registry/content/paths.ts'
import { createTagCache } from '../../../../registry/content/tags/tag-cache.ts'
import { createTags } from '../../../../registry/content/tags/tags.ts'
import { type Digest, digestOf } from '../../../../registry/protocol/digest.ts'
import type { Tag } from '../../../../registry/protocol/name.ts'
import { openRedis } from '../../../../registry/redis/open.ts'
import type { StorageDriver } from '../../../../registry/storage/driver.ts'
import { withoutLease } from '../../../../registry/storage/fenced.ts'
import { createInmemoryDriver } from '../../../../registry/storage/memory.ts'
import { useCleanup } from '../../../support/cleanup.ts'
import { describeWith } from '../../../support/programs.ts'
import { startRedis } from '../../../support/redis.ts'

const tag = 'latest' as Tag
const named = (text: string) => digestOf('sha256', Buffer.from(text))
const [first, second] = [named('first'), named('second')]
const times = { good: 400, finding: 300, changing: 500 }

describeWith(['redis-server'], 'a tag that is remembered', () => {
  const cleanup = useCleanup()

  async function start() {
    const server = await startRedis()
    cleanup.add(server.destroy)
    const redis = await openRedis(
      { addresses: [{ host: '127.0.0.1', port: server.port }], answerMs: 200 },
      { pauseMs: 20 },
    )
    cleanup.add(redis.close)
    const cache = createTagCache(redis, times)
    const inner = createInmemoryDriver()
    /** `changed` is called when a link has just been changed, before the change is acknowledged. */
    const on = { changed: async (_path: string): Promise<void> => {} }
    const storage: StorageDriver = {
      ...inner,
      async put(path, value, call) {
        await inner.put(path, value, call)
        await on.changed(path)
      },
      async removeVersion(path, call) {
        const isRemoved = await inner.removeVersion(path, call)
        await on.changed(path)
        return isRemoved
      },
    }
    const under = withoutLease(storage)
    const { find, ...known } = createTags(
      storage,
      createLinks(storage, () => {}),
      { cache },
    )
    const tags = {
      find,
      set: (repository: string, tag: Tag, digest: Digest) =>
        known.set(under, { repository, tag, stored: digest, mayMove: () => true }, {}),
      remove: (repository: string, tag: Tag) => known.remove(under, { repository, tag }),
    }
    /** Looks the tag up as a request for it does. */
    const look = async () => {
      const pointer = await cache.find('app', tag)
      const digest = pointer.digest ?? (await tags.find('app', tag))
      const { token } = pointer
      if (digest && token) await cache.keep('app', tag, { token, digest })
      return { digest, remembered: pointer.digest !== undefined }
    }
    return { server, redis, cache, tags, look, on, storage }
  }

  it('is asked of storage once, and then known', async () => {
    const { tags, look } = await start()
    await tags.set('app', tag, first)
    expect(await look()).toEqual({ digest: first, remembered: false })
    expect(await look()).toEqual({ digest: first, remembered: true })
  })

  it('is forgotten when it moves, and when it is removed', async () => {
    const { tags, look } = await start()
    await tags.set('app', tag, first)
    await look()
    await tags.set('app', tag, second)
    expect(await look()).toEqual({ digest: second, remembered: false })
    expect(await look()).toEqual({ digest: second, remembered: true })
    await tags.remove('app', tag)
    expect(await look()).toEqual({ digest: undefined, remembered: false })
  })

  it('is not remembered by who found out before it moved', async () => {
    const { cache, tags, look } = await start()
    await tags.set('app', tag, first)
    const { token = '' } = await cache.find('app', tag)
    const digest = await tags.find('app', tag)
    await tags.set('app', tag, second)
    await cache.keep('app', tag, { token, digest: digest ?? second })
    expect(await look()).toEqual({ digest: second, remembered: false })
  })

  it('is not remembered either when Redis forgets everything in between', async () => {
    const { server, cache, tags, look } = await start()
    await tags.set('app', tag, first)
    const { token = '' } = await cache.find('app', tag)
    await server.command('flushall')
    await look()
    await tags.set('app', tag, second)
    await cache.keep('app', tag, { token, digest: first })
    expect((await look()).digest).toBe(second)
  })

  it('is read from storage while Redis is not there', async () => {
    const { server, tags, look } = await start()
    await tags.set('app', tag, first)
    await server.destroy()
    expect(await look()).toEqual({ digest: first, remembered: false })
  })

  it.each(['set', 'remove'] as const)(
    'is asked of storage while it changes (%s), so that no old name is read after a new one',
    async (change) => {
      const { tags, look, on } = await start()
      await tags.set('app', tag, first)
      await look()
      expect(await look()).toEqual({ digest: first, remembered: true })
      const seen: unknown[] = []
      on.changed = async (path) => {
        if (path === paths.tagCurrent('app', tag)) seen.push(await look(), await look())
      }
      await tags[change]('app', tag, second)
      const now = { digest: change === 'set' ? second : undefined, remembered: false }
      expect(seen).toEqual([now, now])
    },
  )

  it('is remembered again some time after a change that was cut off', async () => {
    const { cache, tags, look } = await start()
    await tags.set('app', tag, first)
    cache.changing('app', tag, async (marked) => {
      await marked
      await new Promise(() => {})
    })
    let seen = await look()
    while (!seen.remembered) seen = await new Promise(setImmediate).then(look)
    expect(seen.digest).toBe(first)
  })

  it('is not changed while Redis cannot be told', async () => {
    const { server, tags, look } = await start()
    await tags.set('app', tag, first)
    server.freeze()
    await expect(tags.set('app', tag, second)).rejects.toMatchObject({ reason: 'unavailable' })
    await expect(tags.remove('app', tag)).rejects.toMatchObject({ reason: 'unavailable' })
    server.thaw()
    expect((await look()).digest).toBe(first)
  })

  it('moves only once nobody can remember it, when Redis goes away meanwhile and forgets', async () => {
    const { server, tags, look, on } = await start()
    await tags.set('app', tag, first)
    on.changed = async (path) => {
      if (path !== paths.tagIndex('app', tag, second)) return
      // A digest that is remembered from here on is outdated: the tag is about to move.
      await server.command('flushall')
      await look()
      expect(await look()).toEqual({ digest: first, remembered: true })
      server.freeze()
    }
    await tags.set('app', tag, second)
    server.thaw()
    let seen = await look()
    expect(seen.digest).toBe(second)
    // Once Redis is believed again, it knows nothing else.
    while (!seen.remembered) seen = await new Promise(setImmediate).then(look)
    expect(seen.digest).toBe(second)
  })

  it('keeps the digest by which another process has just given it, where it has to stay', async () => {
    const { redis, storage } = await start()
    const open = () =>
      createTags(
        storage,
        createLinks(storage, () => {}),
        { cache: createTagCache(redis, times) },
      )
    const [here, there, under] = [open(), open(), withoutLease(storage)]
    const other = digestOf('sha512', Buffer.from('first'))
    const setting = { repository: 'app', tag, stored: first, mayMove: () => true }
    await under.put(paths.revisionLink('app', other), Buffer.from(first))
    await here.set(under, setting, {})
    expect(await here.findPushed({ repository: 'app', tag, stored: first })).toBe(first)
    await there.remove(under, setting)
    await there.set(under, { ...setting, pushedAs: other }, {})
    const refused = { reason: 'tagImmutable' }
    await expect(here.decideMove(setting, first, () => false)).rejects.toMatchObject(refused)
    expect(await here.decideMove(setting, other, () => false)).toBe('none')
  })
})
