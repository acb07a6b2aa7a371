/** The schema of JSON positions is of one mind with what reads them, and with the examples of its page. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { decodeGpsJson } from '../../../../agent/sign/feeds/gps-json/decode.ts';
import { Centre } from '../../../../hw-sim/city/transit/centre.ts';
import { Fleet } from '../../../../hw-sim/city/transit/fleet.ts';
import { gpsJson } from '../../../../hw-sim/city/transit/messages.ts';
import { CITY } from '../timetable/feed.ts';

const read = (path: string) => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
const validate = new Ajv2020({ strict: false }).compile(JSON.parse(read('docs/sign/bus-gps.schema.json')));
const decode = (value: unknown) => decodeGpsJson(new TextEncoder().encode(JSON.stringify(value)));

it('takes what the page shows, and all of it is read', () => {
  const examples = [...read('docs/sign/data.md').matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) =>
    JSON.parse(text),
  );
  expect(examples).toHaveLength(2);
  for (const example of examples) {
    expect(validate(example), JSON.stringify(validate.errors)).toBe(true);
    const { vehicles, updates, dropped } = decode(example);
    expect(dropped).toEqual({});
    expect(vehicles).toHaveLength(1);
    expect(updates).toHaveLength(example.predictions?.length ?? 0);
  }
});

it('takes the messages of a centre', () => {
  const message = JSON.parse(
    gpsJson(new Centre(new Fleet(CITY)), Date.UTC(2027, 5, 21, 0, 10), ['C1', 'C2']),
  );
  expect(validate(message), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
  expect(decode(message).vehicles).toHaveLength(message.vehicles.length);
});

it.each([
  { vehicle: 'a', lat: '36', lon: 118 },
  { vehicle: 'a', lat: 36, lon: 118, time: '8:10' },
  { lat: 36, lon: 118 },
])('refuses what is left out: %j', (vehicle) => {
  expect(validate({ vehicles: [vehicle] })).toBe(false);
  expect(decode({ vehicles: [vehicle] }).vehicles).toEqual([]);
});
