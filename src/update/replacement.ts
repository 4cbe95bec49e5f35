/** What can still be done once a new executable is in its place. */

export interface Replacement {
  /** The old one is put back. */
  rollBack(): void;
  /** The old one is given up. What runs from it goes on. */
  keep(): void;
}
