/**
 * The tour: three minutes in which every promise is kept before one's eyes. A list of stations, each with its moment,
 * what it says in both languages, and what it does to the street. A showroom lets it begin again at its end.
 */
import type { Ground, Words } from './breakable.ts';
import type { Stage } from './stage.ts';
import { hastenSunset } from './sunset.ts';

export interface Station {
  /** Seconds since the tour began. */
  readonly at: number;
  readonly id: string;
  readonly says: Words;
  /** Part of the drawing that the eye should go to. */
  readonly look: 'street' | 'lamp' | 'meter' | 'city' | 'sign' | 'agent' | 'sos' | 'flows' | 'ledger';
  readonly does?: (on: { readonly stage: Stage; readonly ground: TourGround }) => Promise<void> | void;
}

export type TourGround = Pick<Ground, 'street' | 'eye'>;

/** Seconds at which the street's clock begins to run faster, and at which the sun is down. */
const [SUNSET, NIGHT] = [4, 20];
/** Level at which a lamp is lit, %: the lowest that a class of road allows. */
const LIT = 30;
/** From there the lamp has so long to come on, ms. */
const LAMP_MS = 12_000;

export const STATIONS: readonly Station[] = [
  {
    at: 0,
    id: 'dusk',
    look: 'street',
    says: {
      en: 'A street at dusk. One pole reads its meters, counts what passes and shows when the bus comes.',
      zh: '黄昏的街道。一根灯杆采集电表、统计车流，并告诉乘客公交何时到站。',
    },
  },
  {
    at: SUNSET,
    id: 'sunset',
    look: 'street',
    says: {
      en: 'The sun goes down: the clock of the street runs faster until it is dark.',
      zh: '夕阳西下：街道时钟加速，直到天黑。',
    },
    does: ({ ground }) => hastenSunset(ground.street, (NIGHT - SUNSET) * 1000),
  },
  {
    at: NIGHT,
    id: 'lamp',
    look: 'lamp',
    says: {
      en: 'The lamp comes on by itself: its programme knows the sun. The board reads the level back, and the meter sees every watt.',
      zh: '路灯自行点亮：调光方案自己知道太阳的位置。控制板回读亮度，电表看到每一瓦。',
    },
    does: ({ ground }) => lampLit(ground),
  },
  {
    at: 40,
    id: 'cable',
    look: 'meter',
    says: {
      en: 'Somebody pulls the meter’s cable. One device turns grey, the others on its line keep their rate.',
      zh: '有人拔掉电表线缆：一台设备变灰，同一总线上的其他设备采集速率不变。',
    },
    does: ({ stage }) => stage.strike('cable'),
  },
  {
    at: 55,
    id: 'cable-back',
    look: 'meter',
    says: { en: 'Plugged in again.', zh: '重新插好。' },
    does: ({ stage }) => stage.undo('cable'),
  },
  {
    at: 60,
    id: 'city',
    look: 'city',
    says: {
      en: 'The link to the city is cut. The backlog grows in the log of the pole; riders still see their buses.',
      zh: '城市链路被切断。积压在灯杆本地日志中增长，乘客照样看到公交。',
    },
    does: ({ stage }) => stage.strike('city'),
  },
  {
    at: 100,
    id: 'city-back',
    look: 'ledger',
    says: {
      en: 'The link is back. Live values go first, the backlog follows in order: nothing missing, nothing doubled.',
      zh: '链路恢复。实时数据优先，积压按序补传：无缺失，无重复。',
    },
    does: ({ stage }) => stage.undo('city'),
  },
  {
    at: 120,
    id: 'kill',
    look: 'agent',
    says: {
      en: 'kill -9: the agent dies as in a power cut, and is back within seconds. Still nothing missing.',
      zh: 'kill -9：代理如断电般消失，数秒后恢复，依然无缺失。',
    },
    does: ({ stage }) => stage.strike('kill'),
  },
  {
    at: 140,
    id: 'sos',
    look: 'sos',
    says: {
      en: 'Somebody presses SOS. Full light at once, and the alarm stands until a person acknowledges it.',
      zh: '有人按下 SOS：路灯立即全亮，报警一直保持到有人确认。',
    },
    does: ({ stage }) => stage.strike('sos'),
  },
  {
    at: 155,
    id: 'sos-over',
    look: 'sos',
    says: { en: 'Acknowledged, by name, in the audit trail.', zh: '已由具名人员确认，并记入审计。' },
    does: ({ stage }) => stage.undo('sos'),
  },
  {
    at: 160,
    id: 'flows',
    look: 'flows',
    says: {
      en: 'What dims the lamp is a flow that a technician changes in Node-RED and deploys while all runs.',
      zh: '路灯的调光逻辑是 Node-RED 流程，技术人员可随时修改并在线部署。',
    },
    does: ({ stage }) => stage.strike('dim'),
  },
  {
    at: 172,
    id: 'flows-back',
    look: 'flows',
    says: { en: 'And back as it was.', zh: '再恢复原样。' },
    does: ({ stage }) => stage.undo('dim'),
  },
  {
    at: 180,
    id: 'end',
    look: 'ledger',
    says: {
      en: 'Served, stored, acknowledged. Missing 0, doubled 0. Now break something yourself.',
      zh: '已采集、已存储、已确认；缺失 0，重复 0。现在请您亲手试试。',
    },
  },
];

/** A showroom's tour begins again so long after its end, s. */
const PAUSE = 20;

export interface TourMoment {
  readonly station: string;
  readonly look: Station['look'];
  readonly says: Words;
  /** Seconds since it began, and how long it takes. */
  readonly at: number;
  readonly length: number;
  /** What a station could not do. */
  readonly failed: string | null;
}

export class Tour implements Disposable {
  readonly #stage: Stage;
  readonly #ground: TourGround;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #begun = 0;
  #station: Station | undefined;
  #failed: string | undefined;

  constructor(stage: Stage, ground: TourGround) {
    this.#stage = stage;
    this.#ground = ground;
  }

  /** Where it is; undefined: it does not run. */
  get moment(): TourMoment | undefined {
    const station = this.#station;
    if (station === undefined) return undefined;
    return {
      station: station.id,
      look: station.look,
      says: station.says,
      at: Math.round((performance.now() - this.#begun) / 1000),
      length: STATIONS.at(-1)?.at ?? 0,
      failed: this.#failed ?? null,
    };
  }

  /** Begins it anew, everything undone first. `loop`: again and again, for a showroom. */
  async start(loop = false): Promise<void> {
    this.stop();
    await this.#stage.undoAll();
    this.#begun = performance.now();
    for (const station of STATIONS) this.#later(station.at, () => this.#reach(station));
    const end = (STATIONS.at(-1)?.at ?? 0) + PAUSE;
    this.#later(end, () => (loop ? void this.start(true).catch(() => undefined) : this.stop()));
  }

  stop(): void {
    const { clock, speed } = this.#ground.street;
    if (clock.rate !== speed) clock.turn(speed);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#station = undefined;
    this.#failed = undefined;
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #reach(station: Station): void {
    this.#station = station;
    this.#failed = undefined;
    const does = async (): Promise<void> => station.does?.({ stage: this.#stage, ground: this.#ground });
    does().catch((error: unknown) => {
      this.#failed = error instanceof Error ? error.message : String(error);
    });
  }

  #later(seconds: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, seconds * 1000);
    this.#timers.add(timer);
  }
}

/** Until the board has read back that the lamp is lit; then the street has its own pace again. */
async function lampLit({ eye, street }: TourGround): Promise<void> {
  const lit = () => Number(eye.readings.get('board/lamp-level')?.value ?? 0) >= LIT;
  try {
    await eye.until(lit, AbortSignal.timeout(LAMP_MS));
  } catch (cause) {
    throw new Error(`the lamp was not lit within ${LAMP_MS / 1000} s of night`, { cause });
  } finally {
    if (street.clock.rate !== street.speed) street.clock.turn(street.speed);
  }
}
