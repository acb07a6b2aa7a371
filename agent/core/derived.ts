/** Names of the points that the agent makes of a point of a device. */

/** Longest id of a point. */
const LONGEST = 64;

function named(point: string, suffix: string): string {
  return `${point.slice(0, LONGEST - suffix.length)}${suffix}`;
}

/** What the device said, where a correction is in force. */
export function rawId(point: string): string {
  return named(point, '-raw');
}

/** The register at local midnight; the time of the reading is the midnight. */
export function midnightId(point: string): string {
  return named(point, '-midnight');
}

/** The register at the beginning of the settlement day. */
export function settlementId(point: string): string {
  return named(point, '-settlement');
}
