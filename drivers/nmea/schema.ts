/** The NMEA blocks of a profile and of a device's options. */
import { z } from 'zod';
import { serialSchema } from '../own-line.ts';
import { SENTENCES, type SentenceType } from './told.ts';

export const BAUDS = [4800, 9600, 19_200, 38_400, 57_600, 115_200] as const;

export const optionsSchema = z.strictObject({ serial: serialSchema([...BAUDS]) });

const types = Object.keys(SENTENCES) as [SentenceType, ...SentenceType[]];

export const wireSchema = z.strictObject({
  sentence: z.enum(types),
  field: z.string(),
  /** Two letters each; absent: any. BeiDou is GB or BD. */
  talkers: z
    .array(z.string().regex(/^[A-Z]{2}$/, 'expected two capital letters'))
    .min(1)
    .optional(),
  /** MWV only: wind relative to the mast, or true. */
  reference: z.enum(['relative', 'true']).optional(),
  /** XDR only: name of the transducer; absent: the first of its kind. */
  name: z.string().optional(),
});

export const deviceSchema = z.strictObject({
  /** `optional` takes sentences without one, as some weather stations send them; a wrong one is refused always. */
  checksum: z.enum(['required', 'optional']).default('required'),
});
