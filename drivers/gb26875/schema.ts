/** Options of profiles and devices, and what a point takes of a frame. */
import { z } from 'zod';
import type { Layout } from '../../agent/codec/gb26875/adu.ts';

/** Layouts that a vendor's type may have. */
const VENDOR_LAYOUTS = [
  'system-state',
  'part-state',
  'part-state-short',
  'analogue',
  'operation',
] as const satisfies readonly Layout[];

export const optionsSchema = z.strictObject({
  /** An empty frame of command 2 is a heart-beat (a convention, not in part 3). false: it is turned down. */
  heartBeat: z.boolean().default(true),
  /** Longest silence of a healthy device, ms. */
  silence: z.int().min(1000).max(86_400_000).default(90_000),
  /** Longest wait for an answer, ms, and how often a frame goes again (6.5). */
  timeout: z.int().min(100).max(60_000).default(10_000),
  resends: z.int().min(0).max(10).default(3),
  /** A time label further from ours makes its readings uncertain, ms. */
  clockTolerance: z.int().min(1000).max(86_400_000).default(600_000),
  /** What is asked of the device when it calls: 81 state, 85 version, 86 configuration, 88 clock. */
  ask: z.array(z.literal([81, 85, 86, 88])).default([81]),
  /** Whether it is told our time when it calls, where ours is to be trusted. */
  setClock: z.boolean().default(false),
  /** Layout of vendors' types (128 to 254). */
  types: z
    .record(
      z.string().regex(/^(12[89]|1[3-9]\d|2[0-4]\d|25[0-4])$/, 'expected a type from 128 to 254'),
      z.enum(VENDOR_LAYOUTS),
    )
    .default({}),
});
export type Options = z.infer<typeof optionsSchema>;

/** Options of one device override those of its profile. */
export const deviceSchema = optionsSchema.partial();

/** States that are told as true or false. */
export const STATE_FIELDS = [
  'fire',
  'fault',
  'shield',
  'supervise',
  'start',
  'feedback',
  'delay',
  'mainPowerFault',
  'backupPowerFault',
  'busFault',
  'manual',
  'linkFault',
  'lineFault',
] as const;
export type StateField = (typeof STATE_FIELDS)[number];

/** What happens once and is told as text. */
export const TEXT_FIELDS = ['event', 'value', 'message', 'operation', 'version', 'configuration'] as const;

export const wireSchema = z
  .strictObject({
    field: z.enum([
      ...STATE_FIELDS,
      ...TEXT_FIELDS,
      'alive',
      'dutyAnswer',
      'analogue',
      'dutyCheck',
      'setClock',
      'initialise',
    ]),
    /** Only of this system or part; absent: of all. */
    systemType: z.int().min(0).max(255).optional(),
    systemAddress: z.int().min(0).max(255).optional(),
    partType: z.int().min(0).max(255).optional(),
    partAddress: z.int().min(0).max(0xffffffff).optional(),
    /** Kind of an analogue (Table 6). */
    analogueType: z.int().min(0).max(255).optional(),
    /** Step of a vendor's kind of analogue; those of Table 6 have theirs. */
    step: z.number().positive().optional(),
  })
  .superRefine((wire, context) => {
    if ((wire.field === 'analogue') !== (wire.analogueType !== undefined))
      context.addIssue('expected analogueType beside field: analogue, and only there');
    if (wire.step !== undefined && wire.field !== 'analogue')
      context.addIssue('expected step only beside analogue');
  });
export type Wire = z.infer<typeof wireSchema>;
export type Field = Wire['field'];

/** Fields that are written, not read. */
export const COMMAND_FIELDS: readonly Field[] = ['dutyCheck', 'setClock', 'initialise'];
