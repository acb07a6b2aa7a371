/** Network neighbours of a pole (access point, camera, controller): whether they are there, how fast, how much is lost. */
import { type DriverContext, defineDriver } from '../../agent/core/driver.ts';
import { AgentError } from '../../agent/core/errors.ts';
import type { Issue } from '../../agent/core/profile.ts';
import type { Reading } from '../../agent/core/reading.ts';
import type { DeviceConfig } from '../../agent/core/site.ts';
import { schemaIssues, shown } from '../issues.ts';
import { fieldIssues } from '../own-line.ts';
import { Teller } from '../teller.ts';
import { probe, type Target } from './probe.ts';
import { deviceSchema, FIELDS, optionsSchema, wireSchema } from './schema.ts';

const PORTS = { tcp: 80, http: 80, https: 443 } as const;
const TIMEOUT = 3000;

/** `reachable` is a boolean; the rest are numbers. */
const NUMBERS = { latency: FIELDS.latency, loss: FIELDS.loss, outages: FIELDS.outages } as const;

export default defineDriver({
  protocol: 'reach',
  kind: 'network',
  checkProfile(profile) {
    const numbers = profile.points.filter(
      ({ wire }) => wireSchema.safeParse(wire).data?.field !== 'reachable',
    );
    const issues = fieldIssues({ ...profile, points: numbers }, optionsSchema, wireSchema, NUMBERS).map(
      ({ path, ...rest }): Issue => {
        const [list, i, ...more] = path;
        const point = list === 'points' && typeof i === 'number' ? numbers[i] : undefined;
        return point === undefined
          ? { path, ...rest }
          : { path: ['points', profile.points.indexOf(point), ...more], ...rest };
      },
    );
    return [
      ...issues,
      ...profile.points.flatMap((point, i): Issue[] => {
        const isState = wireSchema.safeParse(point.wire).data?.field === 'reachable';
        if (!isState || (point.type === 'boolean' && point.access === 'read')) return [];
        return [
          { path: ['points', i, 'type'], message: `expected a boolean that is read, got ${point.type}` },
        ];
      }),
    ];
  },
  checkDevice(device) {
    const issues: Issue[] = [...schemaIssues(deviceSchema, device.options, ['options'])];
    const { address } = device;
    if (typeof address !== 'string' || !/^[A-Za-z0-9.:_-]{1,253}$/.test(address)) {
      issues.push({
        path: ['address'],
        message: `expected a host name or address, got ${shown(address)}`,
        fix: 'write address: "192.168.1.20"',
      });
    }
    return issues;
  },
  start: (context, emit) => new Watch(context, emit),
});

function targetOf(device: DeviceConfig): Target & { readonly timeout: number } {
  const options = optionsSchema.parse(device.profile.options ?? {});
  const own = deviceSchema.parse(device.options);
  const check = own.check ?? options.check ?? 'tcp';
  return {
    check,
    host: String(device.address),
    port: own.port ?? options.port ?? PORTS[check],
    path: own.path ?? options.path ?? '/',
    refused: own.refused ?? options.refused ?? 'up',
    timeout: own.timeout ?? options.timeout ?? TIMEOUT,
  };
}

/** Looks once a period, one look at a time. */
class Watch implements AsyncDisposable {
  readonly #context: DriverContext;
  readonly #teller: Teller;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #seen: boolean[] = [];
  #failing = 0;
  #there: boolean | undefined;
  #outages = 0;

  constructor(context: DriverContext, emit: (readings: readonly Reading[]) => void) {
    this.#context = context;
    this.#outages = Number(context.memory?.read() ?? 0) || 0;
    const fieldOf = ({ wire }: { readonly wire: unknown }) => wireSchema.parse(wire).field;
    this.#teller = new Teller(context, emit, { fieldOf, units: NUMBERS, everyFrame: true });
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new AgentError('aborted', `watch of ${this.#context.device.id} closed`));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { device, clock } = this.#context;
    const { signal } = this.#stop;
    const target = targetOf(device);
    const options = optionsSchema.parse(device.profile.options ?? {});
    const period = device.every ?? device.profile.every;
    while (!signal.aborted) {
      const started = clock.mono();
      const limit = new AbortController();
      const timer = clock.after(Math.min(target.timeout, period), () => limit.abort());
      const answered = await probe(target, AbortSignal.any([signal, limit.signal]));
      timer[Symbol.dispose]();
      if (signal.aborted) return;
      this.#take(answered, clock.mono() - started, options.fails, options.window);
      await clock.sleep(Math.max(0, started + period - clock.mono()), signal).catch(() => {});
    }
  }

  #take(answered: boolean, latency: number, fails: number, window: number): void {
    const { memory, clock, log, device } = this.#context;
    this.#seen.push(answered);
    if (this.#seen.length > window) this.#seen.shift();
    this.#failing = answered ? 0 : this.#failing + 1;
    const was = this.#there;
    if (answered) this.#there = true;
    else if (this.#failing >= fails) this.#there = false;
    if (was === true && this.#there === false) {
      this.#outages += 1;
      memory?.save(String(this.#outages));
    }
    if (was !== undefined && was !== this.#there) {
      log.info(this.#there === true ? 'reach.back' : 'reach.away', { device: device.id });
    }
    const lost = this.#seen.filter((one) => !one).length;
    this.#teller.take(
      {
        // Before the first answer, and before so many failures, nobody knows.
        reachable: this.#there ?? { reason: 'not-available' },
        latency: answered ? Math.round(latency * 10) / 10 : { reason: 'timeout' },
        loss: (100 * lost) / this.#seen.length,
        outages: this.#outages,
      },
      clock.mono(),
    );
  }
}
