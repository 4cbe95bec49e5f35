/** What the utilities work with. */

export interface UtilitiesBackend {
  /** Hosts of private networks that may be fetched from: names with `*` and `?`, addresses and ranges. */
  privateHosts: readonly string[];
}
