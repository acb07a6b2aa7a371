/** Text panels, loudspeakers and parking guidance of a pole, started together. */
import { randomUUID } from 'node:crypto';
import type { CommandResult, Submit } from '../../core/command.ts';
import type { Content } from '../../core/content/content.ts';
import type { Publisher, Subscription } from '../../core/hub.ts';
import type { Log } from '../../core/log.ts';
import type { LotConfig, PoleConfig } from '../../core/pole.ts';
import { bad, good, type Reading, type Value } from '../../core/reading.ts';
import { PanelKeeper } from '../../core/sign/panel-keeper.ts';
import { routedPanel } from '../../core/sign/routed-panel.ts';
import { type Clock, wallAt } from '../../core/time/clock.ts';
import { type LotState, lotState, REPEAT } from './guidance.ts';
import { screenShow } from './screen.ts';
import { Speaker } from './speaker.ts';

const LIFE = 60_000;

export interface ScreensOptions {
  readonly pole: Pick<PoleConfig, 'lots' | 'screens' | 'speakers'>;
  readonly content: Content | undefined;
  /** The router's way for controllers. */
  readonly steer: Submit;
  readonly night: () => boolean;
  readonly clock: Clock;
  readonly hub: Publisher & Subscription;
  readonly log: Log;
}

export function startScreens({
  pole,
  content,
  steer,
  night,
  clock,
  hub,
  log,
}: ScreensOptions): AsyncDisposable {
  const stack = new AsyncDisposableStack();
  const write = (device: string, point: string, value: Value): Promise<CommandResult> => {
    const { time } = wallAt(clock.mapping(), clock.mono());
    const expires = time + LIFE * clock.mapping().rate;
    const id = `screen-${randomUUID()}`;
    return steer({ id, device, point, value, issuer: 'control:screens', issued: time, expires });
  };
  const guidance = stack.use(new Guidance(pole.lots, clock, hub));
  for (const screen of pole.screens) {
    const { device, geometry } = screen;
    const panel = routedPanel(device, { geometry, issuer: 'control:screens', steer, hub, clock });
    const lots = () => screen.lots.flatMap((id) => guidance.of(id) ?? []);
    const show = () => screenShow(screen, content, lots(), night());
    stack.use(new PanelKeeper({ panel, show, clock, log, hub }));
  }
  for (const speaker of content === undefined ? [] : pole.speakers) {
    const play = (clip: number) => write(speaker.device, speaker.point, clip);
    if (content !== undefined) stack.use(new Speaker({ speaker, content, play, clock, log }));
  }
  return stack;
}

/** What is free of each lot, told as readings too. */
class Guidance implements Disposable {
  readonly #lots: readonly LotConfig[];
  readonly #clock: Clock;
  readonly #hub: Publisher & Subscription;
  readonly #states = new Map<string, LotState>();
  readonly #listener: Disposable;
  readonly #told = new Map<string, number>();
  #timer: Disposable;

  constructor(lots: readonly LotConfig[], clock: Clock, hub: Publisher & Subscription) {
    this.#lots = lots;
    this.#clock = clock;
    this.#hub = hub;
    this.#listener = hub.onReadings((readings) => {
      const touched = lots.filter(({ places }) =>
        places.some((place) =>
          readings.some((one) => one.device === place.device && one.point === place.point),
        ),
      );
      for (const lot of touched) this.#judge(lot);
    });
    this.#timer = clock.after(0, () => this.#turn());
  }

  of(id: string): LotState | undefined {
    return this.#states.get(id);
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
    this.#listener[Symbol.dispose]();
  }

  #turn(): void {
    this.#timer = this.#clock.after(REPEAT / 6, () => this.#turn());
    for (const lot of this.#lots) this.#judge(lot);
  }

  #judge(lot: LotConfig): void {
    const now = this.#clock.mono();
    const before = this.#states.get(lot.id);
    const state = lotState(lot, (device, point) => this.#hub.latest(device, point), before?.state, now);
    this.#states.set(lot.id, state);
    const same = before?.free === state.free && before?.state === state.state;
    if (same && now - (this.#told.get(lot.id) ?? Number.NEGATIVE_INFINITY) < REPEAT) return;
    this.#told.set(lot.id, now);
    const at = (point: string) => ({ device: lot.id, point, unit: '1' }) as const;
    const free: Reading =
      state.free === undefined ? bad(at('free'), 'not-available', now) : good(at('free'), state.free, now);
    this.#hub.readings([free, good(at('state'), state.state, now)]);
  }
}
