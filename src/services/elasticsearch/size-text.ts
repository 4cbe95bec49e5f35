/** `sizeText`: bytes for a reader: `12.3 GB`. */

const UNITS = ["B", "KB", "MB", "GB", "TB", "PB"];

export function sizeText(bytes: number | undefined): string {
  if (bytes === undefined) return "?";
  const unit = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const value = bytes / 1024 ** unit;
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit] ?? ""}`;
}
