/** Keys that profiles and devices on a serial line share, whatever they speak. */
import { z } from 'zod';
import type { Issue } from '../agent/core/profile.ts';
import type { LineConfig } from '../agent/core/site.ts';
import { shown } from './issues.ts';

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000 };

/** `500ms`, `1s`, or a number of ms. */
export const duration = z.union([
  z.number().min(0),
  z
    .string()
    .regex(/^\d+(\.\d+)?(ms|s|min)$/, 'expected a duration such as 500ms')
    .transform((text) => Number.parseFloat(text) * (UNITS_MS[text.replace(/[\d.]+/, '')] ?? 1)),
]);

/** Settings a device leaves the factory with. */
export const serialSchema = z.strictObject({
  baud: z.int().min(300).max(115_200),
  format: z.enum(['8N1', '8E1', '8O1', '8N2']),
});

/** Time of one character on a line, ms; 0 where it has no serial side. */
export function characterTime({ serial }: LineConfig): number {
  if (serial === undefined) return 0;
  const bits = 1 + serial.dataBits + (serial.parity === 'none' ? 0 : 1) + serial.stopBits;
  return (1000 * bits) / serial.baud;
}

/** What is wrong with a line for a device that has it alone and sends a stream of bytes. */
export function streamIssues(line: LineConfig): readonly Issue[] {
  const other = line.kind === 'udp' ? 'udp' : line.kind === 'tcp' && line.framing === 'modbus-tcp';
  if (other === false) return [];
  const message = `expected a serial line or raw TCP, got ${other === true ? 'modbus-tcp' : other}`;
  return [{ path: ['line'], message }];
}

/** What is wrong with a line for a device that is asked by datagrams. */
export function datagramIssues(line: LineConfig, protocol: string, port: number): readonly Issue[] {
  if (line.kind === 'udp') return [];
  const message = `expected a line with udp: for ${protocol}, got ${line.kind === 'serial' ? 'a serial port' : line.kind}`;
  return [{ path: ['line'], message, fix: `write udp: 10.0.0.9:${port} for the line` }];
}

/** What is wrong with a line for bytes of eight bits that are no Modbus TCP. */
export function lineIssues(line: LineConfig, protocol: string): readonly Issue[] {
  if (line.kind === 'udp') {
    return [
      { path: ['line'], message: `expected a line that carries serial bytes for ${protocol}, got udp` },
    ];
  }
  if (line.kind === 'tcp' && line.framing === 'modbus-tcp') {
    const message = `expected a line that carries serial bytes for ${protocol}, got framing modbus-tcp`;
    return [{ path: ['line'], message, fix: 'give the line framing: raw' }];
  }
  if (line.serial?.dataBits === 7) {
    const message = `expected 8 data bits for ${protocol}, got 7`;
    return [{ path: ['line'], message, fix: 'give the line format: 8E1' }];
  }
  return [];
}

/**
 * The printed address of a meter as `length` digits: a YAML number has lost its leading zeros. Undefined where it is none;
 * hex digits are kept, for meters exist that have them.
 */
export function meterAddress(address: number | string, length: number): string | undefined {
  if (typeof address === 'number' && (!Number.isSafeInteger(address) || address < 0)) return undefined;
  const digits = String(address).toUpperCase().padStart(length, '0');
  return new RegExp(`^[0-9A-F]{${length}}$`).test(digits) ? digits : undefined;
}

/** What is wrong with a meter's address; without one, whoever is on the line is asked. */
export function addressIssues(address: number | string | undefined, length: number): readonly Issue[] {
  if (address === undefined) return [];
  const digits = meterAddress(address, length);
  if (digits !== undefined && !/^9+$/.test(digits)) return [];
  const message = `expected the ${length} digits printed on the meter, got ${shown(address)}`;
  return [
    {
      path: ['address'],
      message,
      fix: `write address: "${'1'.padStart(length, '0')}" with the meter's digits`,
    },
  ];
}
