/**
 * Test files are loaded by Node itself. Jest would load kura and its packages anew for each file, into a context of
 * its own: a second of processor time for each of some hundred files. Here each process of jest loads them once, and
 * only what is below `test/` anew for each file. What differs for a test: a variable of one of kura's own modules
 * outlives the file.
 */
import { registerHooks } from 'node:module'
import { TestEnvironment } from 'jest-environment-node'

const tests = new URL('..', import.meta.url).href
const globals = new URL('globals.js', import.meta.url).href

/** How many files this process has begun with. A module's address tells them apart. */
let files = 0

registerHooks({
  resolve(specifier, context, next) {
    const found =
      specifier === '@jest/globals'
        ? { url: globals, shortCircuit: true }
        : next(specifier, context)
    return found.url.startsWith(tests) ? { ...found, url: `${found.url}?${files}` } : found
  },
})

export default class NativeEnvironment extends TestEnvironment {
  #settings

  constructor(config, context) {
    super(config, context)
    this.#settings = config.projectConfig.globals
    // So that `expect.any(String)` means the String of the tests.
    Object.assign(this.global, { Array, BigInt, Boolean, Function, Number, Object, String, Symbol })
    this.global.loadNatively = (url) => {
      files += 1
      Object.assign(globalThis, this.#settings, { madeByJest: this.global })
      return import(url)
    }
  }

  async teardown() {
    for (const name of Object.keys(this.#settings)) delete globalThis[name]
    await super.teardown()
  }
}
