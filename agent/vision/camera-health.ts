/** What is said of a camera on the health board: a sentence, the fix, and the figures of the last interval. */
import type { AgentError } from '../core/errors.ts';
import type { Mono } from '../core/reading.ts';
import type { HealthState } from '../core/view.ts';
import type { Condition } from './condition.ts';
import type { Limit } from './governor.ts';
import type { CameraHealth } from './messages.ts';

interface Trouble {
  readonly message: string;
  readonly fix: string;
}

const TROUBLE: Readonly<Record<Condition, Trouble | undefined>> = {
  starting: undefined,
  ok: undefined,
  failed: undefined,
  dark: {
    message: 'the camera shows black',
    fix: 'clean or uncover the lens, or check the light at the site',
  },
  covered: { message: 'the camera shows nothing but one colour', fix: 'clean or uncover the lens' },
  moved: {
    message: 'the camera does not look where it did',
    fix: 'turn it back, or restart the agent after checking what is drawn in the picture',
  },
  frozen: { message: 'the camera sends the same frame again and again', fix: 'restart the camera' },
};

const LIMITED: Readonly<Record<Limit, Trouble>> = {
  'cpu-budget': {
    message: 'fewer frames are looked at: the budget of processor time is used up',
    fix: 'raise budget.cpu of the camera, lower its rate, or take a smaller model',
  },
  temperature: {
    message: 'fewer frames are looked at: the processor is too hot',
    fix: 'shade or ventilate the cabinet, or raise budget.temperature of the camera',
  },
};

/** Sentence and fix of a condition; of a failed one those of the error. */
export function troubleOf(condition: Condition, error: AgentError | undefined): Partial<Trouble> | undefined {
  if (condition !== 'failed') return TROUBLE[condition];
  if (error === undefined) return undefined;
  return { message: error.message, ...(error.fix === undefined ? {} : { fix: error.fix }) };
}

const STATE: Readonly<Record<Condition, HealthState>> = {
  starting: 'starting',
  ok: 'ok',
  failed: 'down',
  dark: 'degraded',
  covered: 'degraded',
  moved: 'degraded',
  frozen: 'degraded',
};

export interface HealthFacts {
  readonly camera: string;
  readonly condition: Condition;
  readonly error: AgentError | undefined;
  readonly limit: Limit | undefined;
  readonly facts: CameraHealth['facts'];
}

export function cameraHealth({ camera, condition, error, limit, facts }: HealthFacts): CameraHealth {
  const state = STATE[condition];
  const trouble = troubleOf(condition, error) ?? (limit === undefined ? undefined : LIMITED[limit]);
  return {
    camera,
    state: state === 'ok' && limit !== undefined ? 'degraded' : state,
    ...trouble,
    facts: { ...facts, limited_by: limit ?? null },
  };
}

/** Figures of the frames since the last report. */
export class FrameFigures {
  #since: Mono;
  #total = 0;
  #frames = 0;
  #decodeMs = 0;
  #detectMs = 0;
  #brightness = 0;

  constructor(now: Mono) {
    this.#since = now;
  }

  add(decodeMs: number, detectMs: number, brightness: number): void {
    this.#total += 1;
    this.#frames += 1;
    this.#decodeMs += decodeMs;
    this.#detectMs += detectMs;
    this.#brightness = brightness;
  }

  facts(now: Mono): Readonly<Record<string, number>> {
    const count = Math.max(1, this.#frames);
    return {
      frames: this.#total,
      frames_per_second: round((this.#frames * 1000) / Math.max(1, now - this.#since)),
      decode_ms: round(this.#decodeMs / count),
      detect_ms: round(this.#detectMs / count),
      brightness: Math.round(this.#brightness),
    };
  }

  restart(now: Mono): void {
    this.#since = now;
    this.#frames = 0;
    this.#decodeMs = 0;
    this.#detectMs = 0;
  }
}

const round = (value: number) => Math.round(value * 10) / 10;
