/**
 * What a centre may ask, and what it gets: 9011 says whether the request is taken, data or a parameter follow, 9012 says
 * how it ended; notices get 9013. Nothing is left without an answer.
 */
import { trusted, wallAt } from '../../core/time/clock.ts';
import type { UplinkContext } from '../../core/uplink.ts';
import type { Centre } from './centre.ts';
import { EXE_RTN, type ExeRtn, QN_RTN, type QnRtn } from './commands.ts';
import { type Item, namesOf, parseCp } from './cp.ts';
import type { Packet } from './packet.ts';
import { packetOf } from './packets.ts';
import type { PeriodKind } from './period.ts';
import { hasSm4, isWorthless, keyOf } from './sm4.ts';
import { flagBits } from './version.ts';

/** Intervals of minute data a centre may set, minutes (2017 Table 9, 1064). */
const MINUTE_INTERVALS = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30];
/** Real-time intervals, s (1062). */
const REAL_TIME = { least: 30, most: 3600 };
/** Answers remembered, for a request that comes again. */
const REMEMBERED = 64;
/** Our clock and the centre's may differ by so much, ms. */
const CLOCK_TOLERANCE = 5000;
/** A centre tells whole seconds over a line that delays them, ms. */
const CLOCK_UNCERTAINTY = 2000;

export interface Request {
  readonly qn: string;
  readonly cn: string;
  readonly names: Readonly<Record<string, string>>;
  readonly encrypted: boolean;
}

/** What the session does for requests. */
export interface Desk {
  readonly centre: Centre;
  readonly context: UplinkContext;
  send(packet: Packet): void;
  /** Sends the reports of a stretch of time; how many there were. Rejects when the link is lost. */
  history(kind: PeriodKind, from: number, to: number, qn: string): Promise<number>;
  /** Real-time data now, and at its interval from now on; or no more. */
  stream(on: boolean): void;
  /** Settings that timers hang on have changed. */
  changed(): void;
}

type Answer =
  /** Not taken. */
  | Exclude<QnRtn, 'ready'>
  /** A notice: 9013 and nothing more. */
  | { readonly notice: () => void }
  /** Taken; runs after 9011. `items`: a parameter that is told under the same CN. */
  | { readonly run: () => ExeRtn | Promise<ExeRtn> }
  | { readonly items: readonly Item[] };

export class Requests {
  readonly #desk: Desk;
  /** By QN: what was answered, for a centre that did not hear it. */
  readonly #answered = new Map<string, { readonly cn: string; readonly packets: Packet[] }>();
  #historyRuns = false;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Never rejects. */
  async hear({ fields, cp }: Packet, encrypted: boolean): Promise<void> {
    const { QN: qn = '', CN: cn = '' } = fields;
    const before = this.#answered.get(qn);
    if (qn !== '' && before?.cn === cn) {
      // It comes again because our answer got lost: it is answered again, and nothing is done twice.
      for (const packet of before.packets) this.#desk.send(packet);
      return;
    }
    // Answers to what we asked need no answer.
    if (cn === '9011' || cn === '9012' || cn === '9015') {
      if (cn === '9015') this.#answer(qn, cn, '9013', []);
      return;
    }
    const wrong = this.#wrong(fields);
    const request = { qn, cn, names: namesOf(parseCp(cp)), encrypted };
    const answer = wrong ?? this.#answerTo(request);
    const { log } = this.#desk.context;
    if (typeof answer === 'string') {
      log.warn('hj212.request-refused', { cn, qn, why: answer });
      return this.#answer(qn, cn, '9011', [[['QnRtn', String(QN_RTN[answer])]]]);
    }
    if ('notice' in answer) {
      this.#answer(qn, cn, '9013', []);
      return answer.notice();
    }
    this.#answer(qn, cn, '9011', [[['QnRtn', String(QN_RTN.ready)]]]);
    let result: ExeRtn = 'done';
    if ('items' in answer) this.#answer(qn, cn, cn, answer.items, this.#desk.centre.config.st);
    else {
      try {
        result = await answer.run();
      } catch (thrown) {
        log.warn('hj212.request-failed', {
          cn,
          qn,
          why: thrown instanceof Error ? thrown.message : String(thrown),
        });
        result = 'failed';
      }
    }
    log.info('hj212.request', { cn, qn, result });
    this.#answer(qn, cn, '9012', [[['ExeRtn', String(EXE_RTN[result])]]]);
  }

  /** A packet that stood no check; `qn` as far as it could be read. */
  damaged(kind: 'crc' | 'syntax' | 'encrypted', qn: string | undefined): void {
    if (qn === undefined || !/^\d{17}$/.test(qn)) return;
    const code = kind === 'crc' ? QN_RTN.crc : QN_RTN.unknown;
    // Not remembered: the same QN comes again whole.
    this.#desk.send(this.#packet(qn, '9011', [[['QnRtn', String(code)]]], '91'));
  }

  #packet(qn: string, cn: string, items: readonly Item[], st: string): Packet {
    return packetOf(this.#desk.centre, { qn, cn, st, ack: false }, items);
  }

  #answer(qn: string, asked: string, cn: string, items: readonly Item[], st = '91'): void {
    const packet = this.#packet(qn, cn, items, st);
    if (qn !== '') {
      const kept = this.#answered.get(qn) ?? { cn: asked, packets: [] };
      kept.packets.push(packet);
      this.#answered.set(qn, kept);
      const [oldest] = this.#answered.keys();
      if (this.#answered.size > REMEMBERED && oldest !== undefined) this.#answered.delete(oldest);
    }
    this.#desk.send(packet);
  }

  /** 2017 Table 6: what is wrong with the fields of a request. */
  #wrong({ QN, ST, PW, MN, Flag }: Packet['fields']): Exclude<QnRtn, 'ready'> | undefined {
    const { password, mn } = this.#desk.centre.settings;
    const { edition, st } = this.#desk.centre.config;
    // 2005 centres send requests without QN and Flag.
    const old = edition === '2005';
    if (!(old && QN === undefined) && !/^\d{17}$/.test(QN ?? '')) return 'qn';
    if (password !== undefined && PW !== password) return 'password';
    if (mn !== undefined && MN !== mn) return 'mn';
    if (ST !== st && ST !== '91') return 'st';
    if (!(old && Flag === undefined) && flagBits(Flag ?? '') === undefined) return 'flag';
    return undefined;
  }

  #answerTo(request: Request): Answer {
    const { cn, names } = request;
    const { centre, context } = this.#desk;
    const { settings } = centre;
    const now = () => wallAt(context.clock.mapping(), context.clock.mono());
    const action = centre.config.actions[cn];
    if (action !== undefined) return { run: () => this.#act(request, action) };
    switch (cn) {
      case '1000':
        return this.#timeouts(names);
      case '1002':
        return this.#name(names);
      case '1011':
        return names.PolId === undefined || names.PolId === ''
          ? { items: [[['SystemTime', centre.local.text(now().time)]]] }
          : { run: () => 'no-data' };
      case '1012':
        return this.#clock(names.SystemTime ?? '');
      case '1014':
        return this.#key(request);
      case '1061':
        return { items: [[['RtdInterval', String(settings.realTime / 1000)]]] };
      case '1062':
        return this.#realTime(names.RtdInterval ?? '');
      case '1063':
        return { items: [[['MinInterval', String(settings.minute / 60_000)]]] };
      case '1064':
        return this.#minute(names.MinInterval ?? '');
      case '1072':
        return this.#password(names.NewPW ?? '');
      case '2011':
        // Real-time data of the past (2025, ST 44) are in no rollup.
        if (names.BeginTime !== undefined) return { run: () => 'no-data' };
        return { run: () => this.#stream(true) };
      case '2012':
        return { notice: () => void this.#stream(false) };
      case '2022':
        return { notice: () => undefined };
      case '2031':
        return this.#history('day', request);
      case '2051':
        return this.#history('minute', request);
      case '2061':
        return this.#history('hour', request);
      case '2013':
      case '2021':
      case '2041':
      case '2052':
      case '2062':
      case '2081':
      case '2111':
      case '3017':
      case '3018':
      case '3019':
      case '3020':
        return { run: () => 'no-data' };
      case '3011':
      case '3012':
      case '3013':
      case '3014':
      case '3015':
      case '3016':
      case '3021':
      case '3022':
      case '3024':
        // Whoever may move an instrument is the site's to say (actions).
        return 'refused';
      default:
        return 'cn';
    }
  }

  #stream(on: boolean): ExeRtn {
    this.#desk.centre.set({ streaming: on });
    this.#desk.stream(on);
    return 'done';
  }

  #timeouts({ OverTime = '', ReCount = '' }: Request['names']): Answer {
    const [seconds, resends] = [Number(OverTime), Number(ReCount)];
    if (!whole(OverTime, 1, 3600) || !whole(ReCount, 0, 99)) return 'refused';
    return { run: () => this.#set({ timeout: seconds * 1000, resends }) };
  }

  #realTime(text: string): Answer {
    if (!whole(text, REAL_TIME.least, REAL_TIME.most)) return 'refused';
    return { run: () => this.#set({ realTime: Number(text) * 1000 }) };
  }

  #minute(text: string): Answer {
    if (!MINUTE_INTERVALS.includes(Number(text))) return 'refused';
    return { run: () => this.#set({ minute: Number(text) * 60_000 }) };
  }

  #password(next: string): Answer {
    if (!/^[0-9A-Za-z]{6}$/.test(next)) return 'refused';
    return { run: () => this.#set({ password: next }) };
  }

  /** 1002, 2025 only: the answer to 1001 of a logger that has no MN yet. */
  #name(names: Request['names']): Answer {
    const mn = names['i23005-Info'] ?? '';
    const { config } = this.#desk.centre;
    if (config.edition !== '2025') return 'cn';
    if (config.mn !== undefined || !/^[0-9A-F]{24}$/.test(mn)) return 'refused';
    return { run: () => this.#set({ mn }) };
  }

  /**
   * Our clock comes from NTP or GNSS; a centre's word does not overrule them. Where it differs, that is told; where
   * nothing better is known, it may be taken.
   */
  #clock(text: string): Answer {
    const { centre, context } = this.#desk;
    const told = centre.local.parse(text);
    if (told === undefined || centre.config.clock === 'refuse') return 'refused';
    return {
      run: () => {
        const { time, rank } = wallAt(context.clock.mapping(), context.clock.mono());
        const off = told - time;
        if (centre.config.clock === 'untrusted' && !trusted(rank)) {
          context.heardTime?.(told, context.clock.mono(), CLOCK_UNCERTAINTY);
          return 'done';
        }
        if (Math.abs(off) <= CLOCK_TOLERANCE) return 'done';
        context.log.warn('hj212.clock-differs', { centre_ahead_ms: Math.round(off), own_rank: rank });
        return trusted(rank) ? 'condition' : 'failed';
      },
    };
  }

  /** A key comes encrypted with the one before, is none that everybody knows, and is durable before it is confirmed. */
  #key({ names, encrypted }: Request): Answer {
    const { centre, context } = this.#desk;
    const { keys } = centre.settings;
    const text = names.NewSK ?? '';
    const key = keyOf(text);
    if (centre.config.edition !== '2025' || keys.length === 0 || !hasSm4()) return 'refused';
    if (!encrypted || key === undefined || isWorthless(key) || keys.includes(text)) {
      context.log.warn('hj212.key-refused', {
        why: !encrypted
          ? 'it came in clear'
          : key === undefined
            ? 'it is not 16 characters'
            : 'it protects nothing or is old',
      });
      return 'refused';
    }
    return { run: () => this.#set({ keys: [text, ...keys.slice(0, 1)] }) };
  }

  #set(change: Parameters<Centre['set']>[0]): ExeRtn {
    this.#desk.centre.set(change);
    this.#desk.changed();
    return 'done';
  }

  #history(kind: PeriodKind, { qn, names }: Request): Answer {
    const { local } = this.#desk.centre;
    const from = local.parse(names.BeginTime ?? '');
    const to = local.parse(names.EndTime ?? '');
    if (from === undefined || to === undefined || to < from) return 'refused';
    return {
      run: async () => {
        if (this.#historyRuns) return 'busy';
        this.#historyRuns = true;
        try {
          return (await this.#desk.history(kind, from, to, qn)) > 0 ? 'done' : 'no-data';
        } finally {
          this.#historyRuns = false;
        }
      },
    };
  }

  async #act({ qn, cn }: Request, action: Centre['config']['actions'][string]): Promise<ExeRtn> {
    const { centre, context } = this.#desk;
    const { time } = wallAt(context.clock.mapping(), context.clock.mono());
    const result = await context.submit({
      id: `${centre.config.id.slice(0, 40)}-${cn}-${qn}`,
      device: action.device,
      point: action.point,
      value: action.value,
      issuer: `uplink:${centre.config.id}`,
      issued: time,
      expires: time + 60_000,
    });
    if (result.state === 'done') return 'done';
    if (result.state === 'expired') return 'timeout';
    return result.state === 'rejected' ? 'failed' : 'fault';
  }
}

function whole(text: string, least: number, most: number): boolean {
  return /^\d{1,4}$/.test(text) && Number(text) >= least && Number(text) <= most;
}
