/**
 * A fire centre: takes what transmission devices send, keeps the state of every part, acknowledges, asks, checks who is on
 * duty, and misbehaves as it is told. Frames by its own encoder.
 */
import { type FireFrame, fireFrame, fireFrames, fireTime } from '../devices/fire-frames.ts';
import type { Timebase } from '../lines/timebase.ts';
import type { Call, CallerPipe, Centre } from './pipe.ts';

export interface FireCentreOptions {
  readonly time: Timebase;
  /** Wall time now, Unix epoch ms. */
  wall(): number;
  /** Default 88888. */
  readonly address?: number;
}

export interface FireCentreMisbehaviour {
  /** Answers nothing: to everything, to data, or to heart-beats. */
  mute?: 'all' | 'data' | 'beats';
  /** So many answers have a wrong sum. */
  wrongSum?: number;
  /** Answers come this late, ms. */
  late?: number;
  /** Turns down data of these types. */
  refuse?: readonly number[];
  /** So many data are turned down, whatever they are. */
  refuseNext?: number;
  /** Answers byte by byte, one in this many ms. */
  drip?: number;
  /** Hangs up when it has heard so many more frames. */
  closeAfter?: number;
  /** Asks for the state of the device whenever it has heard so many more data. */
  askEvery?: number;
  /** Its clock is this wrong, ms. */
  clockOff?: number;
}

export interface HeardObject {
  readonly type: number;
  readonly hex: string;
  readonly serial: number;
  /** When its frame came, ms of the timebase. */
  readonly at: number;
  /** Whether the frame had come before. */
  readonly again: boolean;
}

/** Bytes of an object by type. */
const SIZES: Readonly<Record<number, number>> = { 1: 10, 2: 46, 3: 16, 4: 10, 21: 7, 24: 8, 150: 16 };

export class FireCentre implements Centre {
  readonly wrong: FireCentreMisbehaviour = {};
  /** Objects in the order they came. */
  readonly objects: HeardObject[] = [];
  /** Replies to our questions: type and bytes. */
  readonly replies: Buffer[] = [];
  beats = 0;
  acks = 0;
  naks = 0;
  readonly complaints: string[] = [];
  readonly #options: FireCentreOptions;
  readonly #callers = new Set<Caller>();
  readonly #heard = new Set<string>();
  #serial = 0;
  #data = 0;

  constructor(options: FireCentreOptions) {
    this.#options = options;
  }

  /** Calls now. */
  get calls(): number {
    return this.#callers.size;
  }

  accept(pipe: CallerPipe): Call {
    const caller: Caller = { pipe, address: 0, rest: Buffer.alloc(0), busy: 0 };
    this.#callers.add(caller);
    return {
      hear: (bytes) => this.#hear(caller, Buffer.from(bytes)),
      ended: () => void this.#callers.delete(caller),
    };
  }

  /** Asks everybody: type, and the bytes of the object. */
  ask(type: number, ...object: readonly number[]): void {
    for (const caller of this.#callers) this.#say(caller, this.#next(), 4, Buffer.from([type, 1, ...object]));
  }

  dutyCheck(minutes: number): void {
    this.#control(91, minutes);
  }

  setClock(): void {
    this.#control(90, ...fireTime(this.#local()));
  }

  initialise(): void {
    this.#control(89, 0);
  }

  /** Sends bytes as they are. */
  raw(bytes: Uint8Array): void {
    for (const { pipe } of this.#callers) pipe.say(bytes);
  }

  /** One frame as it is told. */
  frame(serial: number, command: number, data: Buffer): void {
    for (const caller of this.#callers) this.#say(caller, serial, command, data);
  }

  hangUp(): void {
    for (const { pipe } of [...this.#callers]) pipe.hangUp();
  }

  #control(type: number, ...object: readonly number[]): void {
    for (const caller of this.#callers) this.#say(caller, this.#next(), 1, Buffer.from([type, 1, ...object]));
  }

  #next(): number {
    this.#serial = (this.#serial + 1) % 65_536;
    return this.#serial;
  }

  #hear(caller: Caller, bytes: Buffer): void {
    let frames: FireFrame[];
    try {
      const cut = fireFrames(Buffer.concat([caller.rest, bytes]));
      caller.rest = Buffer.from(cut.rest);
      ({ frames } = cut);
    } catch (thrown) {
      this.complaints.push(String(thrown));
      caller.pipe.hangUp();
      return;
    }
    for (const frame of frames) {
      if (!this.#callers.has(caller)) return;
      caller.address = frame.from;
      this.#take(caller, frame);
      if (this.wrong.closeAfter === undefined) continue;
      this.wrong.closeAfter -= 1;
      if (this.wrong.closeAfter > 0) continue;
      delete this.wrong.closeAfter;
      caller.pipe.hangUp();
      return;
    }
  }

  #take(caller: Caller, { serial, command, data, from }: FireFrame): void {
    if (command === 3) this.acks += 1;
    if (command === 6) this.naks += 1;
    if (command === 5) this.replies.push(data);
    if (command !== 2) return;
    const { mute, refuse = [] } = this.wrong;
    if (data.length === 0) {
      this.beats += 1;
      if (mute !== 'all' && mute !== 'beats') this.#say(caller, serial, 3, Buffer.alloc(0));
      return;
    }
    const type = data[0] ?? 0;
    const turned = refuse.includes(type) || (this.wrong.refuseNext ?? 0) > 0;
    if (turned && (this.wrong.refuseNext ?? 0) > 0) this.wrong.refuseNext = (this.wrong.refuseNext ?? 0) - 1;
    if (!turned) this.#book(serial, from, data);
    if (mute === 'all' || mute === 'data') return;
    this.#say(caller, serial, turned ? 6 : 3, Buffer.alloc(0));
    this.#data += 1;
    if (this.wrong.askEvery !== undefined && this.#data % this.wrong.askEvery === 0) {
      this.#say(caller, this.#next(), 4, Buffer.from([81, 1, 0]));
    }
  }

  #book(serial: number, from: number, data: Buffer): void {
    const type = data[0] ?? 0;
    const count = data[1] ?? 0;
    const size = SIZES[type] ?? Math.floor((data.length - 2) / Math.max(1, count));
    const key = `${from} ${serial} ${data.toString('hex')}`;
    const again = this.#heard.has(key);
    this.#heard.add(key);
    for (let i = 0; i < count; i++) {
      const hex = data.toString('hex', 2 + i * size, 2 + (i + 1) * size);
      this.objects.push({ type, hex, serial, at: this.#options.time.mono(), again });
    }
  }

  #say(caller: Caller, serial: number, command: number, data: Buffer): void {
    const { address = 88_888, time } = this.#options;
    const frame = fireFrame({ serial, from: address, to: caller.address, command, data }, this.#local());
    if ((this.wrong.wrongSum ?? 0) > 0) {
      this.wrong.wrongSum = (this.wrong.wrongSum ?? 0) - 1;
      frame[frame.length - 3] = ((frame[frame.length - 3] ?? 0) + 1) % 256;
    }
    const { late = 0, drip } = this.wrong;
    const send = () => {
      if (drip === undefined) return void caller.pipe.say(frame);
      const begin = Math.max(time.mono(), caller.busy);
      caller.busy = begin + frame.length * drip;
      frame.forEach((byte, i) => {
        time.after(begin - time.mono() + i * drip, () => caller.pipe.say(Uint8Array.of(byte)));
      });
    };
    if (late === 0) send();
    else time.after(late, send);
  }

  #local(): Date {
    return new Date(this.#options.wall() + 8 * 3_600_000 + (this.wrong.clockOff ?? 0));
  }
}

interface Caller {
  readonly pipe: CallerPipe;
  address: number;
  rest: Buffer;
  busy: number;
}
