/** Where workers are: as it is written, as names resolve at the time, or as a folder has it. */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { findByName, findInFolder, nameOf, socketIn } from '../../../gateway/pool/addresses.ts'
import { findAddress } from '../../../network/address.ts'
import { close, listening } from '../../support/http-server.ts'

describe('an address', () => {
  it.each([
    [{ host: '10.0.0.1', port: 5000 }, '10.0.0.1:5000'],
    [{ host: 'worker.internal', port: 80 }, 'worker.internal:80'],
    [{ host: '::1', port: 5000 }, '::1:5000'],
    [{ socketPath: '/run/kura/a.sock' }, 'unix:/run/kura/a.sock'],
  ])('%j has a name', (address, name) => {
    expect(nameOf(address)).toBe(name)
  })
})

const written = (...texts: string[]) => texts.map(findAddress).filter((it) => it !== undefined)

describe('addresses that are written down', () => {
  const hosts = new Map<string, string[]>()
  const resolve = async (host: string) => {
    const found = hosts.get(host)
    if (!found) throw new Error(`nobody knows ${host}`)
    return found
  }
  const names = (found: Parameters<typeof nameOf>[0][]) => found.map(nameOf)

  it('stand for all that their names resolve to at the time', async () => {
    const find = findByName(written('pool:5000', 'unix:/a.sock'), resolve)
    hosts.set('pool', ['10.0.0.1', '::2'])
    expect(names(await find())).toEqual(['10.0.0.1:5000', '::2:5000', 'unix:/a.sock'])
    hosts.set('pool', ['10.0.0.3'])
    expect(names(await find())).toEqual(['10.0.0.3:5000', 'unix:/a.sock'])
  })

  it('do without a name that nobody knows, and with what it stood for last', async () => {
    const find = findByName(written('here:1', 'there:2'), resolve)
    hosts.clear()
    await expect(find()).rejects.toThrow('nobody knows here')
    hosts.set('here', ['10.0.0.1'])
    expect(names(await find())).toEqual(['10.0.0.1:1'])
    hosts.set('there', ['10.0.0.2'])
    expect(names(await find())).toEqual(['10.0.0.1:1', '10.0.0.2:2'])
    hosts.delete('here')
    expect(names(await find())).toEqual(['10.0.0.1:1', '10.0.0.2:2'])
  })

  it('are looked up as the system does it', async () => {
    expect(names(await findByName(written('localhost:5000'))())).toContain('127.0.0.1:5000')
    expect(names(await findByName(written('[::1]:5000', '127.0.0.1:1'))())).toEqual([
      '::1:5000',
      '127.0.0.1:1',
    ])
    await expect(findByName(written('no.such.host.invalid:1'))()).rejects.toThrow(/no\.such\.host/)
  })
})

describe('a folder', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-test-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('has the sockets of workers that listen, and other things', async () => {
    const server = createServer()
    const path = socketIn(folder, 12)
    await mkdir(join(folder, 'kura'))
    await writeFile(join(folder, 'worker-1.txt'), '')
    expect(await findInFolder(folder)()).toEqual([])
    await listening(server, { path })
    expect(await findInFolder(folder)()).toEqual([{ socketPath: path }])
    await close(server)
    expect(await findInFolder(folder)()).toEqual([])
  })

  it('that is not there is no folder without workers', async () => {
    await expect(findInFolder(join(folder, 'none'))()).rejects.toThrow('ENOENT')
  })
})
