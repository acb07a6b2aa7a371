/**
 * A fire panel that sends GB/T 26875.3 to whoever it calls: heart-beats, states, values, answers to questions and duty
 * checks; it sends again what is not acknowledged, and misbehaves as it is told.
 */
import type { Timebase } from '../lines/timebase.ts';
import { type FireFrame, fireData, fireFrame, fireFrames, fireTime, systemState } from './fire-frames.ts';

export interface FirePanelOptions {
  readonly time: Timebase;
  /** Wall time, Unix epoch ms. */
  wall(): number;
  say(bytes: Uint8Array): void;
  /** Default 889. */
  readonly address?: number;
  /** Default 88888. */
  readonly centre?: number;
  /** ms between heart-beats; 0: none. Default 25 s. */
  readonly heartBeat?: number;
}

export interface PanelMisbehaviour {
  /** So many frames leave with a wrong sum. */
  wrongSum?: number;
  /** Bytes that come before every frame. */
  noise?: Uint8Array;
  /** Holds frames back until so many are there, and sends them in one piece. */
  stick?: number;
  /** Answers nothing. */
  mute?: boolean;
  /** Turns every question down. */
  refuse?: boolean;
  /** Its clock is this wrong, ms. */
  clockOff?: number;
}

const RESENDS = 3;
const TIMEOUT = 10_000;

export class FirePanel {
  readonly wrong: PanelMisbehaviour = {};
  /** Serial numbers that were acknowledged, and those given up. */
  readonly acknowledged: number[] = [];
  readonly refused: number[] = [];
  readonly givenUp: number[] = [];
  /** Controls and questions it heard, by type. */
  readonly asked: number[] = [];
  /** Clock it was told, as bytes. */
  clock: readonly number[] = [];
  readonly #options: FirePanelOptions;
  readonly #pending = new Map<number, { readonly bytes: Buffer; left: number; timer: Disposable }>();
  #serial = 0;
  #rest = Buffer.alloc(0);
  #held: Buffer[] = [];
  #beat: Disposable | undefined;

  constructor(options: FirePanelOptions) {
    this.#options = options;
  }

  /** Begins to beat. */
  start(): Disposable {
    const { time, heartBeat = 25_000 } = this.#options;
    const beat = () => {
      this.#beat = time.after(heartBeat, beat);
      this.send(Buffer.alloc(0));
    };
    if (heartBeat > 0) beat();
    return {
      [Symbol.dispose]: () => {
        this.#beat?.[Symbol.dispose]();
        for (const { timer } of this.#pending.values()) timer[Symbol.dispose]();
        this.#pending.clear();
      },
    };
  }

  /** Its local time. */
  local(): Date {
    return new Date(this.#options.wall() + 8 * 3_600_000 + (this.wrong.clockOff ?? 0));
  }

  /** Sends data until they are acknowledged; gives their serial number. */
  send(data: Buffer): number {
    const serial = this.#serial;
    this.#serial = (this.#serial + 1) % 65_536;
    const bytes = this.#frame(serial, 2, data);
    const pending = { bytes, left: RESENDS, timer: { [Symbol.dispose]() {} } as Disposable };
    this.#pending.set(serial, pending);
    this.#try(serial);
    return serial;
  }

  /** The person on duty presses the button. */
  answerDuty(operator = 1): void {
    this.send(fireData(24, Buffer.from([0x20, operator, ...fireTime(this.local())])));
  }

  hear(bytes: Uint8Array): void {
    const { frames, rest } = fireFrames(Buffer.concat([this.#rest, bytes]));
    this.#rest = Buffer.from(rest);
    for (const frame of frames) this.#take(frame);
  }

  #try(serial: number): void {
    const pending = this.#pending.get(serial);
    if (pending === undefined) return;
    if (pending.left < 0) {
      this.#pending.delete(serial);
      this.givenUp.push(serial);
      return;
    }
    pending.left -= 1;
    this.#put(pending.bytes);
    pending.timer = this.#options.time.after(TIMEOUT, () => this.#try(serial));
  }

  #take({ serial, command, data }: FireFrame): void {
    if (command === 3 || command === 6) {
      const pending = this.#pending.get(serial);
      if (pending === undefined) return;
      pending.timer[Symbol.dispose]();
      if (command === 3) {
        this.#pending.delete(serial);
        this.acknowledged.push(serial);
      } else {
        this.refused.push(serial);
        pending.timer = this.#options.time.after(1000, () => this.#try(serial));
      }
      return;
    }
    const type = data[0] ?? 0;
    if (command !== 1 && command !== 4) return;
    this.asked.push(type);
    if (this.wrong.mute === true) return;
    if (this.wrong.refuse === true) {
      this.#put(this.#frame(serial, 6, Buffer.alloc(0)));
      return;
    }
    if (command === 1) {
      if (type === 90) this.clock = [...data.subarray(2, 8)];
      this.#put(this.#frame(serial, 3, Buffer.alloc(0)));
      return;
    }
    const answer = this.#answers(type);
    this.#put(
      answer === undefined ? this.#frame(serial, 6, Buffer.alloc(0)) : this.#frame(serial, 5, answer),
    );
  }

  #answers(type: number): Buffer | undefined {
    const now = fireTime(this.local());
    switch (type) {
      case 61:
        return fireData(1, systemState(1, this.local()));
      case 81:
        return fireData(21, Buffer.from([1, ...now]));
      case 85:
        return fireData(25, Buffer.from([2, 7]));
      case 86:
        return fireData(26, Buffer.from([4, ...Buffer.from('GST1')]));
      case 88:
        return fireData(28, Buffer.from(now));
      default:
        return undefined;
    }
  }

  #frame(serial: number, command: number, data: Buffer): Buffer {
    const { address = 889, centre = 88_888 } = this.#options;
    return fireFrame({ serial, from: address, to: centre, command, data }, this.local());
  }

  #put(frame: Buffer): void {
    const { noise, stick } = this.wrong;
    let bytes = frame;
    if ((this.wrong.wrongSum ?? 0) > 0) {
      this.wrong.wrongSum = (this.wrong.wrongSum ?? 0) - 1;
      bytes = Buffer.from(frame);
      bytes[bytes.length - 3] = ((bytes[bytes.length - 3] ?? 0) + 1) % 256;
    }
    if (noise !== undefined) bytes = Buffer.concat([noise, bytes]);
    this.#held.push(bytes);
    if (stick !== undefined && this.#held.length < stick) return;
    const all = Buffer.concat(this.#held);
    this.#held = [];
    this.#options.say(all);
  }
}
