/**
 * The other end of `bench/bus.ts`, a process of its own: a pseudo-terminal that keeps wire time to a tenth of a
 * millisecond, and meters behind it that answer functions 3 and 6 after their turnaround. It judges the silences.
 */
import { openPtyLine } from '../hw-sim/lines/pty-line.ts';
import { LineSeat } from '../hw-sim/lines/seat.ts';
import { realTime } from '../hw-sim/lines/timebase.ts';
import type { LineAccess, LineDevice } from '../hw-sim/lines/wire.ts';

export interface StreetOptions {
  readonly baud: number;
  readonly units: readonly number[];
  /** ms */
  readonly turnaround: number;
}

/** What has come since the start or the last question. */
export interface StreetFigures {
  readonly requests: number;
  readonly insideSilence: number;
  /** Shortest and median silence before a request, ms. */
  readonly shortest: number;
  readonly median: number;
  /** Time the line needed at least for what it carried: characters, two silences, turnaround, ms. */
  readonly needed: number;
  /** When function 6 requests began, monotonic ms, by value. */
  readonly writes: readonly { readonly value: number; readonly at: number }[];
}

function crc(bytes: readonly number[]): readonly number[] {
  let sum = 0xffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >> 1) ^ 0xa001 : sum >> 1;
  }
  return [sum & 0xff, sum >> 8];
}

class Meter implements LineDevice {
  readonly #unit: number;
  readonly #turnaround: number;
  readonly #onAnswer: (length: number) => void;
  readonly #settings = new Map<number, readonly [number, number]>();
  readonly #seat = new LineSeat();

  constructor(unit: number, turnaround: number, onAnswer: (length: number) => void) {
    this.#unit = unit;
    this.#turnaround = turnaround;
    this.#onAnswer = onAnswer;
  }

  attach(line: LineAccess): Disposable {
    return this.#seat.take(line);
  }

  onFrame(frame: Uint8Array, _end: number, closed: number): void {
    const [unit, fc, high = 0, low = 0, third = 0, fourth = 0] = frame;
    if (unit !== this.#unit || frame.length !== 8) return;
    const from = (high << 8) | low;
    let body: readonly number[];
    if (fc === 6) {
      this.#settings.set(from, [third, fourth]);
      body = [...frame.subarray(0, 6)];
    } else {
      const count = (third << 8) | fourth;
      const words = Array.from({ length: count }, (_, i) => this.#settings.get(from + i) ?? [0x42, i & 0xff]);
      body = [unit, fc ?? 3, count * 2, ...words.flat()];
    }
    this.#onAnswer(body.length + 2);
    this.#seat.line?.say({
      bytes: Uint8Array.from([...body, ...crc(body)]),
      unit,
      at: closed + this.#turnaround,
      request: frame,
    });
  }
}

const options = JSON.parse(process.argv[2] ?? '{}') as StreetOptions;
await using line = await openPtyLine({ id: 'bench', baud: options.baud, time: realTime({ precise: true }) });
const { wire } = line;
let needed = 0;
for (const unit of options.units) {
  wire.attach(
    new Meter(unit, options.turnaround, (length) => {
      needed += (8 + length) * wire.charMs + 2 * wire.silence + options.turnaround;
    }),
  );
}
let total = 0;
let early = 0;
process.on('message', (message) => {
  if (message === 'end') {
    process.disconnect();
    return;
  }
  const silences = wire.requests.map(({ silence }) => silence).sort((a, b) => a - b);
  const figures: StreetFigures = {
    requests: wire.total - total,
    insideSilence: wire.early - early,
    shortest: silences[0] ?? 0,
    median: silences[silences.length >> 1] ?? 0,
    needed,
    writes: wire.requests
      .filter(({ bytes }) => bytes[1] === 6)
      .map(({ bytes, start }) => ({ value: ((bytes[4] ?? 0) << 8) | (bytes[5] ?? 0), at: start })),
  };
  total = wire.total;
  early = wire.early;
  needed = 0;
  wire.requests.length = 0;
  process.send?.(figures);
});
process.send?.({ path: line.path });
await new Promise((resolve) => process.once('disconnect', resolve));
