/** Checks of the Modbus blocks of profiles and devices, without I/O. */
import type { Issue, Profile, ProfilePoint } from '../../agent/core/profile.ts';
import type { DeviceConfig, LineConfig } from '../../agent/core/site.ts';
import { schemaIssues, shown } from '../issues.ts';
import { deviceSchema, type Options, optionsSchema, type Wire, WORDS, wireSchema } from './schema.ts';
import { SUNSPEC_MODELS, sunspecNames } from './sunspec-models.ts';

type Report = (path: readonly (string | number)[], message: string, fix?: string) => void;

/** Everything wrong with the `modbus` blocks of a profile. */
export function checkProfile(profile: Profile): readonly Issue[] {
  const issues = [...schemaIssues(optionsSchema, profile.options ?? {}, ['modbus'])];
  const parsed = optionsSchema.safeParse(profile.options ?? {});
  const unknown = parsed.data?.sunspec?.find((model) => !SUNSPEC_MODELS.includes(model));
  if (unknown !== undefined) {
    const message = `expected models of ${SUNSPEC_MODELS.join(', ')}, got ${unknown}`;
    issues.push({ path: ['modbus', 'sunspec'], message });
  }
  profile.points.forEach((point, i) => {
    const at = ['points', i, 'modbus'];
    const found = schemaIssues(wireSchema, point.wire ?? {}, at);
    issues.push(...found);
    if (found.length > 0 || !parsed.success) return;
    checkPoint(point, wireSchema.parse(point.wire ?? {}), parsed.data, (path, message, fix) =>
      issues.push({ path: [...at, ...path], message, ...(fix === undefined ? {} : { fix }) }),
    );
  });
  return issues;
}

function checkPoint(point: ProfilePoint, wire: Wire, options: Options, report: Report): void {
  if (wire.sunspec !== undefined) {
    const names = sunspecNames(options.sunspec ?? SUNSPEC_MODELS);
    if (!names.includes(wire.sunspec)) {
      report(['sunspec'], `expected one of ${names.join(', ')}, got ${shown(wire.sunspec)}`);
    }
    if (options.sunspec === undefined) {
      report(['sunspec'], 'expected the models in modbus.sunspec of the profile, got none');
    }
    return;
  }
  if (wire.address === undefined) {
    report(['address'], 'expected a register address, got nothing', 'write address: 0-based, as in the PDU');
    return;
  }
  if (wire.printed !== undefined && !samePlace(wire.printed, wire.address)) {
    report(
      ['printed'],
      `expected the manual's number of PDU address ${wire.address}, got ${shown(wire.printed)}`,
      'manuals count from 0 (3027), from 1 (3028), or from 30001 or 40001; the address is 0-based',
    );
  }
  const bits = (wire.function ?? options.function) <= 2;
  const type = wire.type ?? (bits ? 'bit' : 'uint16');
  if (bits !== (type === 'bit')) {
    const want = bits ? 'bit, which functions 1 and 2 read' : 'a register type, which functions 3 and 4 read';
    report(['type'], `expected ${want}, got ${type}`);
    return;
  }
  checkWidth(wire, type, options, report);
  checkTypes(point, wire, type, report);
  checkWrite(point, wire, type, report);
}

/** Whether a number of a manual, in any of the usual ways of counting, means a PDU address. Hex ends with H. */
function samePlace(printed: number | string, address: number): boolean {
  const hexadecimal = /^(?:0x([0-9A-F]+)|([0-9A-F]+)H)$/i.exec(String(printed));
  const number = hexadecimal ? Number.parseInt(hexadecimal[1] ?? hexadecimal[2] ?? '', 16) : Number(printed);
  if (!Number.isInteger(number)) return false;
  const reference = number >= 100_000 ? number % 100_000 : number % 10_000;
  return number === address || number === address + 1 || (number > 10_000 && reference === address + 1);
}

function checkWidth(wire: Wire, type: NonNullable<Wire['type']>, options: Options, report: Report): void {
  if (type === 'bit') return;
  if (type === 'string' && wire.words === undefined) {
    report(['words'], 'expected the number of registers of the string, got nothing');
  }
  if (type !== 'string' && wire.words !== undefined && wire.words !== WORDS[type]) {
    report(['words'], `expected ${WORDS[type]} for ${type}, got ${wire.words}`, 'remove it');
  }
  if (type !== 'string' && wire.charset !== undefined) {
    report(['charset'], `expected no charset for ${type}, got ${wire.charset}`, 'remove it');
  }
  const words = type === 'string' ? (wire.words ?? 1) : WORDS[type];
  const address = wire.address ?? 0;
  if (wire.scaleRegister !== undefined && wire.decimalsRegister !== undefined) {
    report(['decimalsRegister'], 'expected scaleRegister or decimalsRegister, got both');
  }
  const exponent = wire.scaleRegister ?? wire.decimalsRegister;
  const ends = exponent === undefined ? [address] : [address, exponent];
  const span = Math.max(address + words, ...ends.map((end) => end + 1)) - Math.min(...ends);
  if (span > options.maxBlock) {
    report(['type'], `expected at most ${options.maxBlock} registers in one request, got ${span}`);
  }
  if (address + words > 65536)
    report(['address'], `expected the value to end at 65535, got ${address + words - 1}`);
  const highest = wire.bits?.[1] ?? wire.bit;
  if (highest !== undefined && highest >= 16 * words) {
    report(['bits'], `expected bits below ${16 * words} for ${type}, got ${highest}`);
  }
  if (wire.bits !== undefined && wire.bits[0] > wire.bits[1]) {
    report(['bits'], `expected [lowest, highest], got ${shown(wire.bits)}`);
  }
  for (const key of ['notAvailable', 'fault'] as const) {
    for (const contents of wire[key] ?? []) {
      if (contents.length !== 4 * words) {
        report([key], `expected ${4 * words} hex digits for ${type}, got ${shown(contents)}`);
      }
    }
  }
}

function checkTypes(point: ProfilePoint, wire: Wire, type: NonNullable<Wire['type']>, report: Report): void {
  if (type === 'string' && point.type !== 'string') {
    report(['type'], `expected a numeric register type for a ${point.type} point, got string`);
  }
  if (wire.bit !== undefined && wire.bits !== undefined) report(['bits'], 'expected bit or bits, got both');
}

function checkWrite(point: ProfilePoint, wire: Wire, type: NonNullable<Wire['type']>, report: Report): void {
  if (point.access === 'read') {
    if (wire.write !== undefined) report(['write'], 'expected access write or read-write, got read');
    return;
  }
  const code = wire.write?.function;
  const masked = wire.bit !== undefined || wire.bits !== undefined;
  if (masked && code !== 22) {
    report(
      ['write', 'function'],
      `expected 22 for bits of a register, got ${shown(code)}`,
      'write function: 22',
    );
  }
  if (code === undefined) return;
  if ((type === 'bit') !== (code === 5 || code === 15)) {
    report(['write', 'function'], `expected ${type === 'bit' ? '5 or 15' : '6, 16, 22 or 23'}, got ${code}`);
  }
  const words = type === 'bit' || type === 'string' ? 1 : WORDS[type];
  if ((code === 6 || code === 22) && words > 1) {
    report(['write', 'function'], `expected 16 for ${type}, got ${code}`, 'write function: 16');
  }
}

/** Everything wrong with a Modbus device on its line. */
export function checkDevice(device: DeviceConfig, line: LineConfig): readonly Issue[] {
  const issues = [...schemaIssues(deviceSchema, device.options, ['options'])];
  const tcp = line.kind === 'tcp' && line.framing === 'modbus-tcp';
  const { framing } = device.options;
  if (line.kind === 'udp') {
    issues.push({ path: ['line'], message: 'expected a serial or TCP line for Modbus, got udp' });
  }
  if (tcp && framing === 'ascii') {
    const message = 'expected no framing on a Modbus TCP line, got ascii';
    issues.push({ path: ['options', 'framing'], message, fix: 'remove it, or give the line framing: raw' });
  }
  if (line.serial?.dataBits === 7 && framing !== 'ascii') {
    const message = 'expected framing ascii on a line of 7 data bits, got rtu';
    issues.push({
      path: ['options', 'framing'],
      message,
      fix: 'write framing: ascii, or give the line format 8N1',
    });
  }
  const last = tcp ? 255 : 247;
  const { address } = device;
  if (address === undefined && !tcp) {
    issues.push({
      path: ['address'],
      message: 'expected a unit id from 1 to 247, got nothing',
      fix: 'write address: 1',
    });
  } else if (address !== undefined && !unitId(address, tcp ? 0 : 1, last)) {
    issues.push({
      path: ['address'],
      message: `expected a unit id from ${tcp ? 0 : 1} to ${last}, got ${shown(address)}`,
      fix: 'write the number the device is set to',
    });
  }
  return issues;
}

function unitId(address: number | string, first: number, last: number): boolean {
  return typeof address === 'number' && Number.isInteger(address) && address >= first && address <= last;
}
