/** `stableKm`: how a client's file names km: by its path where that stays good, or else by its name alone. */
import { kmPath } from "../../clients/km-path.ts";
import { KmError } from "../../errors.ts";

export function stableKm(): string {
  try {
    return kmPath();
  } catch (error) {
    if (error instanceof KmError) return "km";
    throw error;
  }
}
