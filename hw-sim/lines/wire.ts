/**
 * A half-duplex serial line as time sees it: every character takes its bits, requests end when their last bit has gone,
 * answers leave byte by byte, and two who talk at once garble each other. Devices hang on it; the master (the agent) is
 * whoever writes to the port. No operating system here: `deliver` hands bytes to the master's port, `hear` takes its own.
 */
import type { Fault } from '../faults.ts';
import type { Ledger, Served } from '../ledger.ts';
import type { Timebase } from './timebase.ts';

export interface WireFormat {
  /** bit/s */
  readonly baud: number;
  /** As printed on devices: 8N1, 8E1, 7E1 … Default 8N1. */
  readonly format?: string;
}

/** Something a device says. */
export interface Utterance {
  readonly bytes: Uint8Array;
  /** Unit id it comes from, for faults of one device. */
  readonly unit?: number;
  /** Earliest start of its first bit, monotonic ms. Default now. */
  readonly at?: number;
  /** Idle time between two bytes, ms; 5 for a dripping device. Default 0. */
  readonly gap?: number;
  /** The request it answers. */
  readonly request?: Uint8Array;
  /** What it says, for the ledger. */
  readonly served?: readonly Served[];
  /** False when a fault has damaged it on its way. Default true. */
  readonly intact?: boolean;
  /** Set by the line: whose driver puts it on the line. One driver's utterances queue, two drivers' collide. */
  readonly speaker?: object;
}

/** What a device can do on its line. */
export interface LineAccess {
  readonly time: Timebase;
  /** One character, ms. */
  readonly charMs: number;
  /** Sends, if nothing keeps it from doing so; merges with whoever sends at the same time. */
  say(utterance: Utterance): void;
  /** A value as faults would have the device believe it. */
  believe<V extends number | string | boolean>(unit: number | undefined, point: string, value: V): V | number;
}

/** A device on a line. Listens to frames (between silences) or to bytes as they arrive. */
export interface LineDevice {
  attach(line: LineAccess): Disposable;
  /** A frame ended at `end` (last bit) and was closed by silence at `closed`, monotonic ms. */
  onFrame?(frame: Uint8Array, end: number, closed: number): void;
  /** Bytes of which the last bit came at `end`, monotonic ms. */
  onBytes?(bytes: Uint8Array, end: number): void;
}

/** One request as the simulator's own clock saw it. */
export interface RequestRecord {
  readonly bytes: Uint8Array;
  /** First bit, last bit, monotonic ms. */
  readonly start: number;
  readonly end: number;
  /** Idle time before its first bit since anyone's last bit, ms; Infinity for the first. */
  readonly silence: number;
  /** Whether it came inside the 3.5 characters of silence, or into somebody's talking. */
  readonly early: boolean;
}

/** A timer may fire so long before its moment, ms. */
const EARLY = 1e-6;

interface Slot {
  readonly end: number;
  readonly speaker: object | undefined;
  byte: number;
}

export interface WireOptions extends WireFormat {
  readonly id: string;
  readonly time: Timebase;
  /** Hands bytes to the master's port. */
  deliver(bytes: Uint8Array): void;
  /** `half`: RS-485, both directions share the wires. `full`: a UART with a pair each. Default half. */
  readonly duplex?: 'half' | 'full';
  readonly ledger?: Ledger;
  /** Bytes are handed over at least this often while somebody talks, ms; an FTDI adapter does so every 16. Default 4. */
  readonly latency?: number;
  /** What the master's port is set to now, where that changes. Default the line's own. */
  readonly host?: () => WireFormat;
  /** Requests remembered in `requests`. Default 10,000. */
  readonly remember?: number;
}

/** Bits of one character with start, parity and stop bits. */
export function bitsPerCharacter(format = '8N1'): number {
  const match = /^([78])([NEO])([12])$/.exec(format);
  if (match === null) throw new Error(`line format: expected 8N1, 8E1, 7E1 …, got "${format}"`);
  return 1 + Number(match[1]) + (match[2] === 'N' ? 0 : 1) + Number(match[3]);
}

/** 3.5 characters; 1.75 ms above 19200 bit/s. Modbus over serial line V1.02 §2.5.1.1 */
export function silenceMs(baud: number, charMs: number): number {
  return baud > 19_200 ? 1.75 : 3.5 * charMs;
}

export class Wire implements AsyncDisposable {
  readonly id: string;
  readonly requests: RequestRecord[] = [];
  /** Requests inside the silence, all since the start. */
  early = 0;
  /** Requests, all since the start. */
  total = 0;
  /** Bytes of the master and bytes for it, all since the start. */
  readonly bytes = { heard: 0, said: 0 };
  readonly #options: WireOptions;
  readonly #devices = new Map<LineDevice, Disposable>();
  readonly #faults = new Set<Fault>();
  readonly #out: Slot[] = [];
  #pump: Disposable | undefined;
  #frame: { bytes: number[]; start: number; silence: number; spoilt: boolean } | undefined;
  #frameTimer: Disposable | undefined;
  readonly #heard = new Set<Disposable>();
  #masterEnd = Number.NEGATIVE_INFINITY;
  #lastEnd = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: WireOptions) {
    this.#options = options;
    this.id = options.id;
  }

  /** One character, ms. */
  get charMs(): number {
    const { baud, format } = this.#options.host?.() ?? this.#options;
    return (bitsPerCharacter(format) / baud) * 1000;
  }

  /** Silence between frames, ms. */
  get silence(): number {
    return silenceMs((this.#options.host?.() ?? this.#options).baud, this.charMs);
  }

  get time(): Timebase {
    return this.#options.time;
  }

  /** Hangs a device on the line until disposed. */
  attach(device: LineDevice): Disposable {
    this.#devices.set(device, device.attach(this.#access(device)));
    return {
      [Symbol.dispose]: () => {
        this.#devices.get(device)?.[Symbol.dispose]();
        this.#devices.delete(device);
      },
    };
  }

  /** Switches a fault on until disposed. Later ones see what earlier ones left. */
  inject(fault: Fault): Disposable {
    this.#faults.add(fault);
    const running = fault.start?.({
      time: this.time,
      charMs: this.charMs,
      say: (utterance) => this.#transmit({ at: this.time.mono(), ...utterance }),
    });
    return {
      [Symbol.dispose]: () => {
        this.#faults.delete(fault);
        running?.[Symbol.dispose]();
      },
    };
  }

  /** Bytes that the master has handed to its port now. */
  hear(bytes: Uint8Array): void {
    if (this.#closed || bytes.length === 0) return;
    this.bytes.heard += bytes.length;
    const now = this.time.mono();
    const start = Math.max(now, this.#masterEnd);
    const end = start + bytes.length * this.charMs;
    if (this.#frame === undefined || start - this.#masterEnd >= this.silence) {
      this.#closeFrame();
      const silence = start - Math.max(this.#lastEnd, this.#out.at(-1)?.end ?? Number.NEGATIVE_INFINITY);
      this.#frame = { bytes: [], start, silence, spoilt: false };
    }
    const frame = this.#frame;
    for (const byte of bytes) frame.bytes.push(byte);
    if (this.#spoil(start, end)) frame.spoilt = true;
    this.#masterEnd = end;
    this.#lastEnd = Math.max(this.#lastEnd, end);
    this.#frameTimer?.[Symbol.dispose]();
    this.#frameTimer = this.#at(end + this.silence, () => this.#closeFrame());
    this.#hearBytes(bytes, end);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#pump?.[Symbol.dispose]();
    this.#frameTimer?.[Symbol.dispose]();
    for (const timer of this.#heard) timer[Symbol.dispose]();
    for (const fault of this.#faults) fault.stop?.();
    this.#faults.clear();
    for (const attached of this.#devices.values()) attached[Symbol.dispose]();
    this.#devices.clear();
  }

  /** Devices that listen byte by byte get them when the last bit is there. */
  #hearBytes(bytes: Uint8Array, end: number): void {
    const listeners = [...this.#devices.keys()].filter((device) => device.onBytes !== undefined);
    if (listeners.length === 0) return;
    const copy = Uint8Array.from(bytes);
    const timer = this.#at(end, () => {
      this.#heard.delete(timer);
      const heard = this.#throughFaults(copy);
      if (heard !== undefined) for (const device of listeners) device.onBytes?.(heard, end);
    });
    this.#heard.add(timer);
  }

  #closeFrame(): void {
    const frame = this.#frame;
    if (frame === undefined) return;
    this.#frame = undefined;
    this.#frameTimer?.[Symbol.dispose]();
    const bytes = Uint8Array.from(frame.bytes);
    const end = this.#masterEnd;
    // A hundredth of a character of grace: sums of fractions of milliseconds are not exact.
    const early = frame.silence < this.silence - this.charMs / 100;
    this.total += 1;
    if (early) this.early += 1;
    this.requests.push({ bytes, start: frame.start, end, silence: frame.silence, early });
    if (this.requests.length > (this.#options.remember ?? 10_000)) this.requests.shift();
    if (frame.spoilt) return;
    const heard = this.#throughFaults(bytes);
    if (heard === undefined) return;
    for (const device of [...this.#devices.keys()]) device.onFrame?.(heard, end, end + this.silence);
  }

  #throughFaults(bytes: Uint8Array): Uint8Array | undefined {
    let heard: Uint8Array | undefined = bytes;
    for (const fault of [...this.#faults]) {
      if (heard === undefined) return undefined;
      if (fault.request !== undefined) heard = fault.request(heard);
    }
    return heard;
  }

  #access(speaker: object): LineAccess {
    return {
      time: this.time,
      charMs: this.charMs,
      say: (utterance) => this.#say({ ...utterance, speaker }),
      believe: (unit, point, value) => {
        let believed: typeof value | number = value;
        for (const fault of this.#faults) {
          if (fault.value !== undefined && typeof believed === 'number') {
            believed = fault.value(unit, point, believed);
          }
        }
        return believed;
      },
    };
  }

  #say(utterance: Utterance): void {
    if (this.#closed) return;
    const start = utterance.at ?? this.time.mono();
    let all: readonly Utterance[] = [{ ...utterance, at: start }];
    for (const fault of this.#faults) {
      const { answer } = fault;
      if (answer !== undefined) all = all.flatMap((one) => answer(one));
    }
    // On record before the first byte leaves; what was kept back or damaged is not called served.
    for (const one of all) {
      if (one.served !== undefined) this.#options.ledger?.write(this.id, one.served, one.intact ?? true);
    }
    for (const one of all) this.#transmit(one);
  }

  /** Puts bytes on the line; where somebody else is talking, both are garbled. */
  #transmit(utterance: Utterance): void {
    if (this.#closed) return;
    const { speaker } = utterance;
    const step = this.charMs + (utterance.gap ?? 0);
    const start = this.#free(utterance.at ?? this.time.mono(), utterance.bytes.length * step, speaker);
    const half = this.#options.duplex !== 'full';
    const fresh: Slot[] = [];
    for (const [index, byte] of utterance.bytes.entries()) {
      const begin = start + index * step;
      const end = begin + this.charMs;
      const other = this.#out.find((slot) => slot.end > begin && slot.end - this.charMs < end);
      if (other === undefined) {
        // The master is talking: both are damaged.
        const clash = half && begin < this.#masterEnd && this.#frame !== undefined;
        fresh.push({ end, speaker, byte: clash ? byte ^ 0x55 : byte });
      } else {
        // Two drivers against each other: a bit is dominant where either pulls the line down.
        other.byte = other.end === end ? other.byte & byte : (other.byte & byte) ^ 0x41;
      }
    }
    this.#out.push(...fresh);
    this.bytes.said += fresh.length;
    this.#out.sort((a, b) => a.end - b.end);
    const last = this.#out.at(-1);
    if (last !== undefined) this.#lastEnd = Math.max(this.#lastEnd, last.end);
    this.#schedule();
  }

  /** When a driver that may still be busy with its own words can begin. */
  #free(from: number, length: number, speaker: object | undefined): number {
    if (speaker === undefined) return from;
    let start = from;
    for (const slot of this.#out) {
      if (slot.speaker === speaker && slot.end > start && slot.end - this.charMs < start + length)
        start = slot.end;
    }
    return start;
  }

  /** The master talks into what devices are saying. */
  #spoil(start: number, end: number): boolean {
    if (this.#options.duplex === 'full') return false;
    let hit = false;
    for (const slot of this.#out) {
      if (slot.end > start && slot.end - this.charMs < end) {
        slot.byte ^= 0x55;
        hit = true;
      }
    }
    return hit;
  }

  #schedule(): void {
    this.#pump?.[Symbol.dispose]();
    this.#pump = undefined;
    const first = this.#out[0];
    if (first === undefined) return;
    const now = this.time.mono();
    // Wake at the end of what is being said, or after the adapter's latency, whichever comes first.
    let burst = first.end;
    for (const slot of this.#out) {
      if (slot.end - burst > this.charMs * 1.5) break;
      burst = slot.end;
    }
    const due = Math.min(burst, Math.max(first.end, now + (this.#options.latency ?? 4)));
    this.#pump = this.#at(due, () => this.#flush());
  }

  #flush(): void {
    // As early as `#at` may be: sums of fractions of milliseconds are not exact, and a clock that stands would wait for ever.
    const now = this.time.mono() + EARLY;
    let count = 0;
    while ((this.#out[count]?.end ?? Number.POSITIVE_INFINITY) <= now) count += 1;
    const gone = this.#out.splice(0, count);
    this.#schedule();
    if (gone.length === 0) return;
    let bytes: Uint8Array | undefined = Uint8Array.from(gone, (slot) => slot.byte);
    for (const fault of this.#faults) {
      if (bytes !== undefined && fault.received !== undefined) bytes = fault.received(bytes);
    }
    if (bytes !== undefined) this.#options.deliver(bytes);
  }

  /** Runs at a moment, never before it. */
  #at(moment: number, run: () => void): Disposable {
    let timer: Disposable | undefined;
    const arm = (): void => {
      timer = this.time.after(moment - this.time.mono(), () => {
        if (this.time.mono() < moment - EARLY) arm();
        else run();
      });
    };
    arm();
    return { [Symbol.dispose]: () => timer?.[Symbol.dispose]() };
  }
}
