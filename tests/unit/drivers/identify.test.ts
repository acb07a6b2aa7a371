import { describe, expect, it } from 'vitest';
import { AgentError } from '../../../agent/core/errors.ts';
import { decode, identifyModbus } from '../../../drivers/index.ts';
import modbus from '../../../drivers/modbus/index.ts';
import { type FakeModbus, fakeModbus, slowCrc } from './fake-modbus.ts';
import { profile, profileFiles } from './load.ts';

const never = new AbortController().signal;
const profiles = profileFiles().map((file) => file.profile);
const READS = [3, 4, 43];

type Objects = readonly (readonly [id: number, text: string])[];

/** Conformity level, more follows, next object, count, objects. */
function page(objects: Objects, next?: number, count = objects.length): number[] {
  const list = objects.flatMap(([id, text]) => [id, text.length, ...Buffer.from(text, 'latin1')]);
  return [0x82, next === undefined ? 0 : 0xff, next ?? 0, count, ...list];
}

function put(fake: FakeModbus, address: number, text: string): void {
  for (let i = 0; i < text.length; i += 2) {
    fake.registers.set(address + i / 2, text.charCodeAt(i) * 256 + (text.charCodeAt(i + 1) || 0));
  }
}

async function ask(fake: FakeModbus, framing: 'rtu' | 'tcp' | 'ascii' = 'rtu') {
  const identity = await identifyModbus(fake.exchange, { unit: 1, framing, profiles }, never);
  // Whatever happens, nothing but reads goes to the device.
  expect(fake.requests.filter((request) => !READS.includes(request[1] ?? 0))).toEqual([]);
  return {
    identification: identity.identification,
    profiles: identity.profiles.map(({ profile: { id }, by }) => `${id} by ${by}`),
  };
}

const everywhere = () => true;

describe('who is there', () => {
  it.each(['rtu', 'tcp', 'ascii'] as const)(
    '43/14 names vendor, product and the rest over %s',
    async (framing) => {
      const said: Objects = [
        [0, 'Schneider Electric'],
        [1, 'A9MEM3155'],
        [2, '001.002.003'],
        [3, ''],
        [4, 'iEM3000\0\0'],
      ];
      const fake = fakeModbus({ framing, hole: everywhere, identification: () => page(said) });
      expect(await ask(fake, framing)).toEqual({
        identification: {
          vendor: 'Schneider Electric',
          product: 'A9MEM3155',
          revision: '001.002.003',
          productName: 'iEM3000',
        },
        profiles: ['schneider-iem3155 by identification'],
      });
    },
  );

  it('goes through all pages, also where each counts the objects of all', async () => {
    const all: Objects = [
      [0, 'Company identification'],
      [1, 'Product code XX'],
      [2, 'V2.11'],
    ];
    const identification = (_level: number, first: number) =>
      first === 2 ? page(all.slice(2), undefined, 1) : page(all.slice(0, 2), 2, 3);
    const { identification: told } = await ask(fakeModbus({ hole: everywhere, identification }));
    expect(told).toEqual({ vendor: 'Company identification', product: 'Product code XX', revision: 'V2.11' });
  });

  it('asks at the basic level where the regular one is refused', async () => {
    const identification = (level: number) => (level === 1 ? page([[0, 'ACME']]) : 'exception 3');
    const { identification: told } = await ask(fakeModbus({ hole: everywhere, identification }));
    expect(told).toEqual({ vendor: 'ACME' });
  });

  it('does not go round in circles', async () => {
    const fake = fakeModbus({ hole: everywhere, identification: () => page([[0, 'ACME']], 1, 1) });
    expect(await ask(fake)).toMatchObject({ identification: { vendor: 'ACME' } });
    expect(fake.requests.filter((request) => request[1] === 43).length).toBeLessThan(4);
  });

  it.each([
    ['eastron-sdm630', (fake: FakeModbus) => fake.registers.set(0xfc02, 0x70)],
    ['eastron-sdm630', (fake: FakeModbus) => fake.registers.set(0xfc02, 137)],
    ['abb-b23', (fake: FakeModbus) => put(fake, 0x8960, 'B23 ')],
    ['schneider-iem3155', (fake: FakeModbus) => put(fake, 0x31, 'iEM3255')],
  ])('knows %s by its own register, without 43/14', async (id, fill) => {
    const fake = fakeModbus();
    fill(fake);
    expect(await ask(fake)).toEqual({ identification: undefined, profiles: [`${id} by register`] });
  });

  it('names no profile where the register holds another model, or the device says nothing', async () => {
    const other = fakeModbus();
    other.registers.set(0xfc02, 0x20);
    expect(await ask(other)).toEqual({ identification: undefined, profiles: [] });
    const mute = fakeModbus({ unit: 9 });
    expect(await ask(mute)).toEqual({ identification: undefined, profiles: [] });
    const silent43 = fakeModbus({ hole: everywhere, identification: () => 'silence' });
    expect(await ask(silent43)).toEqual({ identification: undefined, profiles: [] });
  });

  it('knows a device that calls itself by brand and model', async () => {
    const said = page([
      [0, 'EASTRON Ltd'],
      [1, 'SDM630 Modbus'],
    ]);
    const fake = fakeModbus({ hole: everywhere, identification: () => said });
    expect((await ask(fake)).profiles).toEqual(['eastron-sdm630 by name']);
  });

  it('passes on a lost link and an abort', async () => {
    const lost = async () => {
      throw new AgentError('link-lost', 'read failed: the port closed');
    };
    await expect(identifyModbus(lost, { unit: 1, profiles }, never)).rejects.toMatchObject({
      code: 'link-lost',
    });
    const abort = AbortSignal.abort(new AgentError('aborted', 'stop'));
    await expect(identifyModbus(fakeModbus().exchange, { unit: 1, profiles }, abort)).rejects.toMatchObject({
      code: 'aborted',
    });
  });
});

describe('the identify block', () => {
  const check = (identify: unknown) =>
    modbus.checkProfile({ ...profile('abb-b23'), options: { function: 3, identify } });
  it.each([
    [{ register: { address: 1 } }, /is or matches/],
    [{ register: { address: 1, is: [1], matches: 'x' } }, /is or matches/],
    [{ register: { address: 1, type: 'string', is: ['x'] } }, /words/],
    [{ register: { address: 1, matches: '(' } }, /regular expression/],
    [{ register: { address: 70000, is: [1] } }, /65535/],
    [{ register: { address: 1, function: 6, is: [1] } }, /3 or 4/],
    [{ identification: { maker: 'x' } }, /maker|vendor/],
  ])('%j is refused with the reason', (block, why) => {
    const [issue] = check(block);
    expect(issue?.path.slice(0, 2)).toEqual(['modbus', 'identify']);
    expect(issue?.message).toMatch(why);
  });
});

describe('decode of 43/14', () => {
  const framed = (body: readonly number[]) => {
    const bytes = Uint8Array.from(body);
    return Uint8Array.from([...bytes, ...slowCrc(bytes)]);
  };
  it('explains question and answer', () => {
    expect(decode('modbus-rtu', framed([1, 43, 14, 1, 0]))).toMatchObject({
      ok: true,
      fc: 43,
      mei: 14,
      read_device_id: 1,
      object_id: 0,
    });
    const answer = framed([
      1,
      43,
      14,
      1,
      ...page([
        [0, 'ACME'],
        [1, 'X-1'],
      ]),
    ]);
    expect(decode('modbus-rtu', answer)).toMatchObject({ ok: true, objects: { 0: 'ACME', 1: 'X-1' } });
  });
});
