/** The command line of the bench, and what it needs. */
import { describe, expect, it } from '@jest/globals'
import { parseArguments } from '../../bench/arguments.ts'
import { requirePrograms } from '../../bench/programs.ts'

describe('the arguments', () => {
  it('choose everything when they say nothing', () => {
    const { peers, settings, scenarios } = parseArguments([])
    expect(peers).toEqual(['kura', 'kura-workers', 'docker-registry'])
    expect(settings).toEqual(['filesystem', 's3', 'far', 'tls'])
    expect(scenarios).toEqual(['manifest', 'image', 'push', 'pull'])
  })

  it('choose what they name, in that order', () => {
    const args = ['--peer', 'docker-registry,kura', '--connections', '8', '--seconds', '0.5']
    const { peers, connections, seconds } = parseArguments(args)
    expect(peers).toEqual(['docker-registry', 'kura'])
    expect(connections).toEqual([8])
    expect(seconds).toBe(0.5)
  })

  const refused: [args: string[], message: string][] = [
    [['--peer', 'zot'], '--peer: there is no zot; there are kura, kura-workers, docker-registry'],
    [['--rounds', 'many'], '--rounds: many is no number above 0'],
    [['--seconds', '0'], '--seconds: 0 is no number above 0'],
  ]

  it.each(refused)('%j are refused with what is allowed', (args, message) => {
    expect(() => parseArguments(args)).toThrow(message)
  })
})

describe('a program that is missing', () => {
  const all = parseArguments([])
  const small = parseArguments(['--setting', 'filesystem', '--peer', 'kura', '--scenario', 'image'])

  it('is named with its package', () => {
    expect(() => requirePrograms(all, ['/nowhere'])).toThrow(
      /^not installed: docker-registry, wrk, .*nginx.*radosgw; .* nginx-light .*radosgw$/,
    )
  })

  it('is not missed where the plan does without', () => {
    expect(() => requirePrograms(small, ['/nowhere'])).not.toThrow()
  })
})
