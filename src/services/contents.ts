/** What prompts, resources and tools give besides text of their own, before the host masks and bounds it. */

/** An image or a sound. */
export interface Media {
  mimeType: string;
  base64: string;
}

/** What is at an address. */
export type ResourceBody = { mimeType?: string } & ({ text: string } | { base64: string });
