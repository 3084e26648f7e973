/** Times that have a limit on one side say which. */
import { expect, it } from '@jest/globals'
import { loadConfig } from '../../config/load.ts'

const load = (env: Record<string, string>) => loadConfig({ env })

it.each([
  ['REGISTRY_KURA_TOKENS_GRACE', '6h1s', 'kura.tokens.grace', 'at most 6h'],
  ['REGISTRY_KURA_TOKENS_GRACE', '-1s', 'kura.tokens.grace', 'a duration'],
  ['REGISTRY_KURA_TOKENS_ROTATION', '59m', 'kura.tokens.rotation', 'at least 1h, or 0 for never'],
  ['REGISTRY_KURA_LIMITS_IDLE', 'soon', 'kura.limits.idle', 'a duration'],
])('%s: %s is refused', async (variable, value, key, allowed) => {
  const refusal = await load({ [variable]: value }).catch((error: Error) => error.message)
  expect(refusal).toContain(key)
  expect(refusal).toContain(`must be ${allowed}`)
})

it.each([
  [{}, { grace: 3_600_000, rotation: 90 * 86_400_000, idle: 300_000 }],
  [
    {
      REGISTRY_KURA_TOKENS_GRACE: '6h',
      REGISTRY_KURA_TOKENS_ROTATION: '1h',
      REGISTRY_KURA_LIMITS_IDLE: '90s',
    },
    { grace: 21_600_000, rotation: 3_600_000, idle: 90_000 },
  ],
  [
    {
      REGISTRY_KURA_TOKENS_GRACE: '0',
      REGISTRY_KURA_TOKENS_ROTATION: '0',
      REGISTRY_KURA_LIMITS_IDLE: '0',
    },
    { grace: 0, rotation: 0, idle: 0 },
  ],
])('%j is understood', async (env, wanted) => {
  const { tokens, limits } = (await load(env)).config.kura
  expect({ grace: tokens.grace, rotation: tokens.rotation, idle: limits.idle }).toEqual(wanted)
})
