/** The README and its pages name only what there is: files, headings, commands, options, settings. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { unexpectedWarnings } from '../support/config-warnings.ts'
import { runKura } from '../support/kura.ts'
import { blocksOf, pages, project, textOf } from '../support/pages.ts'

const settings = textOf('docs/configuration.md')
const isSetting = (key: string) => settings.includes(`\`${key}\``) || settings.includes(`\`${key}.`)
const isVariable = (name: string) =>
  settings.includes(`\`${name}\``) || settings.includes(`\`${name}_`) || /_<|HEADERS/.test(name)

/** As GitHub makes them from headings. */
const anchorsOf = (page: string) =>
  [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  )

describe.each(pages)('%s', (page) => {
  const text = textOf(page)

  it('links to what is there', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)]
    const broken = links.filter(([, path = '', anchor]) => {
      const target = path === '' ? page : join(dirname(page), path)
      if (!existsSync(join(project, target))) return true
      return anchor !== undefined && !anchorsOf(target).includes(anchor)
    })
    expect(broken.map(([link]) => link)).toEqual([])
  })

  it('names variables that exist', () => {
    const found = text.match(/\bREGISTRY_[A-Z0-9_]*[A-Z0-9]\b/g) ?? []
    expect(found.filter((name) => !isVariable(name))).toEqual([])
  })

  it('names settings that exist', () => {
    const sections = 'storage|http|auth|redis|kura|log|middleware|proxy|health|notifications'
    const key = new RegExp(`\`((?:${sections})\\.[\\w.]+[\\w])(?::[^\`]*)?\``, 'g')
    const found = [...text.matchAll(key)].map(([, name = '']) => name)
    expect(found.filter((name) => !isSetting(name) && !/\.ya?ml$/.test(name))).toEqual([])
  })
})

/** Each command with its options, once. */
const commands = new Map<string, Set<string>>()
for (const page of pages) {
  const lines = blocksOf(page).flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n'))
  const inline = [...textOf(page).matchAll(/`((?:bin\/)?kura [^`]*)`/g)].map(([, it = '']) => it)
  for (const line of [...lines, ...inline]) {
    const command =
      /(?:^|\s|\/)kura ((?:serve|gateway|worker|config|cert|copy|export|import|sync)|(?:user|policy|token) [a-z]+)/.exec(
        line,
      )
    if (!command?.[1]) continue
    const options = commands.get(command[1]) ?? new Set()
    for (const [option] of line.slice(command.index).matchAll(/(?<=\s)--[a-z-]+/g))
      options.add(option)
    commands.set(command[1], options)
  }
}

it('many commands are told of', () => expect(commands.size).toBeGreaterThan(10))

it.each([...commands])('kura %s has the options that are told of', async (command, options) => {
  const { code, stdout } = await runKura([...command.split(' '), '--help'])
  expect(code).toBe(0)
  expect(stdout).toContain(`Usage: kura ${command}`)
  const isKnown = (option: string) => new RegExp(`${option}(?![\\w-])`).test(stdout)
  expect([...options].filter((option) => !isKnown(option))).toEqual([])
})

describe('the configurations that are shown', () => {
  const cleanup = useCleanup()
  const shown = pages.flatMap((page) =>
    blocksOf(page)
      .filter(({ language, text }) => language === 'yaml' && !/^(?:rules|copies):/m.test(text))
      .map(({ heading, text }) => ({ title: `${page}, ${heading}`, text })),
  )
  const missing = [
    ['version:', 'version: 0.1'],
    ['storage:', 'storage: inmemory'],
    ['http:', 'http: { addr: :5000 }'],
  ] as const

  it.each(shown)('are taken without a warning: $title', async ({ text }) => {
    const folder = await cleanup.folder()
    const rest = missing.filter(([key]) => !text.includes(key)).map(([, line]) => line)
    // An example has a command in the place of a secret, which its reader has to run.
    const own = text.replace('<openssl rand -hex 32>', randomBytes(32).toString('hex'))
    await writeFile(join(folder, 'config.yml'), [...rest, own].join('\n'))
    const { code, stdout, stderr } = await runKura(['config', 'config.yml'], { cwd: folder })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(unexpectedWarnings(stdout)).toEqual([])
  })

  const policies = pages.flatMap((page) =>
    blocksOf(page).filter(({ language, text }) => language === 'yaml' && /^rules:/m.test(text)),
  )

  it.each(policies)('and so are the policies: $heading', async ({ text }) => {
    const folder = join(await cleanup.folder(), 'policies')
    await mkdir(folder)
    await writeFile(join(folder, 'shown.yaml'), text)
    const { code, stdout } = await runKura(['policy', 'test', folder])
    expect({ code, stdout }).toMatchObject({ code: 0 })
  })
})
