/** The time label: second, minute, hour, day, month, year of the century, each a binary byte (not BCD), local time. */

/** `2012-09-26 09:58:32`; undefined where it is no time. */
export function timeText(bytes: Uint8Array): string | undefined {
  const [second = 0, minute = 0, hour = 0, day = 0, month = 0, year = 0] = bytes;
  if (bytes.length < 6 || second > 59 || minute > 59 || hour > 23 || year > 99) return undefined;
  if (month < 1 || month > 12 || day < 1 || day > daysOf(2000 + year, month)) return undefined;
  const two = (value: number) => String(value).padStart(2, '0');
  return `${2000 + year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}`;
}

function daysOf(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** The label of local digits `yyyyMMddHHmmss`. */
export function timeBytes(digits: string): Uint8Array {
  const at = (from: number) => Number(digits.slice(from, from + 2));
  return Uint8Array.of(at(12), at(10), at(8), at(6), at(4), at(2));
}

/** Local digits `yyyyMMddHHmmss` of a label; undefined where it is no time. */
export function timeDigits(bytes: Uint8Array): string | undefined {
  return timeText(bytes)?.replace(/\D/g, '');
}
