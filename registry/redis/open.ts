/** Opens Redis: connects, looks whether it can do what is needed of it, and hands out a guarded face. */
import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { type Client, createClient } from './client.ts'
import { connect, watchErrors } from './connection.ts'
import { type Availability, createGuard, reasonOf } from './guard.ts'
import { defaultAnswerMs, type RedisOptions, refuseContradictions } from './options.ts'
import { probe, writeProbe } from './probe.ts'
import { evictionWarning, explain, noConnection, parseInfo, wrongKind } from './problems.ts'

export type Redis = Awaited<ReturnType<typeof openRedis>>

/** A script in Lua. All its keys carry the same `{tag}`, so that a cluster can run it. */
export type Script = { lua: string; keys: string[]; args: (string | number)[] }

type Watching = {
  /** Whether Redis must be there now. Else it may come later, and is missed until then. */
  required?: boolean
  /** How long between two looks whether it is back, in milliseconds. */
  pauseMs?: number
  /** Called once for each change; `reason` holds no secret. */
  onChange?: (now: Availability) => void
  onWarning?: (warning: string) => void
}

/** In milliseconds. */
const longestGoodbye = 500
const againMs = 200

/** Throws an error that names the setting when Redis is required and cannot be used. */
export async function openRedis(options: RedisOptions, watching: Watching = {}) {
  const { required = true, pauseMs = 2_000, onChange, onWarning } = watching
  refuseContradictions(options)
  const client = createClient(options)
  const errors = watchErrors(client)
  const guard = createGuard({
    limitMs: options.answerMs ?? defaultAnswerMs,
    pauseMs,
    probe: () => probe(client),
    onChange(now) {
      if (now.available) {
        errors.forget()
        return onChange?.(now)
      }
      // That there is no connection says less than why there is none.
      const said = noConnection.test(now.reason)
        ? (errors.last() ?? 'the connection was lost')
        : now.reason
      onChange?.({ available: false, reason: explain(said, options) })
    },
  })
  try {
    await connect(client, options, errors)
    await check()
  } catch (error) {
    const reason = reasonOf(error)
    if (required) {
      guard.close()
      client.disconnect()
      throw new Error(reason.startsWith('redis.') ? reason : explain(reason, options))
    }
    guard.shut(reason)
  }
  client.on('ready', guard.look)
  const stopKeeping = keepConnecting(client)

  return {
    get: (key: string) => guard.call(() => client.get(key)),
    /** Forgotten after `ms` milliseconds. */
    async set(key: string, value: string, ms: number): Promise<void> {
      await guard.call(() => client.set(key, value, 'PX', ms))
    },
    async remove(key: string): Promise<void> {
      await guard.call(() => client.del(key))
    },
    run: (script: Script) => guard.call(() => runScript(client, script)),
    isAvailable: guard.isOpen,
    async close(): Promise<void> {
      guard.close()
      stopKeeping()
      await Promise.race([
        client.quit().catch(() => {}),
        wait(longestGoodbye, undefined, { ref: false }),
      ])
      client.disconnect()
    },
  }

  async function check(): Promise<void> {
    // Not every account may ask, and what it tells is no condition.
    const info = parseInfo(await client.info().catch(() => ''))
    const wrong = wrongKind(info, options)
    if (wrong) throw new Error(wrong)
    await writeProbe(client)
    const warning = evictionWarning(info)
    if (warning) onWarning?.(warning)
  }
}

/**
 * The library gives up for good when sentinels tell of a new master just while it looks for one: its own
 * attempt is cut off, which it takes for the last word. Answers a function that ends this.
 */
function keepConnecting(client: Client): () => void {
  const onEnd = () => setTimeout(() => client.connect().catch(() => {}), againMs).unref()
  client.on('end', onEnd)
  return () => client.off('end', onEnd)
}

const digests = new Map<string, string>()

async function runScript(client: Client, { lua, keys, args }: Script): Promise<unknown> {
  const digest = digests.get(lua) ?? createHash('sha1').update(lua).digest('hex')
  digests.set(lua, digest)
  try {
    return await client.evalsha(digest, keys.length, ...keys, ...args)
  } catch (error) {
    // A server that was restarted or has just become master has not met the script yet.
    if (!reasonOf(error).startsWith('NOSCRIPT')) throw error
    return client.eval(lua, keys.length, ...keys, ...args)
  }
}
