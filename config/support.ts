/**
 * What kura reads but does not do yet. A row is fatal where going on without it would change who may
 * do what, or what is kept where; everything else is said and left out. Built means: row deleted.
 */
import type { Origins } from './tree.ts'

type Row = { effect: string; fatal: boolean }

const refused = (reason: string): Row => ({
  effect: `kura does not start, since ${reason}`,
  fatal: true,
})
const ignored = (effect: string): Row => ({ effect, fatal: false })

const elsewhere = refused('content would be kept somewhere else')
const unchanged = refused('what it changes would be left unchanged')
const open = refused('everyone would be let in')

export const unsupported: Readonly<Record<string, Row>> = {
  'storage.gcs': elsewhere,
  'storage.azure': elsewhere,
  'storage.oss': elsewhere,
  'storage.swift': elsewhere,
  'auth.silly': open,
  'proxy.remoteurl': refused('nothing would be fetched from the other registry'),
  'middleware.registry': unchanged,
  'middleware.repository': unchanged,
  'storage.cache': ignored('every answer comes from the storage itself'),
  'notifications.endpoints': ignored('nobody is told of events'),
  health: ignored('nothing is checked'),
  'http.debug': ignored('there is no debug listener'),
  'http.http2': ignored('clients are served over HTTP/1.1'),
  'http.h2c': ignored('clients are served over HTTP/1.1'),
  'log.hooks': ignored('no mail is sent'),
}

export type Unsupported = { key: string; place: string; message: string; fatal: boolean }

/** The rows that concern this configuration: those whose keys were written somewhere. */
export function findUnsupported(origins: Origins): Unsupported[] {
  return Object.entries(unsupported).flatMap(([key, { effect, fatal }]) => {
    const place = origins.get(key)
    if (place === undefined) return []
    return [{ key, place, fatal, message: `${key} is not supported yet (${place}): ${effect}` }]
  })
}
