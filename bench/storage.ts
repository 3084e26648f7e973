/** The storage of peers, as each kind is set up for them. */
export type Storage = {
  /** The driver's section of the configuration, as YAML in one line. */
  config: string
  /** Sections beside the driver's, a line each. */
  beside?: string
  /** Removes large values, so that one turn after another finds room. */
  removeLarge(): Promise<void>
}

/** From which size on a value is large, in bytes. */
export const large = 1024 ** 2
