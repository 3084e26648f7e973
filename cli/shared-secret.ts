/** How many characters `http.secret` needs at least, for each of the things that hang on it. */
export const shortestSecret = {
  /** Too short to be a secret: somebody could find it by trying. */
  requests: 16,
  /**
   * Strangers may fetch the public keys and then try secrets on a machine of their own, where nothing
   * slows them down. The secrets that examples for other registries show are shorter than this.
   */
  tokens: 32,
}
