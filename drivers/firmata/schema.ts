/** The Firmata blocks of a profile and of a device's options. */
import { z } from 'zod';

/** A digital pin number, or `A<n>` for analog channel n. */
const pin = z.union([
  z.int().min(0).max(127),
  z.string().regex(/^A\d{1,2}$/, 'expected a pin number or A0 … A15'),
]);

export const optionsSchema = z.strictObject({
  serial: z.strictObject({ baud: z.int().min(9600).max(115200), format: z.literal('8N1') }).optional(),
  /** Interval of the board's analog reports, ms. */
  sampling: z.int().min(10).max(10_000).default(100),
});

export const wireSchema = z.strictObject({
  pin,
  mode: z.enum(['pwm', 'output', 'analog', 'input', 'input-pullup']),
  /** `analog`: value = contents × scale + offset. */
  scale: z.number().default(1),
  offset: z.number().default(0),
  /** `analog`: a change smaller than this is told at the period only; in the point's unit. */
  deadband: z.number().min(0).default(0),
  /** Level at which a digital point is true. */
  active: z.enum(['high', 'low']).default('high'),
  /** A digital level counts after it stood for this long, ms. */
  debounce: z.int().min(0).max(5000).default(20),
});
export type Wire = z.output<typeof wireSchema>;

/** Options of one board: other pins than the profile's, by point. */
export const deviceSchema = z.strictObject({
  pins: z.record(z.string(), pin).default({}),
});
