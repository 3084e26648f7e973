/** Figures as tables in Markdown, which read well in a terminal and go into a page as they are. */
import type { Line, PeerName, SettingName } from '../match.ts'
import { peers, yardstick } from '../peers/all.ts'
import type { Peer } from '../peers/peer.ts'
import { scenarios } from '../scenarios/all.ts'
import { type Setting, settings } from '../settings.ts'
import { type Measure, ratioOf, type Spread, spreadOf, valuesOf } from './figures.ts'

type Question = { setting: SettingName; names: readonly PeerName[] }

const headings: Record<Measure, string> = {
  speed: 'speed, more is better',
  cost: "processor time of the registry's processes, less is better",
}

/** Two tables for a setting: how fast, and at what cost. */
export function renderMatch(lines: readonly Line[], question: Question): string {
  const { title } = settings[question.setting]
  return (['speed', 'cost'] as const)
    .map(
      (measure) => `### ${title}: ${headings[measure]}\n\n${renderTable(lines, question, measure)}`,
    )
    .join('\n')
}

function renderTable(lines: readonly Line[], { setting, names }: Question, measure: Measure) {
  const others = names.includes(yardstick) ? names.filter((name) => name !== yardstick) : []
  const { tls }: Setting = settings[setting]
  const columns = names.map((name) => titleOf(peers[name], tls))
  const ratios = others.map((name) => `${titleOf(peers[name], tls)}, times`)
  const rows = lines.map((line) => [
    nameOf(line, measure),
    ...names.map((name) => written(spreadOf(valuesOf(line, name, measure)))),
    ...others.map((name) => written(ratioOf(line, [name, yardstick], measure))),
  ])
  return markdown([['', ...columns, ...ratios], ...rows])
}

const titleOf = ({ title, titleWithTls }: Peer, tls: boolean) =>
  tls ? (titleWithTls ?? title) : title

function nameOf({ scenario, connections }: Line, measure: Measure): string {
  const { title, unit, cost } = scenarios[scenario]
  return `${title}, ${connections} at once, ${measure === 'speed' ? unit : cost.unit}`
}

/** The first row is the heading. */
export function markdown([heading = [], ...rows]: string[][]): string {
  const rule = heading.map((_, column) => (column === 0 ? '---' : '--:'))
  return [heading, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |\n`).join('')
}

function written(spread: Spread | undefined): string {
  if (!spread) return ''
  const [median, least, most] = [spread.median, spread.least, spread.most].map(rounded)
  return `**${median}** (${least} to ${most})`
}

/** Three digits say all that a figure of this kind knows. */
function rounded(value: number): string {
  if (value >= 100) return String(Math.round(value))
  return String(Number(value.toPrecision(value >= 10 ? 3 : 2)))
}
