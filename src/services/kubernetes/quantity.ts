/** Amounts as Kubernetes writes them: `250m` of a processor, `1.5Gi` of memory. */

const FACTORS: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** Undefined for what is no quantity. */
export function parseQuantity(text: string | number | undefined): number | undefined {
  const [, number = "", unit = ""] = /^([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)([A-Za-z]{0,2})$/.exec(String(text)) ?? [];
  const factor = Object.hasOwn(FACTORS, unit) ? FACTORS[unit] : undefined;
  return number === "" || factor === undefined ? undefined : Number(number) * factor;
}

/** `1500m` */
export function cpuText(cores: number): string {
  return `${Math.round(cores * 1000)}m`;
}

/** `512Mi` */
export function memoryText(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)}Mi`;
}
