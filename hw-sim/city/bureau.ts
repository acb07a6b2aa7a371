/**
 * The environment bureau of the city: a centre that speaks HJ 212 with its own encoder, keeps books by period, and can
 * misbehave: not answer, answer wrong, late or slowly, close the connection, ask for history amid everything, or have a
 * wrong clock.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Clock } from '../../agent/core/time/clock.ts';

/** The bytes to and from one station. */
export interface Wire {
  send(bytes: Uint8Array): void;
  onBytes(listener: (bytes: Uint8Array) => void): void;
  onClose(listener: () => void): void;
  close(): void;
}

export interface BureauFaults {
  /** Answers nothing. */
  silent: boolean;
  /** Of so many answers, each has a wrong check value. */
  wrongCrc: number;
  /** Answers come so much later, ms. */
  late: number;
  /** Answers come byte by byte, so many ms apart; 0: at once. */
  slow: number;
  /** Closes the connection on the packet after so many; 0: never. */
  closeAfter: number;
}

/** A packet as it arrived. */
export interface Heard {
  readonly qn: string;
  readonly st: string;
  readonly cn: string;
  readonly mn: string;
  readonly flag: number;
  readonly pnum: number;
  readonly pno: number;
  readonly rf: boolean;
  readonly encrypted: boolean;
  readonly cp: string;
  /** Monotonic ms. */
  readonly at: number;
}

/** What a request came to: QnRtn and ExeRtn, and the packets under its QN that are neither. */
export interface Answered {
  rtn: number | undefined;
  exe: number | undefined;
  notice: boolean;
  readonly data: Heard[];
}

export interface BureauOptions {
  readonly clock: Pick<Clock, 'after' | 'mono'>;
  /** Bits 7–2 of Flag. */
  readonly version: 0 | 1 | 2;
  readonly mn: string;
  readonly password: string;
  /** 16 characters. */
  readonly key?: string;
}

interface Arrival {
  /** How often it came. */
  times: number;
  /** Times it came as backlog. */
  again: number;
  readonly first: number;
}

/** Parts of the norm that are needed here, written from its text and not from the agent's code. */
function checkValue(text: Buffer): string {
  let high = 0xff;
  let low = 0xff;
  for (const byte of text) {
    // The low half of the register is forgotten (Annex A: crc_reg >> 8).
    let register = high ^ byte;
    high = 0;
    for (let i = 0; i < 8; i++) register = register & 1 ? (register >>> 1) ^ 0xa001 : register >>> 1;
    high = register >>> 8;
    low = register & 0xff;
  }
  return Buffer.from([high, low]).toString('hex').toUpperCase();
}

function sm4(data: Buffer, key: string, open: boolean): Buffer {
  const whole = data.length & ~15;
  const cipher = open ? createDecipheriv('sm4-ecb', key, null) : createCipheriv('sm4-ecb', key, null);
  cipher.setAutoPadding(false);
  return Buffer.concat([cipher.update(data.subarray(0, whole)), cipher.final(), data.subarray(whole)]);
}

export class Bureau {
  readonly faults: BureauFaults = { silent: false, wrongCrc: 0, late: 0, slow: 0, closeAfter: 0 };
  readonly heard: Heard[] = [];
  /** By CN and DataTime. */
  readonly books = new Map<string, Map<string, Arrival>>();
  /** Packets whose check value was wrong. */
  damaged = 0;
  password: string;
  key: string | undefined;
  readonly #options: BureauOptions;
  readonly #requests = new Map<string, Answered>();
  /** Parts of reports that came in several packets, by CN and DataTime. */
  readonly #parts = new Map<string, Set<number>>();
  readonly #wires = new Set<Wire>();
  #qn = 20_270_101_000_000_000n;
  #packets = 0;
  /** When the line is free for the next slow answer, monotonic ms. */
  #free = 0;

  constructor(options: BureauOptions) {
    this.#options = options;
    this.password = options.password;
    this.key = options.key;
  }

  get connections(): number {
    return this.#wires.size;
  }

  accept(wire: Wire): void {
    let held = Buffer.alloc(0);
    this.#wires.add(wire);
    wire.onClose(() => this.#wires.delete(wire));
    wire.onBytes((bytes) => {
      held = Buffer.concat([held, bytes]);
      for (;;) {
        const length = Number(held.toString('latin1', 2, 6));
        if (held.length < 12 || held.length < length + 12) return;
        const packet = held.subarray(0, length + 12);
        held = held.subarray(length + 12);
        this.#take(packet, wire);
        if (!this.#wires.has(wire)) return;
      }
    });
  }

  /** All connections end. */
  cut(): void {
    for (const wire of [...this.#wires]) {
      this.#wires.delete(wire);
      wire.close();
    }
  }

  /** Asks the station that is connected. What becomes of it fills in as it comes. */
  ask(
    cn: string,
    cp = '',
    more: { readonly st?: string; readonly qn?: string; readonly mn?: string } = {},
  ): Answered {
    this.#qn += 1n;
    const qn = more.qn ?? String(this.#qn);
    const answered = this.#requests.get(qn) ?? { rtn: undefined, exe: undefined, notice: false, data: [] };
    this.#requests.set(qn, answered);
    const [wire] = this.#wires;
    if (wire !== undefined) wire.send(this.#packet(qn, more.st ?? '22', cn, cp, 1, more.mn));
    return answered;
  }

  /** Reports of a CN that are here whole, by DataTime, in the order they first came. */
  reports(cn: string): ReadonlyMap<string, Arrival> {
    return this.books.get(cn) ?? new Map();
  }

  #packet(qn: string, st: string, cn: string, cp: string, ack: 0 | 1, mn = this.#options.mn): Buffer {
    const flag = this.#options.version * 4 + ack;
    const head = `QN=${qn};ST=${st};CN=${cn};PW=${this.password};MN=${mn};Flag=${flag};CP=&&`;
    const plain = Buffer.from(`${head}${cp}&&`);
    const secret = this.key !== undefined && (cn.startsWith('2') || cn === '1014' || cn === '3020');
    const body = secret ? sm4(Buffer.from(cp), this.key ?? '', false) : Buffer.from(cp);
    const size = String(plain.length).padStart(4, '0');
    let check = checkValue(plain);
    if (this.faults.wrongCrc > 0) {
      this.faults.wrongCrc -= 1;
      check = check === 'FFFF' ? 'FFFE' : 'FFFF';
    }
    return Buffer.concat([Buffer.from(`##${size}${head}`), body, Buffer.from(`&&${check}\r\n`)]);
  }

  #take(packet: Buffer, wire: Wire): void {
    const { closeAfter } = this.faults;
    this.#packets += 1;
    if (closeAfter > 0 && this.#packets % (closeAfter + 1) === 0) {
      this.#wires.delete(wire);
      wire.close();
      return;
    }
    const heard = this.#open(packet);
    if (heard === undefined) {
      this.damaged += 1;
      return;
    }
    this.heard.push(heard);
    const request = this.#requests.get(heard.qn);
    const code = Number(/(?:Qn|Exe)Rtn=(\d+)/.exec(heard.cp)?.[1]);
    if (/^901[123]$/.test(heard.cn)) {
      if (request === undefined) return;
      if (heard.cn === '9011') request.rtn = code;
      else if (heard.cn === '9012') request.exe = code;
      else request.notice = true;
      return;
    }
    if (request !== undefined) request.data.push(heard);
    else this.#book(heard);
    if ((heard.flag & 1) === 1) this.#answer(heard, wire);
  }

  #book({ cn, cp, pnum, pno, rf, at }: Heard): void {
    const time = /DataTime=(\d+)/.exec(cp)?.[1];
    if (time === undefined) return;
    const name = `${cn} ${time}`;
    const parts = this.#parts.get(name) ?? new Set();
    parts.add(pno);
    this.#parts.set(name, parts);
    if (parts.size < pnum) return;
    const book = this.books.get(cn) ?? new Map<string, Arrival>();
    this.books.set(cn, book);
    const known = book.get(time);
    if (known === undefined) book.set(time, { times: 1, again: rf ? 1 : 0, first: at });
    else {
      known.times += 1;
      if (rf) known.again += 1;
    }
  }

  #answer({ qn, cn }: Heard, wire: Wire): void {
    if (this.faults.silent) return;
    const bytes = this.#packet(qn, '91', /^2/.test(cn) ? '9014' : '9013', '', 0);
    const { late, slow } = this.faults;
    const { clock } = this.#options;
    if (slow === 0) {
      if (late === 0) wire.send(bytes);
      else clock.after(late, () => wire.send(bytes));
      return;
    }
    // Answers leave one after the other, as they do on a line.
    const from = Math.max(clock.mono() + late, this.#free);
    this.#free = from + bytes.length * slow;
    for (let i = 0; i < bytes.length; i++)
      clock.after(from - clock.mono() + i * slow, () => wire.send(bytes.subarray(i, i + 1)));
  }

  /** Undefined where it does not stand its check, in clear or opened. */
  #open(packet: Buffer): Heard | undefined {
    const segment = packet.subarray(6, packet.length - 6);
    const check = packet.toString('latin1', packet.length - 6, packet.length - 2);
    const at = segment.indexOf('CP=&&') + 5;
    const head = segment.toString('utf8', 0, at);
    const field = (name: string) => new RegExp(`(?:^|;)${name}=([^;]*)`).exec(head)?.[1] ?? '';
    const region = segment.subarray(at, segment.length - 2);
    const stands = (plain: Buffer) =>
      checkValue(Buffer.concat([segment.subarray(0, at), plain, Buffer.from('&&')])) === check;
    const opened = this.key === undefined ? undefined : sm4(region, this.key, true);
    const encrypted =
      opened !== undefined &&
      region.length >= 16 &&
      !opened.equals(region) &&
      stands(opened) &&
      !/[^\x20-\x7e]/.test(opened.toString('latin1'));
    if (!encrypted && !stands(region)) return undefined;
    return {
      qn: field('QN'),
      st: field('ST'),
      cn: field('CN'),
      mn: field('MN'),
      flag: Number(field('Flag')),
      pnum: Number(field('PNUM') || 1),
      pno: Number(field('PNO') || 1),
      rf: field('RF') === '1',
      encrypted,
      cp: (encrypted ? opened : region).toString('utf8'),
      at: this.#options.clock.mono(),
    };
  }
}
