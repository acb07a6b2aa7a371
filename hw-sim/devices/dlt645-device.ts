/**
 * A simulated meter of DL/T 645: reads with follow-up frames, the wildcard address, the question for the address, and
 * refusals by error word. DL/T 645-2007 §7, DL/T 645-1997 §7
 */
import type { Served } from '../ledger.ts';
import type { LineAccess } from '../lines/wire.ts';
import type { World } from '../world/world.ts';
import type { WorldClock } from '../world/world-clock.ts';
import { AskedMeter, type MeterAnswer } from './asked-meter.ts';
import { heard, meterFrame, wireAddress, writeCell } from './dlt645-codec.ts';
import type { Dlt645Model, MeterCell } from './dlt645-models.ts';

const NO_SUCH_DATA = 2;

export interface Dlt645DeviceOptions {
  readonly model: Dlt645Model;
  /** Twelve digits as printed. Default 000000000001. */
  readonly address?: string;
  readonly world: World;
  readonly clock: WorldClock;
  /** Time between hearing a request's end and the first bit of the answer, ms. Default 40. */
  readonly turnaround?: number;
  /** Bytes of contents that go into one frame; what is more follows in further ones. Default 180. */
  readonly most?: number;
  /** FE before an answer. Default 4. */
  readonly preambles?: number;
  /** Password of level 02 for its relay, six digits. Absent: it takes no plain password, as meters with a cipher unit. */
  readonly password?: string;
}

/** Error word bit: wrong password or not authorised. */
const NOT_AUTHORISED = 4;
const RELAY = 0x1c;

interface Told {
  readonly bytes: readonly number[];
  readonly served: readonly Served[];
}

export class Dlt645Device extends AskedMeter {
  readonly model: Dlt645Model;
  readonly #options: Dlt645DeviceOptions;
  /** Contents as they were when the first of several frames left. */
  #rest: { readonly di: string; readonly told: Told } | undefined;
  #relayOpen = false;
  /** Commands to the relay that were obeyed, as they came. */
  readonly commands: number[][] = [];

  constructor(options: Dlt645DeviceOptions) {
    super(options.address ?? '000000000001', options.turnaround ?? 40);
    this.#options = options;
    this.model = options.model;
  }

  /** The answer to a request; undefined where it is not for this meter. */
  answer(
    frame: Uint8Array,
    believe: LineAccess['believe'] = (_unit, _point, value) => value,
  ): MeterAnswer | undefined {
    const request = heard(frame, this.address);
    if (request === undefined) return undefined;
    const { control, data } = request;
    const say = (code: number, contents: readonly number[], served: readonly Served[] = []) => ({
      bytes: meterFrame(this.address, code, contents, this.#options.preambles ?? 4),
      served,
    });
    const modern = this.model.version === '2007';
    const [read, follow, width] = modern ? [0x11, 0x12, 4] : [0x01, 0x02, 2];
    if (modern && control === 0x13 && data.length === 0) return say(0x93, wireAddress(this.address));
    if (modern && control === RELAY) return this.#relay(data, say);
    if ((control !== read && control !== follow) || data.length < width) return say(0xc0 + control, [1]);
    const head = data.slice(0, width);
    const di = [...head]
      .reverse()
      .map((byte) => byte.toString(16).padStart(2, '0').toUpperCase())
      .join('');
    if (control === follow) return this.#following(di, head, modern ? data[width] : undefined, say);
    const told = this.#contents(di, believe);
    if (told === undefined) return say(0xc0 + control, [NO_SUCH_DATA]);
    const most = this.#options.most ?? 180;
    this.#rest = { di, told };
    const more = told.bytes.length > most;
    // What is cut has been told to nobody yet; the last frame brings it.
    return say(
      0x80 + control + (more ? 0x20 : 0),
      [...head, ...told.bytes.slice(0, most)],
      more ? [] : told.served,
    );
  }

  /** Frame `seq` of what did not fit; the edition of 1997 has no numbers and tells the second frame only. */
  #following(
    di: string,
    head: readonly number[],
    seq: number | undefined,
    say: (
      code: number,
      contents: readonly number[],
      served?: readonly Served[],
    ) => {
      readonly bytes: Uint8Array;
      readonly served: readonly Served[];
    },
  ) {
    const code = seq === undefined ? 0x82 : 0x92;
    const { most = 180 } = this.#options;
    const number = seq === undefined ? 1 : (seq >> 4) * 10 + (seq & 15);
    const rest = this.#rest?.di === di ? this.#rest.told : undefined;
    const part = rest?.bytes.slice(number * most, (number + 1) * most) ?? [];
    if (rest === undefined || part.length === 0) return say(code + 0x40, [NO_SUCH_DATA]);
    const more = rest.bytes.length > (number + 1) * most;
    return say(
      code + (more ? 0x20 : 0),
      [...head, ...part, ...(seq === undefined ? [] : [seq])],
      more ? [] : rest.served,
    );
  }

  /** PA P0 P1 P2, operator, N1 N2, valid until ss mm hh DD MM YY by its own clock. */
  #relay(data: readonly number[], say: (code: number, contents: readonly number[]) => MeterAnswer) {
    const { password, clock, world } = this.#options;
    const digits = (from: number, to: number) =>
      [...data.slice(from, to)]
        .reverse()
        .map((byte) => byte.toString(16).padStart(2, '0'))
        .join('');
    const right = data.length === 16 && data[0] === 2 && password !== undefined && digits(1, 4) === password;
    const stamp = digits(10, 16);
    const now = new Date(clock.now() + world.utcOffset * 3_600_000)
      .toISOString()
      .replace(/\D/g, '')
      .slice(2, 14);
    if (!right || stamp < now) return say(0xc0 + RELAY, [NOT_AUTHORISED]);
    this.commands.push([...data]);
    // Allowed to close is not closed: somebody has to press the button.
    if (data[8] === 0x1a) this.#relayOpen = true;
    else if (data[8] === 0x1c) this.#relayOpen = false;
    return say(0x80 + RELAY, []);
  }

  #contents(di: string, believe: LineAccess['believe']): Told | undefined {
    const cells = this.model.contents[di];
    if (cells === undefined) return undefined;
    const time = this.#options.clock.now();
    const all = cells.map((cell) => this.#cell(cell, time, believe));
    return {
      bytes: all.flatMap(({ bytes }) => bytes),
      served: all.flatMap(({ served }) => (served === undefined ? [] : [served])),
    };
  }

  #cell(one: MeterCell, time: number, believe: LineAccess['believe']) {
    const { world } = this.#options;
    const { point, cell, uom, factor = 1 } = one;
    const said =
      one.value === undefined ? this.model.value(point ?? '', world, time) : one.value(world, time);
    const truth = point === 'relay-open' && this.#relayOpen ? 1 : said;
    const believed = truth === null || point === undefined ? truth : believe(undefined, point, truth);
    const written = writeCell(cell, believed === null ? null : Number(believed) * factor);
    if (point === undefined) return { bytes: written.bytes, served: undefined };
    const value =
      typeof written.value === 'number' ? Number((written.value / factor).toFixed(6)) : written.value;
    const raw = Buffer.from(written.bytes).toString('hex');
    return { bytes: written.bytes, served: { device: this.model.stem, point, raw, value, uom } };
  }
}
