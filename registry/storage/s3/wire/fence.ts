/** Requests of the SDK that are made under a lease: it is asked once more when they are signed. */
import type { Fence } from '../../driver.ts'

type Stack = { add(step: unknown, how: { step: string; priority: string; name: string }): void }

/** The same command. Each attempt to send it asks the lease first. */
export function underFence<C extends object>(command: C, fence: Fence | undefined): C {
  if (!fence) return command
  const { middlewareStack } = command as { middlewareStack?: Stack }
  const step = (next: (args: unknown) => unknown) => async (args: unknown) => {
    fence.check()
    return next(args)
  }
  middlewareStack?.add(step, { step: 'finalizeRequest', priority: 'low', name: 'fence' })
  return command
}
