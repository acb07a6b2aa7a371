/** One connector of a charger as a device: its points, its energy, and what it is asked to do. */

import type { DriverContext, NetworkSession, PointWrite, WriteOutcome } from '../../agent/core/driver.ts';
import { AgentError } from '../../agent/core/errors.ts';
import type { ProfilePoint } from '../../agent/core/profile.ts';
import type { Mono, Reading, Value } from '../../agent/core/reading.ts';
import { trusted, wallAt } from '../../agent/core/time/clock.ts';
import { convert, convertible } from '../../agent/core/unit.ts';
import { command, limitInForce, readKeys, trigger, writeKey } from './commands.ts';
import type { Link } from './guest.ts';
import { type MeterValue, pick, type Sample, samplesOf } from './meter-values.ts';
import { ChargerPoints, type Wired } from './points.ts';
import { type DeviceOptions, deviceSchema, type Field, optionsSchema } from './schema.ts';
import type { Boot, Connector } from './station.ts';
import { EnergySums } from './sums.ts';

/** Sums are saved at the begin and end of sessions and otherwise this often, ms: the register tells what lies between. */
const SAVE_EVERY = 600_000;
/** A sample older than this is told at its own time, ms. */
const QUEUED = 60_000;
const WRITE_MS = 8000;
/** Limits and keys are asked for again after so many periods. */
const READ_BACK_TICKS = 20;

export class ChargerSession implements NetworkSession, Connector {
  readonly connector: number;
  readonly password: string | undefined;
  readonly #context: DriverContext;
  readonly #options: DeviceOptions;
  readonly #points: ChargerPoints;
  readonly #period: number;
  readonly #sums: EnergySums;
  readonly #leave: () => Promise<void>;
  readonly #facts = new Map<Field, Value>();
  #link: Link | undefined;
  #timer: Disposable | undefined;
  #saved = Number.NEGATIVE_INFINITY;
  #ticks = 0;
  #closed: Promise<void> | undefined;

  /** `leave`: takes it off the endpoint. */
  constructor(
    context: DriverContext,
    emit: (readings: readonly Reading[]) => void,
    leave: () => Promise<void>,
  ) {
    const { device, memory } = context;
    this.#context = context;
    this.#leave = leave;
    this.#options = deviceSchema.parse(device.options);
    this.connector = this.#options.connector;
    this.password = this.#options.password;
    const { maxPower } = optionsSchema.parse(device.profile.options ?? {});
    // Ids of transactions rise over years, also where the memory was lost.
    const seed = Math.max(1, Math.floor(this.#wall() / 60_000) % 2 ** 26);
    this.#sums = new EnergySums((this.#options.maxPower ?? maxPower) * 1000, memory?.read(), seed);
    this.#period = device.every ?? device.profile.every;
    this.#points = new ChargerPoints(context, (readings) => {
      if (this.#closed === undefined) emit(readings);
    });
    this.#timer = context.clock.after(this.#period, () => this.#tick());
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= (async () => {
      this.#timer?.[Symbol.dispose]();
      this.#save(true);
      await this.#leave();
    })();
    return this.#closed;
  }

  // Told by the station.

  arrived(link: Link): void {
    this.#link = link;
    this.#context.log.info('ocpp.connected', { connector: this.connector });
    this.#tellFields();
    void this.#setUp(link);
  }

  left(): void {
    this.#link = undefined;
    this.#points.forget();
    if (this.#closed !== undefined) return;
    this.#context.log.warn('ocpp.disconnected', { connector: this.connector });
    this.#tellLost();
  }

  booted({ vendor, model, firmware, serial }: Boot): void {
    this.#sums.booted();
    this.#facts.set('vendor', vendor);
    this.#facts.set('model', model);
    if (firmware !== undefined) this.#facts.set('firmware', firmware);
    if (serial !== undefined) this.#facts.set('serial', serial);
    this.#save(true);
    this.#tellFields();
    // What it was told before the boot may be gone; and its answer to the boot has to go out first.
    const link = this.#link;
    if (link !== undefined) this.#context.clock.after(0, () => void this.#setUp(link));
  }

  status(status: string, error: string, vendorError: string | undefined): void {
    this.#facts.set('status', status);
    this.#facts.set('error', error);
    this.#facts.set('vendor-error', vendorError ?? '');
    this.#tellFields();
  }

  progress(of: 'firmware' | 'diagnostics', status: string): void {
    this.#facts.set(`${of}-status`, status);
    this.#tellFields();
  }

  allowed(tag: string): boolean {
    return this.#options.tags?.includes(tag) ?? true;
  }

  meter(values: MeterValue, transaction: number | undefined): void {
    for (const value of values) {
      const samples = samplesOf([value]);
      const time = this.#believed(samples[0]?.time);
      if (transaction !== undefined && transaction > 0 && this.#sums.active?.id !== transaction) {
        this.#sums.adopt(transaction, time);
      }
      this.#count(samples, time);
      this.#points.tellSamples(samples, this.#moment(time));
    }
    this.#tellFields();
    this.#save(false);
  }

  start(key: string, register: number, time: number | undefined): number {
    const at = this.#believed(time);
    this.#sums.take(register, at, this.#wall());
    const id = this.#sums.start(key, at, this.connector % 16);
    this.#context.log.info('ocpp.session', { connector: this.connector, session: id, state: 'begun' });
    this.#save(true);
    this.#tellFields();
    return id;
  }

  stop(
    transaction: number,
    register: number | undefined,
    time: number | undefined,
    values: MeterValue,
  ): boolean {
    if (this.#sums.session?.id !== transaction) return false;
    for (const value of values) {
      const samples = samplesOf([value]);
      this.#count(samples, this.#believed(samples[0]?.time));
    }
    const at = this.#believed(time);
    if (register !== undefined) this.#sums.take(register, at, this.#wall());
    this.#sums.end(transaction, at);
    this.#context.log.info('ocpp.session', {
      connector: this.connector,
      session: transaction,
      state: 'ended',
    });
    this.#save(true);
    this.#tellFields();
    return true;
  }

  /** The register in the sums; the charger's word for a reset is none, so the value alone decides. */
  #count(samples: readonly Sample[], time: number): void {
    const register = pick(samples, { measurand: 'Energy.Active.Import.Register' });
    if (register?.unit === undefined || !convertible(register.unit, 'W.h')) return;
    const judged = this.#sums.take(convert(register.value, register.unit, 'W.h'), time, this.#wall());
    if (judged === 'reset' || judged === 'implausible') {
      this.#context.log.warn(`ocpp.meter-${judged}`, { connector: this.connector, register: register.value });
    }
  }

  /** Unix epoch ms of a sample: the charger's word where it is not from the future. */
  #believed(time: number | undefined): number {
    const now = this.#wall();
    return time === undefined || time > now ? now : time;
  }

  /** What was queued while the link was down is told when it was true, if anybody can say when that was. */
  #moment(time: number): Mono {
    const { clock } = this.#context;
    const now = clock.mono();
    const age = this.#wall() - time;
    const { rank } = wallAt(clock.mapping(), now);
    return age > QUEUED && trusted(rank) ? now - age / clock.mapping().rate : now;
  }

  #field(field: Field): Value | undefined {
    const sums = this.#sums;
    switch (field) {
      case 'connected':
        return this.#link !== undefined;
      case 'boots':
        return sums.boots;
      case 'energy-total':
        return sums.total / 1000;
      case 'sessions':
        return sums.sessions;
      case 'session-active':
        // One that says it is free has no session, whatever it forgot to tell.
        return sums.active !== undefined && this.#facts.get('status') !== 'Available';
      case 'session-id':
        return sums.session?.id;
      case 'session-energy':
        return sums.session && sums.session.energy / 1000;
      case 'session-duration': {
        const { session } = sums;
        return session && Math.max(0, Math.round(((session.ended ?? this.#wall()) - session.began) / 1000));
      }
      default:
        return this.#facts.get(field);
    }
  }

  #tellFields(): void {
    this.#points.tellFields(this.#link !== undefined, (name) => this.#field(name));
  }

  #tellLost(): void {
    this.#tellFields();
    this.#points.tellMissing(() => true, 'communication-failure');
  }

  /** Every period: what is known, what is missing, and a question for the meter outside of sessions. */
  #tick(): void {
    const { clock } = this.#context;
    this.#timer = clock.after(this.#period, () => this.#tick());
    const link = this.#link;
    if (link === undefined) {
      this.#tellLost();
      return;
    }
    this.#tellFields();
    this.#points.tellHeld();
    this.#ticks += 1;
    if (this.#ticks % READ_BACK_TICKS === 0) void this.#readBack(link);
    const fresh = 2.5 * Math.max(this.#period, this.#options.sample);
    const now = clock.mono();
    this.#points.tellMissing(
      ({ wire, told }) => wire.measurand !== undefined && now - told > fresh,
      'not-available',
    );
    if (
      this.#points.all.some(({ wire, told }) => wire.measurand !== undefined && now - told >= this.#period)
    ) {
      void link.call('TriggerMessage', trigger('MeterValues', this.connector)).catch(() => {});
    }
  }

  /** After a boot or a new connection: what to sample how often, and what it has to say for itself. */
  async #setUp(link: Link): Promise<void> {
    const { log } = this.#context;
    const { sample, configure } = this.#options;
    const measurands = [...new Set(this.#points.all.flatMap(({ wire }) => wire.measurand ?? []))];
    const wanted: Readonly<Record<string, Value>> = {
      MeterValuesSampledData: measurands.join(','),
      MeterValueSampleInterval: Math.max(1, Math.round(sample / 1000)),
      ...configure,
    };
    const alone = <T>(what: Promise<T>) => what.catch(() => undefined);
    for (const [key, value] of Object.entries(wanted)) {
      if (this.#link !== link) return;
      const said = await alone(writeKey(link, key, value));
      if (said !== 'Accepted' && said !== undefined) log.info('ocpp.configure', { key, answer: said });
    }
    if (!this.#facts.has('vendor')) await alone(link.call('TriggerMessage', trigger('BootNotification', 0)));
    await alone(link.call('TriggerMessage', trigger('StatusNotification', this.connector)));
    await alone(link.call('TriggerMessage', trigger('MeterValues', this.connector)));
    await this.#readBack(link);
  }

  /** Limits and configuration keys as the charger has them. */
  async #readBack(link: Link): Promise<void> {
    const keys = this.#points.all.flatMap(({ wire }) => wire.key ?? []);
    const values =
      keys.length === 0 ? new Map<string, string>() : await readKeys(link, keys).catch(() => new Map());
    for (const wired of this.#points.all) {
      const { point, wire } = wired;
      if (point.access === 'write' || this.#link !== link) continue;
      if (wire.key !== undefined) {
        const value = typed(point, values.get(wire.key));
        if (value !== undefined) this.#points.tellOne(wired, value);
      } else if (wire.command === 'limit') {
        const holds = await limitInForce(link, this.connector, point.unit === 'A' ? 'A' : 'W');
        if (holds !== undefined) this.#points.tellOne(wired, point.unit === 'kW' ? holds / 1000 : holds);
      }
    }
  }

  async write({ point: id, value }: PointWrite, signal: AbortSignal): Promise<WriteOutcome> {
    const wired = this.#points.find(id);
    const wire = wired?.wire;
    if (wired === undefined || wire === undefined || wired.point.access === 'read') {
      return { kind: 'rejected', reason: `${id} cannot be written` };
    }
    const link = this.#link;
    if (link === undefined) {
      throw new AgentError('link-lost', `write of ${id} failed: the charger is not connected`, {
        retryable: true,
      });
    }
    const { outcome } = await this.#within(this.#carryOut(wired, value, link), signal, id);
    if ('rejected' in outcome) return { kind: 'rejected', reason: outcome.rejected };
    return { kind: 'done', readback: this.#points.tellOne(wired, outcome.done) };
  }

  async #carryOut({ point, wire }: Wired, value: Value, link: Link) {
    if (wire.key !== undefined) {
      const said = await writeKey(link, wire.key, value);
      if (said !== 'Accepted') return { outcome: { rejected: `ChangeConfiguration: ${said}` } };
      const now = typed(point, (await readKeys(link, [wire.key])).get(wire.key));
      return { outcome: { done: now ?? value } };
    }
    const what = wire.command;
    if (what === undefined) return { outcome: { rejected: `${point.id} cannot be written` } };
    const { connector } = this;
    const context = { link, connector, transaction: this.#sums.active?.id, unit: point.unit };
    return { outcome: await command(what, value, context) };
  }

  async #within<T>(work: Promise<T>, signal: AbortSignal, id: string): Promise<T> {
    work.catch(() => {});
    const done = new AbortController();
    const { clock } = this.#context;
    const late = clock.sleep(WRITE_MS, AbortSignal.any([signal, done.signal])).then((): never => {
      throw new AgentError('timeout', `write of ${id} failed: no answer within ${WRITE_MS} ms`);
    });
    late.catch(() => {});
    try {
      return await Promise.race([work, late]);
    } catch (error) {
      if (error instanceof AgentError) throw error;
      signal.throwIfAborted();
      throw new AgentError('device-exception', `write of ${id} failed: ${String(error)}`, { cause: error });
    } finally {
      done.abort();
    }
  }

  #save(now: boolean): void {
    const { memory, clock } = this.#context;
    if (!now && clock.mono() - this.#saved < SAVE_EVERY) return;
    this.#saved = clock.mono();
    memory?.save(String(this.#sums));
  }

  #wall(): number {
    const { clock } = this.#context;
    return wallAt(clock.mapping(), clock.mono()).time;
  }
}

/** A configuration value in the type of its point; undefined where it is none. */
function typed({ type }: ProfilePoint, said: string | undefined): Value | undefined {
  if (said === undefined) return undefined;
  if (type === 'string') return said.slice(0, 500);
  if (type === 'boolean') return said.toLowerCase() === 'true';
  const number = Number(said);
  return said.trim() !== '' && Number.isFinite(number) ? number : undefined;
}
