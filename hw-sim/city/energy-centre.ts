/**
 * A centre for building-energy upload: logs collectors in, keeps their values by time, acknowledges, asks and misbehaves
 * as it is told. It knows the protocol from the outside only.
 */
import { createHash } from 'node:crypto';
import type { Timebase } from '../lines/timebase.ts';
import {
  type EnergyStyle,
  energyDocuments,
  energyFrame,
  type HeardValue,
  textIn,
  valuesIn,
} from './energy-frames.ts';
import type { Call, CallerPipe, Centre } from './pipe.ts';

export interface EnergyCentreOptions {
  readonly style: EnergyStyle;
  /** 16 characters. */
  readonly key: string;
  readonly secret: string;
  readonly time: Timebase;
  /** Wall time now, Unix epoch ms. */
  wall(): number;
  /** Hours that local time is ahead of UTC. Default 8. */
  readonly zone?: number;
}

/** What is wrong with it; all may change while it runs. */
export interface EnergyMisbehaviour {
  /** Takes everything and answers nothing: to logins too, or to data only. */
  mute?: 'all' | 'data';
  /** So many answers get a wrong check (or a damaged body, where the style has none). */
  wrongCrc?: number;
  /** Every answer comes this late, ms. */
  late?: number;
  /** Answers byte by byte, one in this many ms. */
  drip?: number;
  /** Hangs up when it has heard so many more documents. */
  closeAfter?: number;
  /** Asks for the present values whenever it has heard so many more resends. */
  askEvery?: number;
  /** Its clock is this wrong, ms. */
  clockOff?: number;
  /** Turns every login down. */
  refuseLogin?: boolean;
  /** Acknowledgements carry the sequence, or nothing, or there are none. Default sequence. */
  acks?: 'sequence' | 'bare' | 'none';
}

export interface HeardReport {
  readonly kind: 'report' | 'continuous' | 'reply';
  readonly sequence: string;
  readonly time: string;
  readonly total: number | undefined;
  readonly current: number | undefined;
  readonly values: readonly HeardValue[];
  /** When it came, ms of the timebase. */
  readonly at: number;
}

export class EnergyCentre implements Centre {
  readonly wrong: EnergyMisbehaviour = {};
  /** Every report in the order it came, resends too. */
  readonly reports: HeardReport[] = [];
  /** `type` elements as they came, by document. */
  readonly types: (string | undefined)[] = [];
  logins = 0;
  refusedLogins = 0;
  beats = 0;
  periodAcks: number[] = [];
  /** Why it hung up on a caller. */
  readonly complaints: string[] = [];
  readonly #options: EnergyCentreOptions;
  readonly #key: Buffer;
  readonly #callers = new Set<Caller>();
  /** Until when a caller is told bytes one by one. */
  readonly #busy = new WeakMap<CallerPipe, number>();
  #number = 0;

  constructor(options: EnergyCentreOptions) {
    this.#options = options;
    this.#key = Buffer.from(options.key);
  }

  /** Logged in now. */
  get online(): number {
    return [...this.#callers].filter(({ passed }) => passed).length;
  }

  /** Values by `meter/function/coding`, then by time; the last one counts, as in a data base with a key. */
  books(): ReadonlyMap<string, ReadonlyMap<string, HeardValue>> {
    const books = new Map<string, Map<string, HeardValue>>();
    for (const { kind, time, values } of this.reports) {
      if (kind === 'reply') continue;
      for (const value of values) {
        const key = `${value.meter}/${value.id}/${value.coding ?? ''}`;
        const book = books.get(key) ?? new Map<string, HeardValue>();
        book.set(time, value);
        books.set(key, book);
      }
    }
    return books;
  }

  accept(pipe: CallerPipe): Call {
    const caller: Caller = {
      pipe,
      passed: false,
      sequence: '',
      building: '',
      gateway: '',
      rest: Buffer.alloc(0),
    };
    this.#callers.add(caller);
    return {
      hear: (bytes) => this.#hear(caller, Buffer.from(bytes)),
      ended: () => void this.#callers.delete(caller),
    };
  }

  /** Asks everybody for the present values. */
  query(): void {
    for (const caller of this.#callers) this.#say(caller, 'data', 'query', '');
  }

  /** Tells everybody the period, minutes. */
  setPeriod(minutes: number | string, building?: string): void {
    for (const caller of this.#callers) {
      const to = building === undefined ? caller : { ...caller, building };
      this.#say(to, 'config', 'period', `<period>${minutes}</period>`);
    }
  }

  /** Sends bytes as they are. */
  raw(bytes: Uint8Array): void {
    for (const { pipe } of this.#callers) pipe.say(bytes);
  }

  hangUp(): void {
    for (const { pipe } of [...this.#callers]) pipe.hangUp();
  }

  #hear(caller: Caller, bytes: Buffer): void {
    let heard: { xml: string; kind: number }[];
    try {
      const cut = energyDocuments(this.#options.style, this.#key, Buffer.concat([caller.rest, bytes]));
      caller.rest = cut.rest;
      ({ heard } = cut);
    } catch (thrown) {
      this.complaints.push(String(thrown));
      caller.pipe.hangUp();
      return;
    }
    for (const { xml } of heard) {
      if (!this.#callers.has(caller)) return;
      this.#take(caller, xml);
      if (this.wrong.closeAfter === undefined) continue;
      this.wrong.closeAfter -= 1;
      if (this.wrong.closeAfter > 0) continue;
      delete this.wrong.closeAfter;
      caller.pipe.hangUp();
      return;
    }
  }

  #take(caller: Caller, xml: string): void {
    const [, group = '', operation = ''] = /<(\w+) operation="(\w+)"/.exec(xml) ?? [];
    this.types.push(textIn(xml, 'type'));
    caller.building = textIn(xml, 'building_id') ?? '';
    caller.gateway = textIn(xml, 'gateway_id') ?? '';
    if (this.wrong.mute === 'all') return;
    switch (`${group} ${operation}`) {
      case 'id_validate request':
        caller.sequence = String(10_000_000 + this.logins + this.refusedLogins);
        this.#say(caller, group, 'sequence', `<sequence>${caller.sequence}</sequence>`);
        return;
      case 'id_validate md5':
        this.#judge(caller, textIn(xml, 'md5') ?? '');
        return;
      case 'heart_beat notify':
        this.beats += 1;
        this.#say(caller, group, 'time', `<time>${this.#digits()}</time>`);
        return;
      case 'config period_ack':
        this.periodAcks.push(Number(textIn(xml, 'period')));
        return;
      case 'data report':
      case 'data continuous':
      case 'data reply':
        if (caller.passed) this.#book(caller, operation as HeardReport['kind'], xml);
        else this.complaints.push('data before the login');
    }
  }

  #judge(caller: Caller, md5: string): void {
    const want = createHash('md5').update(caller.sequence).update(this.#options.secret).digest('hex');
    caller.passed = md5 === want && this.wrong.refuseLogin !== true;
    if (caller.passed) this.logins += 1;
    else this.refusedLogins += 1;
    this.#say(caller, 'id_validate', 'result', `<result>${caller.passed ? 'pass' : 'fail'}</result>`);
  }

  #book(caller: Caller, kind: HeardReport['kind'], xml: string): void {
    const number = (name: string) => {
      const text = textIn(xml, name);
      return text === undefined ? undefined : Number(text);
    };
    const sequence = textIn(xml, 'sequence') ?? '';
    this.reports.push({
      kind,
      sequence,
      time: textIn(xml, 'time') ?? '',
      total: number('total'),
      current: number('current'),
      values: valuesIn(xml),
      at: this.#options.time.mono(),
    });
    if (kind === 'reply') return;
    const { acks = 'sequence', mute, askEvery } = this.wrong;
    const resends = this.reports.filter((one) => one.kind === 'continuous').length;
    if (kind === 'continuous' && askEvery !== undefined && resends % askEvery === 0) {
      this.#say(caller, 'data', 'query', '');
    }
    if (mute === 'data' || acks === 'none') return;
    const inner = acks === 'bare' ? '' : `<sequence>${sequence}</sequence>`;
    this.#say(caller, 'data', kind === 'report' ? 'report_ack' : 'continuous_ack', inner);
  }

  #say(
    caller: Pick<Caller, 'pipe' | 'building' | 'gateway'>,
    group: string,
    operation: string,
    inner: string,
  ): void {
    const { style, time } = this.#options;
    const { building, gateway, pipe } = caller;
    const type = style === 'acrel' ? group : operation;
    const version = style === 'acrel' && group === 'id_validate' ? ' version="2"' : '';
    const xml =
      `<?xml version="1.0" encoding="utf-8" ?>\n<root>\n  <common>\n    <building_id>${building}</building_id>\n` +
      `    <gateway_id>${gateway}</gateway_id>\n    <type>${type}</type>\n  </common>\n` +
      `  <${group} operation="${operation}"${version}>${inner}</${group}>\n</root>`;
    this.#number += 1;
    const kind = group === 'id_validate' ? 1 : group === 'heart_beat' ? 2 : 3;
    const frame = energyFrame(style, this.#key, xml, this.#number, kind);
    if ((this.wrong.wrongCrc ?? 0) > 0) {
      this.wrong.wrongCrc = (this.wrong.wrongCrc ?? 0) - 1;
      const at = style === 'guideline' || style === 'netdau' ? frame.length - 5 : frame.length - 2;
      frame[at] = style === 'hex-ecb' ? (frame[at] === 0x30 ? 0x31 : 0x30) : (frame[at] ?? 0) ^ 0x55;
    }
    const { late = 0, drip } = this.wrong;
    const send = () => {
      if (drip === undefined) return pipe.say(frame);
      // One answer after the other.
      const begin = Math.max(time.mono(), this.#busy.get(pipe) ?? 0);
      this.#busy.set(pipe, begin + frame.length * drip);
      frame.forEach((byte, i) => {
        time.after(begin - time.mono() + i * drip, () => pipe.say(Uint8Array.of(byte)));
      });
    };
    if (late === 0) send();
    else time.after(late, send);
  }

  #digits(): string {
    const { wall, zone = 8 } = this.#options;
    const local = new Date(wall() + zone * 3_600_000 + (this.wrong.clockOff ?? 0));
    return local.toISOString().replace(/[-:T]/g, '').slice(0, 14);
  }
}

interface Caller {
  readonly pipe: CallerPipe;
  passed: boolean;
  sequence: string;
  building: string;
  gateway: string;
  rest: Buffer;
}
