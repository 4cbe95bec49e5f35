/** Which km this is; the build puts the values in. */
declare const KM_VERSION: string | undefined;
declare const KM_COMMIT: string | undefined;

export const VERSION = typeof KM_VERSION === "string" ? KM_VERSION : "0.0.0-dev";
export const COMMIT = typeof KM_COMMIT === "string" ? KM_COMMIT : "unknown";
