/** Time zones: how far local time is ahead of UTC, from the IANA table that comes with the runtime. */

/**
 * Gives the offset at an instant (Unix epoch ms), ms; of the whole second that holds it. Throws `RangeError` for a zone
 * that is not in the IANA table.
 */
export function zoneOffset(timezone: string): (time: number) => number {
  const format = new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  return (time) => {
    const at = Math.floor(time / 1000) * 1000;
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(at)) part[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
    return Date.UTC(year, month - 1, day, hour, minute, second) - at;
  };
}
