import { expect, it } from '@jest/globals'
import { sizeText } from '../../documents/sizes.ts'

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1500, '1.5 kB'],
  [64_000_000, '64 MB'],
  [2e12, '2.0 TB'],
  [3e15, '3000 TB'],
])('%s bytes are %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text)
})
