/** What test files import as `@jest/globals`: made by jest for the file that is being loaded. */
export const { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test } =
  globalThis.madeByJest
