/** Every payload that the uplink really sends, and every command it takes, against the schemas in docs. */
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCommand } from '../../../agent/uplink/mqtt/command.ts';
import { embeddedBroker } from '../../support/brokers.ts';
import { type Heard, MqttReceiver, until } from '../../support/mqtt-receiver.ts';
import { agent, configOf } from './mqtt-agent.ts';

const FOLDER = new URL('../../../docs/schemas/v1/', import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
const schemas = files.map((name): { $id: string } => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')));
// Times are checked by pattern; a format would need another library.
const ajv = new Ajv2020({
  strict: true,
  strictTypes: false,
  strictRequired: false,
  allErrors: true,
  validateFormats: false,
  schemas,
});

function schema(name: string): ValidateFunction {
  const found = ajv.getSchema(`https://kerbside.example/schemas/v1/${name}.json`);
  if (found === undefined) throw new Error(`no schema ${name}`);
  return found;
}

function schemaOf(topic: string): string | undefined {
  const [, , , own, kind, , end] = topic.split('/');
  if (kind === undefined) return own;
  if (kind === 'data' || kind === 'backlog') return 'data';
  if (kind === 'cmd') return end === 'result' ? 'result' : 'command';
  return kind;
}

function check({ topic, payload }: Heard): void {
  const validate = schema(schemaOf(topic) ?? '');
  expect(validate(payload), `${topic}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(payload)}`).toBe(
    true,
  );
}

describe('schemas of payload v1', () => {
  it('describe everything that is sent', async () => {
    await using broker = await embeddedBroker();
    await using city = await MqttReceiver.at(broker.port);
    {
      await using pole = agent(configOf(broker.port), { hardware: 'aaaa', instance: 'a1', generation: 2 });
      const at = { device: 'meter-1', point: 'energy', unit: 'kW.h', time: Date.UTC(2027, 0, 1) } as const;
      pole.log.readings('telemetry', 30);
      pole.log.readings('telemetry', 30);
      pole.log.dropOldest('telemetry', 1);
      pole.log.commit('meter', [
        { kind: 'reading', ...at, value: 1.25, quality: 'good', rank: 'ntp' },
        { kind: 'reading', ...at, value: null, quality: 'bad', reason: 'timeout', rank: 'none' },
        { kind: 'reading', ...at, value: true, quality: 'uncertain', reason: 'frozen', rank: 'floor' },
        { kind: 'reading', ...at, value: 'open', quality: 'good', rank: 'gnss', time: Number.NaN },
      ]);
      const heads = { alarm: 1, event: 2, meter: 3, telemetry: 4, bulk: 0 };
      pole.log.commit('event', [
        {
          kind: 'event',
          event: 'epoch',
          severity: 'info',
          time: 0,
          rank: 'ntp',
          body: { previous: null, heads: null },
        },
        {
          kind: 'event',
          event: 'epoch',
          severity: 'warning',
          time: 0,
          rank: 'ntp',
          body: { previous: 'e0', heads },
        },
        {
          kind: 'event',
          event: 'gap',
          severity: 'warning',
          time: 0,
          rank: 'ntp',
          body: { reason: 'unclean-stop', count: null },
        },
        {
          kind: 'event',
          event: 'device',
          severity: 'alarm',
          device: 'meter-1',
          time: 0,
          rank: 'ntp',
          body: { a: [1, null] },
        },
      ]);
      await until(() => city.report().records === 39, 'all records');
      const topic = 'kerbside/v1/demo/pole-1/cmd/meter-1/energy';
      await city.client.publishAsync(topic, '{"id":"c1","value":1,"issued":1,"expires":2}', { qos: 1 });
      await until(() => city.on('c1/result').length === 1, 'the result');
      await city.client.publishAsync(topic, '{"id":"c2","value":1}', { qos: 1 });
      await until(() => city.on('c2/result').length === 1, 'the rejection');
      await city.client.publishAsync('kerbside/v1/demo/time', '{"time":"2027-01-01T00:00:00Z"}');
      await until(() => pole.times[0] === Date.UTC(2027, 0, 1), 'the time');
    }
    expect(city.report().balanced).toBe(true);
    {
      // Another log under the same name: only its form counts here.
      const select = [{ lanes: ['telemetry'], send: 'changes', deadband: 5 }] as const;
      await using chosen = agent(configOf(broker.port, { select, payload: 'columns', compression: 'gzip' }));
      chosen.log.readings('telemetry', 30);
      chosen.log.readings('bulk', 30);
      await until(() => chosen.pump.tally().settled === 60, 'acknowledgements');
      expect(chosen.pump.tally().omitted).toBe(55);
    }
    const seen = new Set<string>();
    for (const heard of city.heard) {
      if (heard.topic.endsWith('/energy') && JSON.stringify(heard.payload).includes('c2')) continue;
      check(heard);
      seen.add(schemaOf(heard.topic) ?? '');
    }
    expect([...seen].sort()).toEqual(files.map((name) => name.replace('.json', '')).sort());
  });

  it('refuse a message with a field too few or of the wrong kind', async () => {
    await using broker = await embeddedBroker();
    await using city = await MqttReceiver.at(broker.port);
    await using pole = agent(configOf(broker.port));
    pole.log.readings('telemetry', 2);
    await until(() => city.report().records === 2, 'all records');
    const [payload] = city.on('/telemetry');
    const validate = schema('data');
    expect(validate(payload)).toBe(true);
    expect(validate({ ...payload, later: 'ignored' })).toBe(true);
    for (const field of Object.keys(payload ?? {})) {
      const { [field]: _, ...less } = payload ?? {};
      expect(validate(less), field).toBe(false);
      expect(validate({ ...payload, [field]: 'x'.repeat(80).concat('!') }), field).toBe(field === 'epoch');
    }
  });

  it('take a command exactly where the agent does', () => {
    const validate = schema('command');
    const number = fc.oneof(
      fc.integer({ min: 1, max: 3000 }),
      fc.double(),
      fc.constant('2027-01-01T00:00:00Z'),
    );
    const payload = fc.record(
      {
        id: fc.oneof(fc.constantFrom('c1', '__proto__', 'a b', ''), fc.jsonValue()),
        value: fc.oneof(fc.double(), fc.boolean(), fc.string(), fc.jsonValue()),
        issued: fc.oneof(number, fc.jsonValue()),
        expires: fc.oneof(number, fc.jsonValue()),
        issuer: fc.oneof(fc.constant('duty'), fc.jsonValue()),
        ttl: fc.oneof(fc.integer({ min: 1, max: 9000 }), fc.jsonValue()),
        lease: fc.oneof(fc.integer(), fc.jsonValue()),
      },
      { requiredKeys: ['id', 'value'] },
    );
    fc.assert(
      fc.property(payload, (generated) => {
        const text = JSON.stringify(generated);
        const outcome = readCommand(new TextEncoder().encode(text), { device: 'd', point: 'p' }, 'city', 0);
        // That it expires after it was issued is beyond a schema.
        const late =
          outcome.kind === 'malformed' && outcome.reason.startsWith('expires: expected a time after');
        expect(validate(JSON.parse(text)), text).toBe(late || outcome.kind === 'command');
      }),
      { seed: 20270107, numRuns: 3000 },
    );
  });
});
