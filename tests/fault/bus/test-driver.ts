/** A polled driver for these tests, and the readings that a line publishes. Checks each answer against its request. */
import type { Poll, PolledDriver, PolledSession } from '../../../agent/core/driver.ts';
import { defineDriver } from '../../../agent/core/driver.ts';
import { AgentError } from '../../../agent/core/errors.ts';
import type { Publisher } from '../../../agent/core/hub.ts';
import type { Exchange } from '../../../agent/core/link.ts';
import { good, type Reading } from '../../../agent/core/reading.ts';
import type { AgentEvent } from '../../../agent/core/record.ts';
import type { DeviceConfig, LineConfig } from '../../../agent/core/site.ts';
import { readMatcher, readRequest, words, writeMatcher, writeRequest } from './modbus-words.ts';
import type { SimLine } from './sim-line.ts';

export interface PollSpec {
  readonly address: number;
  readonly count: number;
  readonly period: number;
}

export const serialLine: LineConfig = {
  id: 'rs485',
  kind: 'serial',
  port: '/dev/null',
  timeout: 300,
  serial: { baud: 9600, dataBits: 8, parity: 'none', stopBits: 1 },
};

export function device(unit: number, polls: readonly PollSpec[], line = 'rs485'): DeviceConfig {
  return {
    id: `meter-${unit}`,
    title: { en: `Meter ${unit}` },
    line,
    address: unit,
    options: {},
    profile: {
      id: 'test-meter',
      title: { en: 'Test' },
      class: 'electricity-meter',
      brand: 'test',
      model: 'meter',
      protocol: 'test',
      source: 'made up',
      every: 1000,
      options: { polls },
      points: polls.map(({ address }) => ({
        id: `r${address}`,
        title: { en: 'Register' },
        type: 'number',
        unit: 'V',
        access: 'read-write',
        aggregation: 'mean',
        lane: 'telemetry',
        wire: null,
      })),
    },
  };
}

export interface TestDriver {
  readonly driver: PolledDriver;
  /** Values taken that were not the answer to the request just sent. Must stay empty. */
  readonly wrong: string[];
}

/** `sim`: where the truth is. Probes read one register at address 0x7000. */
export function testDriver(sim: SimLine): TestDriver {
  const wrong: string[] = [];
  const read = async (
    unit: number,
    spec: { readonly address: number; readonly count: number },
    exchange: Exchange,
    signal: AbortSignal,
  ) => {
    const before = sim.requests;
    const { bytes, time } = await exchange(
      { bytes: readRequest(unit, spec.address, spec.count), match: readMatcher(unit, spec.count) },
      signal,
    );
    if (((bytes[1] ?? 0) & 0x80) !== 0) {
      throw new AgentError('device-exception', `read of ${spec.address} failed: exception ${bytes[2]}`);
    }
    const [address, ...rest] = words(bytes);
    const fresh = rest.every((value) => value > before && value <= sim.requests);
    if (address !== spec.address || bytes[0] !== unit || !fresh) {
      wrong.push(
        `unit ${unit} address ${spec.address}: got ${address}, ${rest[0]} at request ${sim.requests}`,
      );
    }
    return { value: rest[0] ?? 0, time };
  };
  const open = (config: DeviceConfig): PolledSession => {
    const unit = Number(config.address);
    const options = config.profile.options as { readonly polls: readonly PollSpec[] };
    const polls = options.polls.map(
      (spec): Poll => ({
        id: `fc3@${spec.address}+${spec.count}`,
        points: [`r${spec.address}`],
        period: spec.period,
        requestBytes: 8,
        answerBytes: 5 + 2 * spec.count,
        async execute(exchange, signal) {
          const { value, time } = await read(unit, spec, exchange, signal);
          return [good({ device: config.id, point: `r${spec.address}`, unit: 'V' }, value, time)];
        },
      }),
    );
    return {
      polls,
      async probe(exchange, signal) {
        await exchange({ bytes: readRequest(unit, 0x7000, 1), match: readMatcher(unit, 1) }, signal);
      },
      async write({ point, value }, exchange, signal) {
        const request = writeRequest(unit, 0x100, Number(value));
        const { time } = await exchange({ bytes: request, match: writeMatcher(request) }, signal);
        return { kind: 'done', readback: good({ device: config.id, point, unit: 'V' }, value, time) };
      },
    };
  };
  const driver = defineDriver({
    kind: 'polled',
    protocol: 'test',
    checkProfile: () => [],
    checkDevice: () => [],
    open: (context) => open(context.device),
  });
  return { driver, wrong };
}

export class Sink implements Publisher {
  readonly all: Reading[] = [];
  readonly events: AgentEvent[] = [];

  readings(readings: readonly Reading[]): void {
    this.all.push(...readings);
  }

  event(event: AgentEvent): void {
    this.events.push(event);
  }

  of(device: string): readonly Reading[] {
    return this.all.filter((reading) => reading.device === device);
  }

  good(device: string): number {
    return this.of(device).filter((reading) => reading.quality === 'good').length;
  }

  clear(): void {
    this.all.length = 0;
    this.events.length = 0;
  }
}
