/**
 * Where workers are. Either some addresses are written down, and a name among them stands for all
 * that it resolves to at the time; or they are the sockets in a folder, on this machine.
 */
import { lookup } from 'node:dns/promises'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Address as Written } from '../../network/address.ts'

export type Address = { socketPath: string } | { host: string; port: number }
/** The workers there are just now. Rejects when that cannot be found out. */
export type FindAddresses = () => Promise<Address[]>

const socketSuffix = '.sock'

/**
 * Names are looked up at each call, as they may come to stand for other machines. One that cannot be
 * looked up just now stands for what it stood for last, and takes nothing from the others.
 */
export function findByName(written: readonly Written[], resolve = resolveHost): FindAddresses {
  const last = written.map((): Address[] => [])
  return async () => {
    const failures: unknown[] = []
    // In turn, for each lookup holds a thread that files are read on as well.
    for (const [index, address] of written.entries()) {
      try {
        last[index] = await resolveAll(address, resolve)
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0 && last.flat().length === 0) throw failures[0]
    return last.flat()
  }
}

async function resolveAll(address: Written, resolve: typeof resolveHost): Promise<Address[]> {
  if ('path' in address) return [{ socketPath: address.path }]
  const hosts = await resolve(address.host ?? 'localhost')
  return hosts.map((host) => ({ host, port: address.port }))
}

async function resolveHost(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true })
  return found.map(({ address }) => address)
}

/** A worker that stops takes its socket away first, so a folder names those that take requests. */
export function findInFolder(folder: string): FindAddresses {
  return async () => {
    const names = await readdir(folder)
    return names
      .filter((name) => name.endsWith(socketSuffix))
      .map((name) => ({ socketPath: join(folder, name) }))
  }
}

/** Where a worker of this machine listens. Two that follow each other never share a name. */
export function socketIn(folder: string, pid: number): string {
  return join(folder, `worker-${pid}${socketSuffix}`)
}

/** The same for two that are the same worker. */
export function nameOf(address: Address): string {
  return 'socketPath' in address ? `unix:${address.socketPath}` : `${address.host}:${address.port}`
}
