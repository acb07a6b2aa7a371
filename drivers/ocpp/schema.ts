/** What a profile and a site file say of a charger that speaks OCPP 1.6J. */
import { z } from 'zod';
import { duration } from '../line-settings.ts';

/** OCPP 1.6 §7.31 */
export const MEASURANDS = [
  'Current.Export',
  'Current.Import',
  'Current.Offered',
  'Energy.Active.Export.Register',
  'Energy.Active.Import.Register',
  'Energy.Reactive.Export.Register',
  'Energy.Reactive.Import.Register',
  'Energy.Active.Export.Interval',
  'Energy.Active.Import.Interval',
  'Energy.Reactive.Export.Interval',
  'Energy.Reactive.Import.Interval',
  'Frequency',
  'Power.Active.Export',
  'Power.Active.Import',
  'Power.Factor',
  'Power.Offered',
  'Power.Reactive.Export',
  'Power.Reactive.Import',
  'RPM',
  'SoC',
  'Temperature',
  'Voltage',
] as const;

/** OCPP 1.6 §7.36 */
export const PHASES = ['L1', 'L2', 'L3', 'N', 'L1-N', 'L2-N', 'L3-N', 'L1-L2', 'L2-L3', 'L3-L1'] as const;

/** OCPP 1.6 §7.29 */
export const LOCATIONS = ['Outlet', 'Inlet', 'Body', 'EV', 'Cable'] as const;

/** What the session itself knows of its charger, with the type of such a point. */
export const FIELDS = {
  connected: 'boolean',
  status: 'string',
  error: 'string',
  'vendor-error': 'string',
  vendor: 'string',
  model: 'string',
  firmware: 'string',
  serial: 'string',
  boots: 'number',
  'firmware-status': 'string',
  'diagnostics-status': 'string',
  /** Sum of positive differences of the register, kWh; survives resets of the meter and restarts of both sides. */
  'energy-total': 'number',
  'session-active': 'boolean',
  'session-id': 'number',
  /** kWh of the session under way, or of the last one. */
  'session-energy': 'number',
  /** s */
  'session-duration': 'number',
  sessions: 'number',
} as const;
export type Field = keyof typeof FIELDS;
export const FIELD_NAMES = Object.keys(FIELDS) as [Field, ...Field[]];

/** What a charger is asked to do, with the type of such a point. */
export const COMMANDS = {
  /** A or W; what holds is read back by GetCompositeSchedule where the charger can say it. */
  limit: 'number',
  /** Text: the id tag of the session. */
  start: 'string',
  stop: 'boolean',
  reset: 'string',
  unlock: 'boolean',
  available: 'boolean',
  trigger: 'string',
} as const;
export type Command = keyof typeof COMMANDS;
export const COMMAND_NAMES = Object.keys(COMMANDS) as [Command, ...Command[]];

export const wireSchema = z
  .strictObject({
    measurand: z.enum(MEASURANDS).optional(),
    /** Absent: the value without a phase, or else the sum or mean of the phases. */
    phase: z.enum(PHASES).optional(),
    location: z.enum(LOCATIONS).optional(),
    scale: z.number().default(1),
    field: z.enum(FIELD_NAMES).optional(),
    command: z.enum(COMMAND_NAMES).optional(),
    /** A configuration key of the charger. */
    key: z.string().min(1).max(50).optional(),
  })
  .refine(
    ({ measurand, field, command, key }) =>
      [measurand, field, command, key].filter((one) => one !== undefined).length === 1,
    'expected one of measurand, field, command and key',
  );
export type Wire = z.output<typeof wireSchema>;

const base = {
  /** What the charger can deliver at most, kW: more energy than that between two samples is no consumption. */
  maxPower: z.number().min(1).max(1000),
};

export const optionsSchema = z.strictObject({ maxPower: base.maxPower.default(22) });

export const deviceSchema = z.strictObject({
  connector: z.int().min(1).max(16).default(1),
  maxPower: base.maxPower.optional(),
  password: z.string().min(8).max(128).optional(),
  /** Id tags that may charge. Absent: all. */
  tags: z.array(z.string().min(1).max(20)).max(1000).optional(),
  /** How often the charger samples its meter while it charges. */
  sample: duration.default(30_000),
  /** Further configuration keys, set at every boot. */
  configure: z.record(z.string().min(1).max(50), z.union([z.string(), z.number(), z.boolean()])).default({}),
});
export type DeviceOptions = z.output<typeof deviceSchema>;
