/** The block `gb26875` of an uplink: its keys, and what becomes of them. */
import * as z from 'zod';
import { FIRE_STATES, type Gb26875UplinkConfig } from '../../core/site.ts';
import { definedOnly, unit } from '../device/profile.ts';
import { duration, hostPort, id, integer, number, oneOf, text } from '../values.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const ADDRESS = 2 ** 48 - 1;
const LAYOUTS = ['system-state', 'part-state', 'part-state-short', 'analogue', 'operation'] as const;

const place = z.strictObject({ device: id('panel-1'), point: id('duty-check') });

const point = z
  .strictObject({
    device: id('cabinet-1'),
    point: id('smoke'),
    system: z
      .strictObject({
        type: integer(0, 255, 1).describe('Kind of system, by the table of the standard'),
        address: integer(0, 255, 1).describe('Its number'),
      })
      .describe('Which system of the standard it belongs to'),
    part: z
      .strictObject({
        type: integer(0, 255, 40).describe('Kind of part, by the table of the standard'),
        address: integer(0, 0xffff_ffff, 131_082).describe('Its number'),
        text: text('a description of at most 31 bytes', 'Cabinet 7')
          .optional()
          .describe('What it is, at most 31 bytes of GB 18030'),
      })
      .optional()
      .describe('Which part of it; absent: the system itself'),
    state: oneOf(FIRE_STATES, 'fire').optional().describe('What a true value means. Default fire'),
    analogue: z
      .strictObject({
        type: integer(0, 255, 5).describe('Kind of value, by the table of the standard'),
        step: number(1e-6, 1e6, 0.1).optional().describe("Of a vendor's kind"),
        unit: unit.optional().describe('It is converted to this; default: that of the table'),
      })
      .optional()
      .describe('With part: a value instead of a state'),
  })
  .describe('A point of a device that does not speak GB/T 26875.3 itself');

export const gb26875 = z
  .strictObject({
    server: hostPort('10.0.0.20:5200').describe('Of the centre'),
    transport: oneOf(['tcp', 'udp'], 'tcp').prefault('tcp').describe('How the centre is called'),
    source: integer(0, ADDRESS, 889).describe('Our address'),
    centre: integer(0, ADDRESS, 88_888).describe("The centre's address"),
    user_version: integer(0, 255, 1).prefault(1).describe('Version byte of the frame'),
    devices: z
      .array(id('panel-1'))
      .prefault([])
      .describe('Devices with the driver gb26875: what they say goes on as it came'),
    points: z.array(point).prefault([]).describe('What of our own devices is reported'),
    types: z
      .record(z.string().regex(/^(12[89]|1[3-9]\d|2[0-4]\d|25[0-4])$/), oneOf(LAYOUTS, 'analogue'))
      .prefault({})
      .describe("Layouts of vendors' types, 128 to 254"),
    heart_beat: duration(0, 10 * MINUTE, '20s')
      .prefault('20s')
      .describe('An empty frame of command 2, by convention; 0s: none'),
    timeout: duration(100, MINUTE, '5s').prefault('5s').describe('Longest wait for an answer'),
    resends: integer(0, 10, 3).prefault(3).describe('How often a frame without an answer is repeated'),
    retry: duration(SECOND, MINUTE, '5s')
      .prefault('5s')
      .describe('Longest wait between two tries to connect'),
    analogue_every: duration(SECOND, 24 * 60 * MINUTE, '60s')
      .prefault('60s')
      .describe('Values of our own points leave this often at most'),
    duty_check: place.optional().describe('What a duty check writes: its minutes, or true'),
    duty_answer: place.optional().describe('What answers it by becoming true'),
    operator: integer(0, 255, 1).prefault(1).describe('Number of who answers'),
    clock: oneOf(['untrusted', 'never'], 'untrusted')
      .prefault('untrusted')
      .describe("Whether the centre's time is taken where nothing better is known"),
    version: text('a version of two numbers', '"1.0"')
      .prefault('1.0')
      .describe('Of the device, as it is told to the centre'),
    configuration: text('a text', 'Kerbside').prefault('Kerbside').describe('What the device says of itself'),
    in_flight: integer(2, 256, 16).prefault(16).describe('Frames on their way at once'),
    replay_rate: number(0, 1e6, 0).prefault(0).describe('Records of backlog per second; 0: no limit'),
  })
  .describe('Fire alarms to a fire centre, beside the certified transmission device');

export type Gb26875File = z.output<typeof gb26875>;

/** Points of a forwarding device that hold its objects as they came. */
const VERBATIM = ['event', 'value'];

export function gb26875Of(
  uplink: string,
  file: Gb26875File,
  common: Pick<Gb26875UplinkConfig, 'select' | 'hold'>,
): Gb26875UplinkConfig {
  const points = file.points.map(({ state, part, analogue, ...rest }) => ({
    ...rest,
    // Bit 0 is normal operation; the states follow it.
    state: FIRE_STATES.indexOf(state ?? 'fire') + 1,
    ...definedOnly({
      part: part && definedOnly(part),
      analogue: analogue && definedOnly(analogue),
    }),
  }));
  const select = [
    ...file.devices.map((device) => ({ device, send: 'all' as const })),
    ...[...file.points, ...(file.duty_answer === undefined ? [] : [file.duty_answer])].map(
      ({ device, point: name }) => ({ device, point: name, send: 'all' as const }),
    ),
  ];
  const dutyCheck = file.duty_check;
  const dutyAnswer = file.duty_answer;
  return {
    id: uplink,
    kind: 'gb26875',
    select,
    ...common,
    ...file.server,
    transport: file.transport,
    source: file.source,
    centre: file.centre,
    userVersion: file.user_version,
    forward: file.devices.map((device) => ({ device, points: VERBATIM })),
    points,
    types: file.types,
    heartBeat: file.heart_beat,
    timeout: file.timeout,
    resends: file.resends,
    retry: file.retry,
    analogueEvery: file.analogue_every,
    ...definedOnly({ dutyCheck, dutyAnswer }),
    operator: file.operator,
    clock: file.clock,
    version: file.version,
    configuration: file.configuration,
    inFlight: file.in_flight,
    replayRate: file.replay_rate,
  };
}

/** Points the block names, with the place of each; `point` absent: any of a device that is forwarded. */
export function firePlaces(file: Gb26875File): readonly {
  readonly path: readonly (string | number)[];
  readonly device: string;
  readonly point?: string;
}[] {
  return [
    ...file.devices.map((device, i) => ({ path: ['devices', i], device })),
    ...file.points.map(({ device, point: name }, i) => ({ path: ['points', i], device, point: name })),
    ...(file.duty_check === undefined ? [] : [{ path: ['duty_check'], ...file.duty_check }]),
    ...(file.duty_answer === undefined ? [] : [{ path: ['duty_answer'], ...file.duty_answer }]),
  ];
}
