/** The configuration, as the manifest's schema has it, and where it sends the lines. */
import type { LogLevel, Session } from "#plugin-sdk";

export interface Configuration {
  output: "auto" | "stderr" | "file" | "none";
  file?: string;
  level: LogLevel;
  filter: string;
  slow_ms: number;
  json: boolean;
  colour: "auto" | "always" | "never";
  timestamps: boolean;
}

export interface Destination {
  /** Undefined for the terminal. */
  file?: string;
  colour: boolean;
}

/** Undefined where nothing is to be shown: inside a client nobody asked for it. */
export function destinationOf(
  configuration: Configuration,
  session: Pick<Session, "terminal">,
): Destination | undefined {
  const { output, file, colour } = configuration;
  if (output === "none" || (output === "auto" && !session.terminal)) return undefined;
  if (output === "file") return { ...(file === undefined ? {} : { file }), colour: colour === "always" };
  const { NO_COLOR = "", TERM } = process.env;
  const fits = session.terminal && NO_COLOR === "" && TERM !== "dumb";
  return { colour: colour === "always" || (colour === "auto" && fits) };
}
