/** The diagnosis on main: asks its thread once a day, tells what began and what is over, and keeps the newest answer. */

import type { Finding } from '../../../core/energy/diagnosis.ts';
import { asAgentError } from '../../../core/errors.ts';
import type { Publisher } from '../../../core/hub.ts';
import type { Log } from '../../../core/log.ts';
import { good } from '../../../core/reading.ts';
import { type Clock, trusted, wallAt } from '../../../core/time/clock.ts';
import { LocalDays } from '../../../core/time/local-days.ts';
import { FINDINGS_POINT } from '../points.ts';
import type { Diagnosed } from './replay.ts';

const MINUTE = 60_000;
/** After midnight, ms: rollups of the day are closed by then, and meters have their turn again. */
const AFTER_MIDNIGHT = 10 * MINUTE;
/** After a start, after a failure, and while the clock is not to be trusted, ms. */
const SOON = 30_000;

export interface DiagnosisWatchOptions {
  /** Of the account, under which the number of findings is told. */
  readonly device: string;
  readonly timezone: string;
  readonly clock: Clock;
  readonly hub: Publisher;
  readonly log: Log;
  readonly diagnose: (now: number) => Promise<Diagnosed>;
  /** End of the last day that was told before this start, Unix epoch ms. */
  readonly toldUpTo: () => Promise<number | undefined>;
}

export class DiagnosisWatch implements Disposable {
  readonly #options: DiagnosisWatchOptions;
  readonly #days: LocalDays;
  #timer: Disposable | undefined;
  #stopped = false;
  /** First instant of the local day on which it was asked last, and what came. */
  #asked = Number.NEGATIVE_INFINITY;
  #newest: Promise<Diagnosed> | undefined;
  #told: number | undefined;

  constructor(options: DiagnosisWatchOptions) {
    this.#options = options;
    this.#days = new LocalDays(options.timezone);
    this.#wait(SOON);
  }

  /** Rejects where the log cannot be read. */
  async findings(): Promise<readonly Finding[]> {
    this.#newest ??= this.#ask();
    return (await this.#newest).findings;
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    this.#timer?.[Symbol.dispose]();
  }

  #now(): number {
    const { clock } = this.#options;
    return wallAt(clock.mapping(), clock.mono()).time;
  }

  #ask(): Promise<Diagnosed> {
    const asked = this.#options.diagnose(this.#now());
    asked.catch(() => {
      if (this.#newest === asked) this.#newest = undefined;
    });
    return asked;
  }

  #wait(ms: number): void {
    if (this.#stopped) return;
    const { clock, log } = this.#options;
    this.#timer = clock.after(ms, () => {
      this.#run().then(
        (next) => this.#wait(next),
        (thrown: unknown) => {
          log.warn('energy.diagnosis-failed', { error: asAgentError(thrown).message });
          this.#wait(SOON);
        },
      );
    });
  }

  /** Gives the wait until the next run, ms. */
  async #run(): Promise<number> {
    const { clock, toldUpTo } = this.#options;
    const { rank, rate } = clock.mapping();
    if (!trusted(rank)) return SOON;
    const now = this.#now();
    const today = this.#days.start(now);
    if (now < today + AFTER_MIDNIGHT && this.#asked !== Number.NEGATIVE_INFINITY) {
      return (today + AFTER_MIDNIGHT - now) / rate;
    }
    if (this.#asked < today) {
      this.#newest = this.#ask();
      const diagnosed = await this.#newest;
      this.#told ??= (await toldUpTo()) ?? Number.NEGATIVE_INFINITY;
      this.#tell(diagnosed, today);
      this.#asked = today;
    }
    return Math.max(SOON, (this.#days.next(today) + AFTER_MIDNIGHT - this.#now()) / rate);
  }

  /** What changed on days that were not told yet; of a log that was never judged only what stands now. */
  #tell({ day, findings, changes }: Diagnosed, today: number): void {
    if (this.#stopped || day === undefined) return;
    const { hub, clock, device } = this.#options;
    const told = this.#told ?? Number.NEGATIVE_INFINITY;
    const open = findings.filter(({ state }) => state === 'open');
    const fresh =
      told === Number.NEGATIVE_INFINITY
        ? open.map((finding) => ({ what: 'opened' as const, finding }))
        : changes.filter((change) => change.day > this.#days.date(told - 1000).date);
    for (const { what, finding } of fresh) {
      const { id, check, branch, severity, since, until, stake, unit, evidence } = finding;
      hub.event({
        event: 'energy',
        severity: what === 'opened' ? severity : 'info',
        device,
        time: clock.mono(),
        body: {
          what: 'finding',
          act: what,
          finding: id,
          check,
          branch,
          since,
          until,
          stake,
          unit,
          evidence: { ...evidence },
        },
      });
    }
    const mapping = clock.mapping();
    // Its time is the end of the last day: after a restart it says up to where findings were told.
    const time = mapping.mono + (today - 1 - mapping.wall) / mapping.rate;
    hub.readings([good({ device, point: FINDINGS_POINT, unit: '1' }, open.length, time)]);
    this.#told = today - 1;
  }
}
