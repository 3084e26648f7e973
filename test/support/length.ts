/**
 * How long those tests go on that look for accidents: short with every change, long before a release
 * (`npm run test:long`). Both prove the same; a long one meets what is rare.
 */
const isLong = process.env.KURA_TEST_LONG !== undefined

export function inLength<T>({ short, long }: { short: T; long: T }): T {
  return isLong ? long : short
}
