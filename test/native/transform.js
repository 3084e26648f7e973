/** In jest's own world a test file is one line, which has Node load the file. */

export default {
  process: () => ({ code: 'await loadNatively(import.meta.url)' }),
  getCacheKey: () => 'native',
}
