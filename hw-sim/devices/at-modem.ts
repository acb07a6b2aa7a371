/**
 * Simulated 4G modems on their AT port, in the dialects of four makers. Answers are written from 3GPP TS 27.007 and from
 * captures of real modems, apart from the driver.
 */
import type { LineAccess } from '../lines/wire.ts';
import { drift, keyOf } from '../world/random.ts';
import { type Quantity, SerialTalker, type TalkerParts } from './serial-talker.ts';

export const MODEM_STEMS = ['generic-3gpp-modem', 'quectel-ec25', 'simcom-sim7600', 'huawei-me909s'] as const;
export type ModemStem = (typeof MODEM_STEMS)[number];

const MINUTE = 60_000;
const ICCID = '89860318740035712345';
const IMEI = '867584032112345';
const CELL = 0x07c2_1a0b;
const TAC = 0x21f9;
const REPORT = 'EMM detached, regular deactivation';

interface Signal {
  readonly rsrp: number;
  readonly rsrq: number;
  readonly rssi: number;
  readonly sinr: number;
}

export class AtModem extends SerialTalker {
  protected readonly period = 0;
  readonly #stem: ModemStem;
  #echo = true;
  /** Traffic when it was first asked for. */
  #first: number | undefined;

  constructor(stem: ModemStem, parts: TalkerParts) {
    super(stem, parts);
    this.#stem = stem;
  }

  protected tell(): undefined {
    return undefined;
  }

  protected override hear(received: Uint8Array, line: LineAccess): number {
    const end = received.indexOf(13);
    if (end < 0) return received.length > 256 ? received.length : 0;
    const command = Buffer.from(received.subarray(0, end)).toString('latin1').trim();
    if (command === '') return end + 1;
    const echo = this.#echo ? `${command}\r` : '';
    const { lines, told = [] } = this.#answer(command, line);
    const body = lines.map((one) => `\r\n${one}\r\n`).join('');
    line.say({ bytes: Buffer.from(echo + body, 'latin1'), served: this.served(told) });
    return end + 1;
  }

  #answer(command: string, line: LineAccess): { lines: readonly string[]; told?: readonly Quantity[] } {
    const signal = this.#signal(line);
    const text = (point: string, value: string): Quantity => ({ point, value, uom: '1' });
    const ok = (info: string, ...told: Quantity[]) => ({ lines: [info, 'OK'], told });
    switch (command.toUpperCase()) {
      case 'AT':
        return { lines: ['OK'] };
      case 'ATE0':
        this.#echo = false;
        return { lines: ['OK'] };
      case 'AT+CMEE=1':
      case 'AT+COPS=3,0':
      case 'AT+CEREG=2':
        return { lines: ['OK'] };
      case 'AT+COPS?':
        return ok('+COPS: 0,0,"CHINA MOBILE",7', text('operator', 'CHINA MOBILE'), {
          point: 'technology',
          value: 7,
          uom: '1',
        });
      case 'AT+CEREG?':
        // It says so by itself now and then, too: another form, which is not the answer.
        return {
          lines: ['+CEREG: 1,"21F9","07C21A0B",7', `+CEREG: 2,1,"${hex(TAC, 4)}","${hex(CELL, 8)}",7`, 'OK'],
          told: [{ point: 'registration', value: 1, uom: '1' }, text('tac', '21F9'), text('cell', '7C21A0B')],
        };
      case 'AT+CSQ': {
        const step = Math.round((signal.rssi + 113) / 2);
        return ok(`+CSQ: ${step},99`, decibels('rssi', -113 + 2 * step, 'dB[mW]'));
      }
      case 'AT+CGSN':
        return ok(IMEI, text('imei', IMEI));
      case 'AT+CPIN?':
        return ok('+CPIN: READY', text('sim', 'READY'));
      case 'AT+CEER':
        return ok(`+CEER: ${REPORT}`, text('drop-reason', REPORT));
      default:
        return this.#own(command.toUpperCase(), signal, text) ?? { lines: ['ERROR'] };
    }
  }

  /** What only this maker's modems answer. */
  #own(
    command: string,
    { rsrp, rsrq, rssi, sinr }: Signal,
    text: (point: string, value: string) => Quantity,
  ): { lines: readonly string[]; told?: readonly Quantity[] } | undefined {
    const card = (info: string) => ({ lines: [`${info}: ${ICCID}`, 'OK'], told: [text('iccid', ICCID)] });
    const levels = (p: number, q: number, i: number, s: number): Quantity[] => [
      decibels('rsrp', p, 'dB[mW]'),
      decibels('rsrq', q, 'dB'),
      decibels('rssi', i, 'dB[mW]'),
      decibels('sinr', s, 'dB'),
    ];
    switch (`${this.#stem} ${command}`) {
      case 'generic-3gpp-modem AT+CESQ': {
        const [power, quality] = [Math.round(rsrp + 141), Math.round((rsrq + 20) * 2)];
        return {
          lines: [`+CESQ: 99,99,255,255,${quality},${power}`, 'OK'],
          told: [decibels('rsrp', power - 141, 'dB[mW]'), decibels('rsrq', -20 + quality / 2, 'dB')],
        };
      }
      case 'generic-3gpp-modem AT+CCID':
        return card('+CCID');
      case 'quectel-ec25 AT+QENG="SERVINGCELL"': {
        const [p, q, i] = [Math.round(rsrp), Math.round(rsrq), Math.round(rssi)];
        const fifths = Math.round((sinr + 20) * 5);
        const cell = `460,00,${hex(CELL, 7)},189,38400,39,5,5,${hex(TAC, 4)}`;
        return {
          lines: [`+QENG: "servingcell","NOCONN","LTE","TDD",${cell},${p},${q},${i},${fifths},32`, 'OK'],
          told: [...levels(p, q, i, fifths / 5 - 20), text('cell', '7C21A0B'), text('tac', '21F9')],
        };
      }
      case 'quectel-ec25 AT+QCCID':
        return card('+QCCID');
      case 'quectel-ec25 AT+QGDCNT?': {
        const [sent, received] = this.#traffic();
        return { lines: [`+QGDCNT: ${sent},${received}`, 'OK'], told: this.#counted(sent, received) };
      }
      case 'simcom-sim7600 AT+CPSI?': {
        const [p, q, i] = [Math.round(rsrp * 10), Math.round(rsrq * 10), Math.round(rssi * 10)];
        const snr = Math.round(sinr);
        return {
          lines: [
            `+CPSI: LTE,Online,460-00,0x${hex(TAC, 4)},${CELL},453,EUTRAN-BAND40,39275,4,4,${q},${p},${i},${snr}`,
            'OK',
          ],
          told: [...levels(p / 10, q / 10, i / 10, snr), text('cell', '7C21A0B'), text('tac', '21F9')],
        };
      }
      case 'simcom-sim7600 AT+CICCID':
        return card('+ICCID');
      case 'huawei-me909s AT^HCSQ?': {
        const steps = [rssi + 121, rsrp + 141, (sinr + 20.2) * 5, (rsrq + 20) * 2].map(Math.round);
        const [i = 0, p = 0, s = 0, q = 0] = steps;
        return {
          lines: [`^HCSQ: "LTE",${steps.join(',')}`, 'OK'],
          told: levels(p - 141, q / 2 - 20, i - 121, s / 5 - 20.2),
        };
      }
      case 'huawei-me909s AT^ICCID?':
        return card('^ICCID');
      case 'huawei-me909s AT^DSFLOWQRY': {
        const [sent, received] = this.#traffic();
        const sixteen = (bytes: number) => hex(bytes, 16);
        return {
          lines: [
            `^DSFLOWQRY: 00000E10,${sixteen(4096)},${sixteen(65_536)},00054600,${sixteen(sent)},${sixteen(received)}`,
            'OK',
          ],
          told: this.#counted(sent, received),
        };
      }
      default:
        return undefined;
    }
  }

  #signal(line: LineAccess): Signal {
    const { world, clock } = this.parts;
    const time = clock.now();
    const wander = (name: string, mean: number, swing: number): number =>
      Number(
        line.believe(
          undefined,
          name,
          mean + swing * drift(world.seed, keyOf(`modem-${name}`), time, 5 * MINUTE),
        ),
      );
    return {
      rsrp: wander('rsrp', -97, 12),
      rsrq: wander('rsrq', -10.5, 4),
      rssi: wander('rssi', -69, 10),
      sinr: wander('sinr', 11, 8),
    };
  }

  /** Bytes sent and received: 40 kB and 6 kB a minute since the street opened. */
  #traffic(): readonly [number, number] {
    const { world, clock } = this.parts;
    const minutes = Math.max(0, clock.now() - world.start) / MINUTE;
    return [Math.round(812_000_000 + 40_000 * minutes), Math.round(92_000_000 + 6_000 * minutes)];
  }

  #counted(sent: number, received: number): readonly Quantity[] {
    this.#first ??= sent + received;
    const megabytes = (bytes: number) => bytes / 1e6;
    return [
      { point: 'data-sent', value: megabytes(sent), uom: 'MBy' },
      { point: 'data-received', value: megabytes(received), uom: 'MBy' },
      { point: 'data-month', value: megabytes(sent + received - this.#first), uom: 'MBy' },
    ];
  }
}

/** Hex digits of a number, as many as asked for. */
function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}

function decibels(point: string, value: number, uom: string): Quantity {
  return { point, value: Number(value.toFixed(1)), uom };
}
