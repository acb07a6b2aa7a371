/**
 * An agent as data, for tests of what stands on `AgentView`: a site with two meters, a board and a camera, whose
 * readings, health, ledger and commands the test sets.
 */

import { Alarms } from '../../agent/control/alarms/alarms.ts';
import type { AlarmActs, AlarmTold } from '../../agent/core/alarm/alarm.ts';
import type { PrivacyConfig } from '../../agent/core/camera.ts';
import type { Command, CommandResult } from '../../agent/core/command.ts';
import type { ExplainedFrame } from '../../agent/core/frame-tap.ts';
import type { LampTonight } from '../../agent/core/lighting/view.ts';
import { silent } from '../../agent/core/log.ts';
import type { Reading } from '../../agent/core/reading.ts';
import type { AgentEvent, EventKind, LoggedEvent } from '../../agent/core/record.ts';
import type { ArrivalBoard } from '../../agent/core/sign/arrival.ts';
import type { ScreenView } from '../../agent/core/sign/screen.ts';
import type { Site } from '../../agent/core/site.ts';
import type { Clock } from '../../agent/core/time/clock.ts';
import { wallAt } from '../../agent/core/time/clock.ts';
import { LocalDays } from '../../agent/core/time/local-days.ts';
import type {
  AgentView,
  Bucket,
  FoundInFrame,
  Ledger,
  PartHealth,
  Preview,
  RefusedRecord,
} from '../../agent/core/view.ts';
import { VirtualPoints } from '../../agent/derive/virtual.ts';
import { sensePlan } from '../../agent/sense/plan.ts';
import { Sense } from '../../agent/sense/sense.ts';
import { acceptanceData } from './acceptance-data.ts';
import {
  ALARMS,
  ARRIVALS,
  BOARD,
  CAMERA,
  DEVICES,
  LINE,
  METER,
  STATION,
  UPLINK,
  VIRTUAL,
} from './agent-site.ts';
import { commissioningData } from './commissioning-data.ts';
import { configData } from './config-data.ts';
import { ENERGY, energyOver, peakLimitOver } from './energy-data.ts';

/** Listeners of the alarms: readings and events of the engine, readings of the button. */
const ALWAYS = 3;

export interface AgentDataOptions {
  readonly clock: Clock;
  readonly rate?: number;
  readonly preview?: boolean;
  readonly privacy?: PrivacyConfig;
  readonly console?: Site['console'];
}

/** A bus five minutes away from the stop. */

/** Where no test says otherwise, everything is fine and nothing has happened yet. */
export class AgentData implements AgentView {
  readonly site: Site;
  readonly #clock: Clock;
  readonly #latest = new Map<string, Reading>();
  readonly #readingListeners = new Set<(readings: readonly Reading[]) => void>();
  readonly #eventListeners = new Set<(event: AgentEvent) => void>();
  readonly #healthListeners = new Set<(part: PartHealth) => void>();
  readonly #parts = new Map<string, PartHealth>();
  readonly submitted: Command[] = [];
  readonly audited: AgentEvent['body'][] = [];
  previews = 0;
  unblurred = 0;
  ledgerList: Ledger[] = [];
  frame: Preview | undefined;
  ticket: string | undefined;
  board: ArrivalBoard | undefined = ARRIVALS;
  recent: { command: Command; result: CommandResult }[] = [];
  answer: (command: Command) => Promise<CommandResult> = async ({ id, value }) => ({
    id,
    state: 'done',
    readback: value,
    at: this.now(),
  });
  buckets: (device: string, point: string, from: number, to: number, bucket: number) => readonly Bucket[] =
    () => [];

  readonly config = configData();

  constructor({ clock, rate = 1, preview = true, privacy, console: page }: AgentDataOptions) {
    this.#clock = clock;
    this.site = {
      id: 'demo-street',
      title: { en: 'Demo street', zh: '示范街' },
      timezone: 'Asia/Shanghai',
      position: { lat: 31.2304, lon: 121.4737, datum: 'WGS84' },
      agent: { id: 'pole-0817' },
      state: '/nowhere',
      rate,
      log: { window: 5000, budget: 512e6, maxAge: 30 * 86_400_000, ring: 20e6 },
      lines: [LINE],
      devices: DEVICES,
      cameras: [
        {
          id: 'camera-1',
          title: { en: 'Street camera', zh: '街道摄像机' },
          source: 'http://127.0.0.1:9/snapshot.jpg',
          rate: 6,
          tasks: ['vehicles', 'faces'],
          preview,
          every: 10_000,
        },
      ],
      lamps: [{ id: 'lamp-1', device: 'board', point: 'lamp-level', overrideFor: 3_600_000 }],
      programmes: [],
      alarms: ALARMS,
      energy: ENERGY,
      interlocks: [],
      pole: {
        tenants: [
          {
            id: 'cell',
            title: { en: '5G cell', zh: '基站' },
            meters: [{ device: 'meter-feeder', point: 'energy-import', share: 0.5, every: 5000 }],
            issuers: [],
            commands: [],
          },
        ],
        lots: [],
        screens: [],
        speakers: [],
      },
      uplinks: [UPLINK],
      ...(privacy === undefined ? {} : { privacy }),
      console: page ?? { host: '127.0.0.1', port: 0 },
      nodeRed: { host: '127.0.0.1', port: 0, enabled: true, heap: 192e6 },
    };
    this.sense = new Sense({
      plan: sensePlan(DEVICES),
      clock,
      log: silent,
      hub: {
        readings: () => {},
        event: () => {},
        record: async () => {},
      },
      onHealth: () => {},
      days: new LocalDays('Asia/Shanghai'),
    });
    this.virtual = new VirtualPoints({
      devices: VIRTUAL,
      clock,
      hub: {
        ...this.hub,
        readings: (readings) => this.publish(readings),
        event: (event) => this.event(event),
      },
      log: silent,
    });
    void this.sense.remember({ marks: async () => [], latest: async () => [] });
    const alarms = new Alarms({
      config: ALARMS,
      clock,
      hub: {
        ...this.hub,
        readings: (readings) => this.publish(readings),
        event: (event) => this.event(event),
        record: async (events) => {
          for (const event of events) this.event(event);
        },
      },
      log: silent,
      days: new LocalDays('Asia/Shanghai'),
    });
    void alarms.remember({ marks: async () => [] });
    alarms.connect(async ({ id, value }) => ({ id, state: 'done', readback: value, at: this.now() }));
    this.alarms = alarms.acts(async (limit) => this.told.slice(0, limit));
  }

  readonly hub = {
    latest: (device: string, point: string) => this.#latest.get(`${device}/${point}`),
    onReadings: (listener: (readings: readonly Reading[]) => void) => kept(this.#readingListeners, listener),
    onEvent: (listener: (event: AgentEvent) => void) => kept(this.#eventListeners, listener),
  };

  /** The real thing, with a log that remembers nothing. */
  readonly sense: Sense;

  /** The real virtual points. */
  readonly virtual: VirtualPoints;

  /** The same of alarms: a door, and a help button. */
  readonly alarms: AlarmActs;
  told: AlarmTold[] = [];

  /** The real account, over registers by a plain rule. */
  readonly energy = energyOver(() => this.now());
  readonly peakLimit = peakLimitOver(() => this.now());
  readonly commissioning = commissioningData();
  readonly acceptanceData = acceptanceData();

  acceptance() {
    return this.acceptanceData;
  }

  /** How many listen, but the alarms, which always do. */
  get listeners(): number {
    return this.#readingListeners.size + this.#eventListeners.size + this.#healthListeners.size - ALWAYS;
  }

  now(): number {
    return this.wall(this.#clock.mono());
  }

  wall(mono: number): number {
    return wallAt(this.#clock.mapping(), mono).time;
  }

  descriptions(): ReturnType<AgentView['descriptions']> {
    const described = DEVICES.map(({ id, title, profile: { class: kind, brand, model } }, i) => ({
      hash: `hash-${i}`,
      description: {
        device: id,
        title,
        class: kind,
        brand,
        model,
        points: [METER, METER, STATION, BOARD][i] ?? [],
      },
    }));
    const [camera] = this.site.cameras;
    if (camera === undefined) return described;
    const { id, title } = camera;
    return [
      ...described,
      {
        hash: 'hash-camera',
        description: { device: id, title, class: 'camera', brand: 'Test', model: 'camera', points: CAMERA },
      },
    ];
  }

  health(): readonly PartHealth[] {
    return [...this.#parts.values()];
  }

  onHealth(listener: (part: PartHealth) => void): Disposable {
    return kept(this.#healthListeners, listener);
  }

  ledgers(): readonly Ledger[] {
    return this.ledgerList;
  }

  async history(
    device: string,
    point: string,
    from: number,
    to: number,
    bucket: number,
    signal: AbortSignal,
  ): Promise<readonly Bucket[]> {
    signal.throwIfAborted();
    return this.buckets(device, point, from, to, bucket);
  }

  async submit(command: Command): Promise<CommandResult> {
    this.submitted.push(command);
    const result = await this.answer(command);
    this.recent.unshift({ command, result });
    this.event({ event: 'command', severity: 'info', time: this.#clock.mono(), body: { id: command.id } });
    return result;
  }

  async diagnose(): ReturnType<NonNullable<AgentView['diagnose']>> {
    const files = [{ name: 'log.jsonl', what: 'the newest lines of the log', bytes: 12, cut: true as const }];
    const file = '/var/lib/kerbside/diagnostics/diagnostics.tar.gz';
    return { file, bytes: 900, files, left_out: [{ what: 'pictures', why: 'none is ever kept' }] };
  }

  async recentCommands(limit: number): Promise<readonly { command: Command; result: CommandResult }[]> {
    return this.recent.slice(0, limit);
  }

  audit(body: AgentEvent['body']): void {
    this.audited.push(body);
  }

  async boxes(): Promise<FoundInFrame | undefined> {
    return this.frame;
  }

  async preview(_camera?: string, blur = true): Promise<Preview | undefined> {
    this.previews += 1;
    if (!blur) this.unblurred += 1;
    return this.frame;
  }

  /** What the screen of the sign shows; undefined: there is none. */
  seen: ScreenView | undefined = {
    state: 'proven',
    problems: [],
    restarts: 0,
    unproven: 2000,
    url: 'http://127.0.0.1:8082',
    palette: 'day',
    brightness: 1,
    stop: '柳泉路人民路口 · Liuquan Road',
    time: '08:31',
    updated: '更新 08:31:12',
    lines: [
      {
        id: 'L7',
        badge: '7',
        to: '火车东站 · East Station',
        times: [{ state: 'live', text: '3 分钟 min' }],
        spoken: '7路，开往火车东站，3分钟后到',
      },
    ],
    notices: [],
    media: [],
  };

  screen(): ScreenView | undefined {
    return this.seen;
  }

  arrivals(): ArrivalBoard | undefined {
    return this.board;
  }

  tonight: LampTonight[] = [{ lamp: 'lamp-1', device: 'board', point: 'lamp-level' }];

  lamps(): readonly LampTonight[] {
    return this.tonight;
  }

  refused: RefusedRecord[] = [];

  async refusals(limit: number): Promise<readonly RefusedRecord[]> {
    return this.refused.slice(0, limit);
  }

  /** Lane event, oldest first. */
  happened: LoggedEvent[] = [];

  async events(
    kinds: readonly EventKind[],
    limit: number,
    before = Number.POSITIVE_INFINITY,
  ): Promise<readonly LoggedEvent[]> {
    return this.happened
      .filter(({ seq, event }) => seq < before && kinds.includes(event))
      .toReversed()
      .slice(0, limit);
  }

  /** Who looks at raw frames of which device. */
  readonly looks = new Map<string, (frame: ExplainedFrame) => void>();

  async frames(device: string, listener: (frame: ExplainedFrame) => void): Promise<Disposable | undefined> {
    if (!this.site.devices.some(({ id }) => id === device)) return undefined;
    this.looks.set(device, listener);
    return { [Symbol.dispose]: () => void this.looks.delete(device) };
  }

  async nodeRedTicket(): Promise<string | undefined> {
    return this.ticket;
  }

  /** Publishes readings as the hub does. */
  publish(readings: readonly Reading[]): void {
    for (const reading of readings) this.#latest.set(`${reading.device}/${reading.point}`, reading);
    for (const listener of [...this.#readingListeners]) listener(readings);
  }

  event(event: AgentEvent): void {
    for (const listener of [...this.#eventListeners]) listener(event);
  }

  setHealth(part: PartHealth): void {
    this.#parts.set(part.part, part);
    for (const listener of [...this.#healthListeners]) listener(part);
  }
}

function kept<T>(set: Set<T>, item: T): Disposable {
  set.add(item);
  return { [Symbol.dispose]: () => void set.delete(item) };
}
