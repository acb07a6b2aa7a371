/**
 * Judges of conditions: each takes readings and events and says whether its condition is met now. A reading that is bad,
 * or of a quality that says the value is not to be believed, makes the verdict unknown: it neither raises nor clears.
 */
import type {
  AlarmCondition,
  EventTest,
  LimitTest,
  RateTest,
  StaleTest,
  StateTest,
} from '../../core/alarm/alarm.ts';
import type { Mono, Reading, Reason, Value } from '../../core/reading.ts';
import type { AgentEvent, Json } from '../../core/record.ts';
import type { Unit } from '../../core/unit.ts';

/** What met the condition. */
export interface Because {
  readonly point: string;
  readonly value: Value | null;
  readonly unit: Unit;
  readonly limit?: number;
}

/** `met` is undefined where it cannot be told. */
export interface Verdict {
  readonly met: boolean | undefined;
  readonly because?: Because;
}

export interface Judge {
  /** `device/point` of all it looks at. */
  readonly points: readonly string[];
  /** Alarms it looks at. */
  readonly alarms: readonly string[];
  /** Whether events may change its verdict. */
  readonly events: boolean;
  take(reading: Reading): void;
  event(event: AgentEvent): void;
  verdict(now: Mono): Verdict;
  /** When the verdict may change by time alone, mono ms; undefined: never. */
  due(now: Mono): Mono | undefined;
}

/** Uncertain for a reason that leaves the value usable for an alarm. */
const USABLE: ReadonlySet<Reason | undefined> = new Set<Reason>([
  'clock-untrusted',
  'low-rate',
  'manual-entry',
  'substituted',
]);

function believed({ quality, reason }: Reading): boolean {
  return quality === 'good' || (quality === 'uncertain' && USABLE.has(reason));
}

export function keyOf({ device, point }: { readonly device: string; readonly point: string }): string {
  return `${device}/${point}`;
}

/** `active`: whether another alarm's condition is met, undefined where there is none of that id. `start`: mono ms. */
export function judgeOf(
  condition: AlarmCondition,
  active: (alarm: string) => boolean | undefined,
  start: Mono,
): Judge {
  switch (condition.kind) {
    case 'limit':
      return new LimitJudge(condition);
    case 'rate':
      return new RateJudge(condition);
    case 'stale':
      return new StaleJudge(condition, start);
    case 'state':
      return new StateJudge(condition);
    case 'event':
      return new EventJudge(condition, start);
    case 'alarm':
      return {
        ...SILENT,
        alarms: [condition.alarm],
        verdict: () => ({ met: active(condition.alarm) }),
      };
    default:
      return combined(
        condition.kind,
        condition.of.map((one) => judgeOf(one, active, start)),
      );
  }
}

const SILENT: Judge = {
  points: [],
  alarms: [],
  events: false,
  take() {},
  event() {},
  verdict: () => ({ met: undefined }),
  due: () => undefined,
};

class LimitJudge implements Judge {
  readonly points: readonly string[];
  readonly alarms = [];
  readonly events = false;
  readonly #test: LimitTest;
  #met = false;
  #last: Reading | undefined;

  constructor(test: LimitTest) {
    this.#test = test;
    this.points = [keyOf(test)];
  }

  take(reading: Reading): void {
    this.#last = reading;
    const { value } = reading;
    if (typeof value !== 'number' || !believed(reading)) return;
    const { above, below, deadband } = this.#test;
    if (above !== undefined) {
      // Inside the deadband it stays what it was.
      if (value > above) this.#met = true;
      else if (value <= above - deadband) this.#met = false;
    } else if (below !== undefined) {
      if (value < below) this.#met = true;
      else if (value >= below + deadband) this.#met = false;
    }
  }

  event(): void {}

  verdict(): Verdict {
    if (this.#last === undefined || !believed(this.#last)) return { met: undefined };
    const { above, below } = this.#test;
    return { met: this.#met, because: becauseOf(this.#last, above ?? below) };
  }

  due(): undefined {
    return undefined;
  }
}

/** Parts of the window that are remembered by their lowest and highest value: memory does not grow with the rate. */
const PARTS = 60;

interface Part {
  readonly start: Mono;
  min: number;
  max: number;
}

class RateJudge implements Judge {
  readonly points: readonly string[];
  readonly alarms = [];
  readonly events = false;
  readonly #test: RateTest;
  #parts: Part[] = [];
  #last: Reading | undefined;

  constructor(test: RateTest) {
    this.#test = test;
    this.points = [keyOf(test)];
  }

  take(reading: Reading): void {
    this.#last = reading;
    const { value, time } = reading;
    if (typeof value !== 'number' || !believed(reading)) return;
    const newest = this.#parts.at(-1);
    if (newest !== undefined && time - newest.start < this.#test.within / PARTS) {
      newest.min = Math.min(newest.min, value);
      newest.max = Math.max(newest.max, value);
    } else this.#parts.push({ start: time, min: value, max: value });
    this.#forget(time);
  }

  event(): void {}

  verdict(now: Mono): Verdict {
    const last = this.#last;
    if (last === undefined || typeof last.value !== 'number' || !believed(last)) return { met: undefined };
    this.#forget(now);
    const { rise, fall, change } = this.#test;
    const { value } = last;
    const risen = Math.max(0, ...this.#parts.map(({ min }) => value - min));
    const fallen = Math.max(0, ...this.#parts.map(({ max }) => max - value));
    const met =
      rise !== undefined
        ? risen > rise
        : fall !== undefined
          ? fallen > fall
          : Math.max(risen, fallen) > (change ?? Number.POSITIVE_INFINITY);
    return { met, because: becauseOf(last, rise ?? fall ?? change) };
  }

  due(): Mono | undefined {
    const [oldest] = this.#parts;
    return oldest === undefined || this.#parts.length < 2 ? undefined : oldest.start + this.#test.within;
  }

  #forget(now: Mono): void {
    const { within } = this.#test;
    const from = this.#parts.findIndex(({ start }) => now - start < within);
    if (from > 0) this.#parts.splice(0, from);
    // What is older than the window is no measure any more: the newest value stands for itself.
    else if (from < 0 && this.#parts.length > 1) this.#parts.splice(0, this.#parts.length - 1);
  }
}

class StaleJudge implements Judge {
  readonly points: readonly string[];
  readonly alarms = [];
  readonly events = false;
  readonly #test: StaleTest;
  /** Time of the last reading to be believed, or the start. */
  #fresh: Mono;
  #last: Reading | undefined;

  constructor(test: StaleTest, start: Mono) {
    this.#test = test;
    this.#fresh = start;
    this.points = [keyOf(test)];
  }

  take(reading: Reading): void {
    this.#last = reading;
    if (reading.quality !== 'bad') this.#fresh = Math.max(this.#fresh, reading.time);
  }

  event(): void {}

  verdict(now: Mono): Verdict {
    const met = now - this.#fresh >= this.#test.after;
    return this.#last === undefined ? { met } : { met, because: becauseOf(this.#last) };
  }

  due(now: Mono): Mono | undefined {
    const due = this.#fresh + this.#test.after;
    return due > now ? due : undefined;
  }
}

class StateJudge implements Judge {
  readonly points: readonly string[];
  readonly alarms = [];
  readonly events = false;
  readonly #test: StateTest;
  #last: Reading | undefined;

  constructor(test: StateTest) {
    this.#test = test;
    this.points = [keyOf(test)];
  }

  take(reading: Reading): void {
    this.#last = reading;
  }

  event(): void {}

  verdict(): Verdict {
    const last = this.#last;
    const { is, not, uncertain } = this.#test;
    if (last === undefined || last.value === null) return { met: undefined };
    if (uncertain !== true && !believed(last)) return { met: undefined };
    return { met: is.includes(last.value) !== not, because: becauseOf(last) };
  }

  due(): undefined {
    return undefined;
  }
}

/** What stood before a start stands on for this long, until an event says what is true now, ms. */
const HEARSAY = 120_000;

class EventJudge implements Judge {
  readonly points = [];
  readonly alarms = [];
  readonly events = true;
  readonly #test: EventTest;
  readonly #start: Mono;
  #met: boolean | undefined;

  constructor(test: EventTest, start: Mono) {
    this.#test = test;
    this.#start = start;
  }

  take(): void {}

  event({ event, device, body }: AgentEvent): void {
    const { event: kind, device: of, where, until } = this.#test;
    if (event !== kind || (of !== undefined && of !== device)) return;
    if (fits(body, where)) this.#met = true;
    else if (until !== undefined && fits(body, until)) this.#met = false;
  }

  verdict(now: Mono): Verdict {
    return { met: this.#met ?? (now - this.#start < HEARSAY ? undefined : false) };
  }

  due(now: Mono): Mono | undefined {
    const end = this.#start + HEARSAY;
    return this.#met === undefined && end > now ? end : undefined;
  }
}

function fits(body: AgentEvent['body'], wanted: { readonly [key: string]: Json }): boolean {
  return Object.entries(wanted).every(([key, value]) => body[key] === value);
}

/** Kleene's logic: what is not known decides only where it could change the outcome. */
function combined(kind: 'all' | 'any' | 'none', judges: readonly Judge[]): Judge {
  return {
    points: judges.flatMap(({ points }) => points),
    alarms: judges.flatMap(({ alarms }) => alarms),
    events: judges.some(({ events }) => events),
    take: (reading) => {
      const key = keyOf(reading);
      for (const judge of judges) if (judge.points.includes(key)) judge.take(reading);
    },
    event: (event) => {
      for (const judge of judges) judge.event(event);
    },
    verdict: (now) => {
      const verdicts = judges.map((judge) => judge.verdict(now));
      const decisive = verdicts.find(({ met }) => met === (kind !== 'all'));
      const because = (decisive ?? verdicts.find(({ because }) => because !== undefined))?.because;
      const open = verdicts.some(({ met }) => met === undefined);
      const met = decisive !== undefined ? kind === 'any' : open ? undefined : kind !== 'any';
      return because === undefined ? { met } : { met, because };
    },
    due: (now) => earliest(judges.map((judge) => judge.due(now))),
  };
}

/** The smallest of them, undefined where there is none. */
export function earliest(times: readonly (Mono | undefined)[]): Mono | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function becauseOf({ point, value, unit }: Reading, limit?: number): Because {
  return { point, value, unit, ...(limit === undefined ? {} : { limit }) };
}
