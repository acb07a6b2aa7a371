/** The modem blocks of a profile and of a device's options. */
import { z } from 'zod';
import { serialSchema } from '../own-line.ts';
import { FIELDS, type Field } from './answers.ts';

/** Ports of USB modems take any speed; the UART of a module has one of these. */
export const BAUDS = [115_200, 9600, 19_200, 38_400, 57_600, 230_400, 460_800, 921_600] as const;

export const optionsSchema = z.strictObject({
  serial: serialSchema(BAUDS),
  /** Which command tells the signal: the standard's CESQ, or the maker's. */
  signal: z.enum(['cesq', 'qeng', 'qcsq', 'cpsi', 'hcsq']).default('cesq'),
  /** How QENG and QCSQ write the SINR: in dB, or in fifths of a dB from -20 on (EC2x, BG9x). */
  sinr: z.enum(['dB', 'fifths']).default('dB'),
  /** Which command tells the number of the SIM. */
  iccid: z.enum(['ccid', 'qccid', 'ciccid', 'huawei']).default('ccid'),
  /** Which command tells the bytes sent and received. */
  traffic: z.enum(['none', 'qgdcnt', 'dsflowqry']).default('none'),
});
export type Options = z.output<typeof optionsSchema>;

const NAMES = Object.keys(FIELDS) as [Field, ...Field[]];
export const wireSchema = z.strictObject({ field: z.enum(NAMES) });

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

export const deviceSchema = z.strictObject({
  /** Day on which the month of the tariff begins. */
  billingDay: z.int().min(1).max(28).default(1),
  /** Zone whose days count; absent: that of the machine. */
  timezone: z.string().refine(isZone, 'expected an IANA time zone such as Asia/Shanghai').optional(),
  /** Megabytes the month had used when the agent first saw the modem, as the operator says. */
  used: z.number().min(0).optional(),
});
export type DeviceOptions = z.output<typeof deviceSchema>;
