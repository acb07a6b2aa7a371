/** Values of scenario files. */
import * as z from 'zod';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 };

/** `300ms`, `5s`, `2min`, `1h` as milliseconds. */
export const durationSchema = z.string().transform((text, context) => {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|min|h)$/.exec(text);
  const unit = UNITS[match?.[2] ?? ''];
  if (match === null || unit === undefined) {
    context.addIssue({
      code: 'custom',
      message: `expected a duration such as 300ms, 5s or 2min, got "${text}"`,
    });
    return z.NEVER;
  }
  return Number(match[1]) * unit;
});
