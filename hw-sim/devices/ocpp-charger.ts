/**
 * A simulated charger with one connector that speaks OCPP 1.6J over a WebSocket of its own, written from the standard: boots,
 * says its state, meters, keeps a charging profile, queues what it could not send, and resets its register as real ones do.
 */
import { randomUUID } from 'node:crypto';

export interface OcppChargerOptions {
  /** `ws://127.0.0.1:9220`, without the identity. */
  readonly url: string;
  readonly identity: string;
  readonly password?: string;
  /** Time of the charger, Unix epoch ms. Default the machine's. */
  readonly now?: () => number;
  /** Pause between two tries to connect, ms. Default 200. */
  readonly retry?: number;
  /** When the register goes back to 0. Default never. */
  readonly resets?: 'never' | 'boot' | 'transaction';
  /** What it can deliver, A. Default 32. */
  readonly most?: number;
  /** PEM of the authority that signed the endpoint, for wss. */
  readonly dispatcher?: unknown;
}

type Json = Record<string, unknown>;
type Status =
  | 'Available'
  | 'Preparing'
  | 'Charging'
  | 'SuspendedEVSE'
  | 'Finishing'
  | 'Unavailable'
  | 'Faulted';

const VOLTS = 230;
/** Less than this no vehicle draws. IEC 61851-1 */
const LEAST_AMPS = 6;
const HOUR = 3_600_000;

interface Waiting {
  readonly action: string;
  readonly payload: Json;
  readonly done: (answer: Json) => void;
}

export class OcppCharger implements AsyncDisposable {
  readonly #options: Required<Pick<OcppChargerOptions, 'now' | 'retry' | 'resets' | 'most'>> &
    OcppChargerOptions;
  readonly configuration = new Map<string, string>([
    ['MeterValueSampleInterval', '60'],
    ['MeterValuesSampledData', 'Energy.Active.Import.Register'],
    ['NumberOfConnectors', '1'],
  ]);
  /** What it was asked to do, in order. */
  readonly heard: { readonly action: string; readonly payload: Json }[] = [];
  status: Status = 'Available';
  /** A of the profile in force; undefined: none. */
  limit: number | undefined;
  /** A the vehicle would take. */
  wants = 16;
  /** Wh */
  register: number;
  transaction: number | undefined;
  /** Whether it knows ChargePointMaxProfile, and whether it can tell the schedule in force. */
  knows = { maxProfile: true, composite: true };
  #last: number;
  #socket: WebSocket | undefined;
  #pending = new Map<string, (message: unknown[]) => void>();
  #queue: Waiting[] = [];
  #sending = false;
  #booted = false;
  #stopped = false;
  #again: NodeJS.Timeout | undefined;
  /** Keeps it from connecting. */
  #away = false;

  constructor(options: OcppChargerOptions) {
    this.#options = { now: Date.now, retry: 200, resets: 'never', most: 32, ...options };
    this.register = 12_000;
    this.#last = this.#options.now();
    this.#connect();
  }

  get connected(): boolean {
    return this.#booted;
  }

  /** A drawn now. */
  get amps(): number {
    if (this.status !== 'Charging') return 0;
    const given = Math.min(this.wants, this.limit ?? this.#options.most, this.#options.most);
    return given < LEAST_AMPS ? 0 : given;
  }

  /** The cable is plugged in. */
  async plug(): Promise<void> {
    await this.#become('Preparing');
  }

  /** A tag is held up: asks, and begins where it may. Gives the answer. */
  async tag(idTag: string): Promise<unknown> {
    const { idTagInfo } = await this.#call('Authorize', { idTag });
    const { status } = idTagInfo as Json;
    if (status === 'Accepted') await this.begin(idTag);
    return status;
  }

  async begin(idTag: string): Promise<void> {
    this.#flow();
    if (this.#options.resets === 'transaction') this.register = 0;
    const answer = await this.#call('StartTransaction', {
      connectorId: 1,
      idTag,
      meterStart: Math.round(this.register),
      timestamp: this.#stamp(),
    });
    this.transaction = Number(answer.transactionId);
    await this.#become('Charging');
  }

  async end(reason = 'Local'): Promise<void> {
    this.#flow();
    const transactionId = this.transaction;
    this.transaction = undefined;
    this.status = 'Finishing';
    const ended = this.#call('StopTransaction', {
      transactionId,
      meterStop: Math.round(this.register),
      timestamp: this.#stamp(),
      reason,
    });
    if (this.#booted) await ended;
    await this.#become('Finishing');
  }

  async unplug(): Promise<void> {
    await this.#become('Available');
  }

  /** Samples the meter and says what it shows; queued while the link is down, as a charger does in a session. */
  async sample(context = 'Sample.Periodic'): Promise<void> {
    this.#flow();
    const watts = this.amps * VOLTS;
    const value = (measurand: string, shown: string, unit: string, more: Json = {}) => ({
      value: shown,
      context,
      measurand,
      location: 'Outlet',
      unit,
      ...more,
    });
    const asked = this.configuration.get('MeterValuesSampledData')?.split(',') ?? [];
    const all = [
      value('Energy.Active.Import.Register', (this.register / 1000).toFixed(3), 'kWh'),
      value('Power.Active.Import', watts === 0 ? '-0.00' : watts.toFixed(2), 'W'),
      value('Current.Import', this.amps.toFixed(2), 'A', { phase: 'L1' }),
      value('Current.Import', '0.00', 'A', { phase: 'L2' }),
      value('Current.Import', '-0.00', 'A', { phase: 'L3' }),
      value('Voltage', VOLTS.toFixed(1), 'V', { phase: 'L1-N' }),
      value('Temperature', '31.5', 'Celsius', { location: 'Body' }),
      value('Current.Offered', String(this.limit ?? this.#options.most), 'A'),
    ];
    const sent = this.#call('MeterValues', {
      connectorId: 1,
      ...(this.transaction === undefined ? {} : { transactionId: this.transaction }),
      meterValue: [
        { timestamp: this.#stamp(), sampledValue: all.filter(({ measurand }) => asked.includes(measurand)) },
      ],
    });
    if (this.#booted) await sent;
  }

  heartbeat(): Promise<unknown> {
    return this.#call('Heartbeat', {});
  }

  /** Any call of its own; gives the payload of the answer, rejects with the error's code. */
  ask(action: string, payload: Json): Promise<Json> {
    return this.#call(action, payload);
  }

  /** Power fails for a moment. */
  reboot(): void {
    this.#flow();
    this.limit = undefined;
    if (this.#options.resets === 'boot') this.register = 0;
    this.#drop();
  }

  /** The network is away until it is brought back; what happens meanwhile is queued. */
  cut(): Disposable {
    this.#away = true;
    this.#drop();
    return {
      [Symbol.dispose]: () => {
        this.#away = false;
        this.#connect();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#again);
    const socket = this.#socket;
    const opened = socket?.readyState === WebSocket.OPEN;
    this.#drop();
    // One that never opened says nothing of its end.
    if (opened && socket !== undefined && socket.readyState < WebSocket.CLOSED) {
      await new Promise((resolve) => socket.addEventListener('close', resolve, { once: true }));
    }
  }

  #drop(): void {
    this.#booted = false;
    this.#socket?.close();
    // What had no answer is sent again.
    for (const give of this.#pending.values()) give([]);
    this.#pending.clear();
  }

  /** Energy of the time since the last look. */
  #flow(): void {
    const now = this.#options.now();
    this.register += (this.amps * VOLTS * (now - this.#last)) / HOUR;
    this.#last = now;
  }

  #stamp(): string {
    return new Date(this.#options.now()).toISOString();
  }

  async #become(status: Status): Promise<void> {
    this.#flow();
    this.status = status;
    if (this.#booted) await this.#say();
  }

  async #say(): Promise<void> {
    await this.#call('StatusNotification', {
      connectorId: 1,
      errorCode: 'NoError',
      status: this.status,
      timestamp: this.#stamp(),
    });
  }

  #connect(): void {
    clearTimeout(this.#again);
    if (this.#stopped || this.#away) return;
    const { url, identity, password, dispatcher } = this.#options;
    const authorization = `Basic ${Buffer.from(`${identity}:${password}`).toString('base64')}`;
    const socket = new WebSocket(`${url}/${identity}`, {
      protocols: ['ocpp1.6'],
      ...(password === undefined ? {} : { headers: { authorization } }),
      ...(dispatcher === undefined ? {} : { dispatcher }),
    } as never);
    this.#socket = socket;
    socket.addEventListener('open', () => void this.#boot().catch(() => {}));
    socket.addEventListener('message', ({ data }) => this.#hear(String(data)));
    socket.addEventListener('error', () => {});
    socket.addEventListener('close', () => {
      if (this.#socket !== socket) return;
      this.#drop();
      this.#again = setTimeout(() => this.#connect(), this.#options.retry);
    });
  }

  async #boot(): Promise<void> {
    await this.#exchange('BootNotification', {
      chargePointVendor: 'Kerbside',
      chargePointModel: 'hw-sim AC',
      firmwareVersion: '1.2.3',
      chargePointSerialNumber: 'SIM-0817',
    });
    this.#booted = true;
    void this.#drain();
    await this.#say();
  }

  /** One call at a time, as the standard has it; transactions and their values wait for the link. OCPP-J 1.6 §4.1.1 */
  #call(action: string, payload: Json): Promise<Json> {
    const { promise, resolve } = Promise.withResolvers<Json>();
    this.#queue.push({ action, payload, done: resolve });
    void this.#drain();
    return promise;
  }

  async #drain(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    try {
      while (this.#booted) {
        const next = this.#queue[0];
        if (next === undefined) return;
        const answer = await this.#exchange(next.action, next.payload).catch((error: Error) => ({
          error: error.message,
        }));
        if (answer === undefined) return;
        this.#queue.shift();
        next.done(answer);
      }
    } finally {
      this.#sending = false;
    }
  }

  /** Undefined: the link was lost before the answer. */
  async #exchange(action: string, payload: Json): Promise<Json | undefined> {
    const id = randomUUID();
    const { promise, resolve } = Promise.withResolvers<unknown[]>();
    this.#pending.set(id, resolve);
    this.#socket?.send(JSON.stringify([2, id, action, payload]));
    const answer = await promise;
    if (answer.length === 0) return undefined;
    if (answer[0] === 4) throw new Error(String(answer[2]));
    return answer[2] as Json;
  }

  #hear(text: string): void {
    const message = JSON.parse(text) as unknown[];
    const [kind, id, action, payload] = message;
    if (kind !== 2) {
      this.#pending.get(String(id))?.(message);
      this.#pending.delete(String(id));
      return;
    }
    const asked = payload as Json;
    this.heard.push({ action: String(action), payload: asked });
    const answer = this.#obey(String(action), asked);
    this.#socket?.send(
      JSON.stringify(answer === undefined ? [4, id, 'NotImplemented', '', {}] : [3, id, answer]),
    );
  }

  #obey(action: string, asked: Json): Json | undefined {
    const accepted = { status: 'Accepted' };
    const later = (act: () => Promise<unknown>) => void setTimeout(() => void act().catch(() => {}), 1);
    switch (action) {
      case 'ChangeConfiguration':
        if (asked.key === 'NumberOfConnectors') return { status: 'Rejected' };
        this.configuration.set(String(asked.key), String(asked.value));
        return accepted;
      case 'GetConfiguration': {
        const keys = asked.key as string[];
        return {
          configurationKey: keys
            .filter((key) => this.configuration.has(key))
            .map((key) => ({ key, readonly: false, value: this.configuration.get(key) })),
          unknownKey: keys.filter((key) => !this.configuration.has(key)),
        };
      }
      case 'TriggerMessage':
        if (asked.requestedMessage === 'MeterValues') later(() => this.sample('Trigger'));
        else if (asked.requestedMessage === 'StatusNotification') later(() => this.#say());
        else if (asked.requestedMessage === 'Heartbeat') later(() => this.heartbeat());
        else return { status: 'NotImplemented' };
        return accepted;
      case 'SetChargingProfile':
        return this.#profile(asked);
      case 'GetCompositeSchedule': {
        if (!this.knows.composite) return undefined;
        const limit = Math.min(this.limit ?? this.#options.most, this.#options.most);
        return {
          status: 'Accepted',
          connectorId: asked.connectorId,
          scheduleStart: this.#stamp(),
          chargingSchedule: {
            duration: asked.duration,
            chargingRateUnit: 'A',
            chargingSchedulePeriod: [{ startPeriod: 0, limit }],
          },
        };
      }
      case 'RemoteStartTransaction':
        if (this.status !== 'Preparing') return { status: 'Rejected' };
        later(() => this.begin(String(asked.idTag)));
        return accepted;
      case 'RemoteStopTransaction':
        if (asked.transactionId !== this.transaction) return { status: 'Rejected' };
        later(() => this.end('Remote'));
        return accepted;
      case 'Reset':
        later(async () => this.reboot());
        return accepted;
      case 'UnlockConnector':
        return { status: 'Unlocked' };
      case 'ChangeAvailability':
        later(() => this.#become(asked.type === 'Operative' ? 'Available' : 'Unavailable'));
        return accepted;
      default:
        return undefined;
    }
  }

  #profile(asked: Json): Json {
    const profile = asked.csChargingProfiles as Json;
    if (profile.chargingProfilePurpose === 'ChargePointMaxProfile' && !this.knows.maxProfile) {
      return { status: 'NotSupported' };
    }
    const schedule = profile.chargingSchedule as Json;
    const [period] = schedule.chargingSchedulePeriod as Json[];
    this.#flow();
    const limit = Number(period?.limit);
    this.limit = schedule.chargingRateUnit === 'W' ? limit / VOLTS : limit;
    return { status: 'Accepted' };
  }
}
