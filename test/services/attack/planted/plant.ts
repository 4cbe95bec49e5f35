/** `Plant`: how secrets are planted where a service finds them, and how each of its tools is called then. */

/** That must come out nowhere. */
export const PLANTED = "pLanted-4hT8Q-value";
export const BASE64 = Buffer.from(PLANTED).toString("base64");
/** That the stubs of other tests have planted themselves. */
export const OF_STUBS = "Pl4nt3dV7qZ2xK9wM3r";
/** The variable that `OWN` is in, of km's own connections. */
export const OWN_LOGIN = "${env:OWN_LOGIN}";

/** @param said what the last call has answered */
type Arguments = Record<string, unknown> | ((said: string) => Record<string, unknown>);

/**
 * The tool without the service's name in front.
 *
 * @param meanwhile what goes on by itself while a person is asked, and must not make the consent void
 */
export type Step = [tool: string, args: Arguments, meanwhile?: () => Promise<unknown>];

export interface Planted extends AsyncDisposable {
  /** The service's part of services.yaml. */
  settings: Record<string, unknown>;
  /** What km itself logs in with; without it something that is made up. */
  own?: string;
  steps: Step[];
  /** Tools that cannot do here what they are for. */
  idle?: string[];
  /** Ends the backend, and what is called then. */
  gone?: { end(): Promise<void>; steps: Step[] };
}

export interface Plant {
  service: string;
  /** Of what, where there are several. */
  of?: string;
  /** As words behind the name of a test that is skipped; empty where it can run. */
  why: string;
  /** @param folder empty, of the test's own */
  plant(folder: string): Promise<Planted>;
}

/** A text in which a secret stands as people write it. */
export const SENTENCE = `connect with password=${PLANTED}, or Authorization: Bearer ${PLANTED}`;
/** An address in which a secret stands. */
export const ADDRESS = `https://user:${PLANTED}@hook.example/x?token=${PLANTED}`;
