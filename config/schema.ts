/**
 * Every setting there is: its default, its limits, its meaning. Files, variables, messages, printed
 * configurations and docs/configuration.md all follow this schema.
 */
import type { z } from 'zod'
import { auth } from './sections/auth.ts'
import { catalog, middleware, policy, tags, validation } from './sections/content.ts'
import { health } from './sections/health.ts'
import { http } from './sections/http.ts'
import { kura } from './sections/kura.ts'
import { level, log } from './sections/log.ts'
import { notifications } from './sections/notifications.ts'
import { proxy } from './sections/proxy.ts'
import { redis } from './sections/redis.ts'
import { storage } from './sections/storage.ts'
import { choice, section } from './values.ts'

export const schema = section({
  version: choice('0.1').describe('The version of this format.'),
  log,
  loglevel: level().optional().describe('The older place of `log.level`.'),
  storage,
  auth,
  middleware,
  http,
  notifications,
  redis,
  health,
  proxy,
  catalog,
  tags,
  validation,
  policy,
  kura,
})

export type Config = z.infer<typeof schema>
