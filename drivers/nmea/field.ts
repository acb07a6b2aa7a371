/** Single fields of a sentence: an empty one is null, never 0. */

/** A number; null where the field is empty, missing or none. */
export function number(text: string | undefined): number | null {
  if (text === undefined || !/^[+-]?(\d+\.?\d*|\.\d+)$/.test(text)) return null;
  return Number(text);
}

/** `value` with at most so many decimals; what binary fractions add is not the sender's. */
export function rounded(value: number, decimals: number): number {
  const scale = 10 ** decimals;
  return Math.round(value * scale) / scale;
}

/** Degrees of `dddmm.mmm` and its hemisphere, seven decimals (a centimetre); null where either is missing. */
export function degrees(text: string | undefined, hemisphere: string | undefined): number | null {
  const raw = number(text);
  const sign = { N: 1, E: 1, S: -1, W: -1 }[hemisphere ?? ''];
  if (raw === null || sign === undefined || raw < 0) return null;
  const whole = Math.floor(raw / 100);
  const minutes = raw - whole * 100;
  const value = whole + minutes / 60;
  const limit = hemisphere === 'N' || hemisphere === 'S' ? 90 : 180;
  return minutes >= 60 || value > limit ? null : sign * rounded(value, 7);
}

/** ISO 8601 of `hhmmss.sss` and a date; null where either is missing or no date. */
export function instant(
  time: string | undefined,
  year: number | null,
  month: number | null,
  day: number | null,
): string | null {
  const parts = /^(\d\d)(\d\d)(\d\d(?:\.\d+)?)$/.exec(time ?? '');
  if (parts === null || year === null || month === null || day === null) return null;
  const second = Number(parts[3]);
  const date = Date.UTC(year, month - 1, day, Number(parts[1]), Number(parts[2]), 0);
  const back = new Date(date);
  // A leap second (60) rolls over; a month of 13 or a day of 31 February is none.
  if (!Number.isFinite(date) || back.getUTCMonth() !== month - 1 || back.getUTCDate() !== day) return null;
  if (Number(parts[1]) > 23 || Number(parts[2]) > 59 || second >= 61) return null;
  return new Date(date + Math.round(second * 1000)).toISOString();
}

/** m/s of a speed in N (knots), M (m/s), K (km/h) or S (mile/h), four decimals. */
export function metresPerSecond(speed: number | null, unit: string | undefined): number | null {
  const factor = { N: 1852 / 3600, M: 1, K: 1 / 3.6, S: 0.44704 }[unit ?? ''];
  return speed === null || factor === undefined ? null : rounded(speed * factor, 4);
}
