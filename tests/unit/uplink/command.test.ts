import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCityTime } from '../../../agent/uplink/mqtt/city-time.ts';
import { readCommand } from '../../../agent/uplink/mqtt/command.ts';
import { topicsOf } from '../../../agent/uplink/mqtt/topics.ts';

const NOW = 1_800_000_000_000;
const AT = { device: 'lamp', point: 'level' };
const SOUND = { id: 'c1', value: 1, issued: 1_000, expires: 2_000 };
const read = (payload: unknown, at = AT) =>
  readCommand(new TextEncoder().encode(JSON.stringify(payload)), at, 'city', NOW);

describe('command payload', () => {
  it.each([
    ['a number', 50],
    ['true', true],
    ['a text', 'auto'],
  ])('takes %s as value', (_, value) => {
    expect(read({ ...SOUND, value })).toMatchObject({
      kind: 'command',
      command: { value, issuer: 'uplink:city' },
    });
  });

  it('takes times in ISO 8601 with a zone', () => {
    const times = { issued: '2027-06-01T08:00:00+08:00', expires: '2027-06-01T00:00:30.5Z' };
    expect(read({ ...SOUND, ...times })).toMatchObject({
      command: { issued: Date.UTC(2027, 5, 1), expires: Date.UTC(2027, 5, 1, 0, 0, 30, 500) },
    });
  });

  it('takes a time to live from its arrival on, instead of an expiry', () => {
    const { issued: _i, expires: _e, ...bare } = SOUND;
    expect(read({ ...bare, ttl: 5000 })).toMatchObject({
      kind: 'command',
      command: { ttl: 5000, issued: NOW, expires: NOW + 5000 },
    });
    expect(read({ ...SOUND, ttl: 5000 })).toMatchObject({ kind: 'malformed' });
    expect(read({ ...bare, ttl: 0 })).toMatchObject({ kind: 'malformed' });
    expect(read({ ...bare, ttl: '5s' })).toMatchObject({ kind: 'malformed' });
  });

  it.each([
    ['value', null],
    ['value', [1]],
    ['value', { toString: 1 }],
    ['value', 'x'.repeat(2000)],
    ['issued', '2027-06-01T08:00:00'],
    ['issued', '1e3'],
    ['expires', 1_000],
    ['expires', 1e300],
    ['issuer', ''],
    ['issuer', 'a\nb'],
    ['issuer', 7],
    ['lease', 0],
    ['lease', 1.5],
    ['lease', 1e12],
    ['lease', '10s'],
  ])('answers that %s %j is wrong', (field, value) => {
    const outcome = read({ ...SOUND, [field]: value });
    expect(outcome).toMatchObject({ kind: 'malformed', id: 'c1' });
    expect(outcome.kind === 'malformed' && outcome.reason).toContain(field);
  });

  it.each([
    [{}],
    [{ ...SOUND, id: '' }],
    [{ ...SOUND, id: 'a/b' }],
    [{ ...SOUND, id: '__proto__' }],
    [[SOUND]],
    ['c1'],
    [null],
  ])('cannot answer %j, which has no id', (payload) => {
    expect(read(payload)).toMatchObject({ kind: 'unreadable' });
  });

  it('reads own fields only', () => {
    const bytes = new TextEncoder().encode('{"__proto__":{"id":"c1","value":1,"issued":1,"expires":2}}');
    expect(readCommand(bytes, AT, 'city', NOW)).toMatchObject({ kind: 'unreadable' });
    expect(({} as Record<string, unknown>).id).toBeUndefined();
  });

  it('answers any bytes with a value', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(['command', 'malformed', 'unreadable']).toContain(readCommand(bytes, AT, 'city', NOW).kind);
      }),
      { seed: 20270105, numRuns: 2000 },
    );
  });

  it('answers any JSON with a value that keeps to the contract', () => {
    const names = fc.constantFrom(
      '__proto__',
      'constructor',
      'prototype',
      'level',
      'a b',
      '',
      'x'.repeat(65),
    );
    const any = fc.oneof(fc.jsonValue(), names);
    const payload = fc.record(
      {
        id: fc.oneof(any, fc.constant('c1')),
        value: any,
        issued: any,
        expires: any,
        issuer: any,
        lease: any,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(payload, names, names, (json, device, point) => {
        const outcome = read(json, { device, point });
        if (outcome.kind === 'unreadable') return;
        const id = outcome.kind === 'command' ? outcome.command.id : outcome.id;
        expect(id).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
        if (outcome.kind !== 'command') return;
        expect(outcome.command.issuer.startsWith('uplink:city')).toBe(true);
        expect(outcome.command.expires).toBeGreaterThan(outcome.command.issued);
        expect([device, point]).toEqual(['level', 'level']);
      }),
      { seed: 20270106, numRuns: 2000 },
    );
  });
});

describe('topics', () => {
  it('tell commands from results and from anything else', () => {
    const { commandOf, result } = topicsOf('s', 'a');
    expect(commandOf('kerbside/v1/s/a/cmd/lamp/level')).toEqual({ device: 'lamp', point: 'level' });
    for (const topic of [
      result('c1'),
      'kerbside/v1/s/a/cmd/lamp',
      'kerbside/v1/s/a/cmd/a/b/c',
      'kerbside/v1/s/b/cmd/x/y',
      '',
    ]) {
      expect(commandOf(topic)).toBeUndefined();
    }
  });
});

describe('a time', () => {
  it('is read from ISO 8601 or Unix ms, and any other bytes are none', () => {
    const bytes = (payload: unknown) => new TextEncoder().encode(JSON.stringify(payload));
    expect(readCityTime(bytes({ time: '2027-06-01T08:00:00+08:00' }))).toBe(Date.UTC(2027, 5, 1));
    expect(readCityTime(bytes({ time: 1_800_000_000_000 }))).toBe(1_800_000_000_000);
    for (const wrong of [
      {},
      { time: null },
      { time: 'now' },
      [1],
      null,
      { time: 1e300 },
      { time: 'x'.repeat(300) },
    ])
      expect(readCityTime(bytes(wrong))).toBeUndefined();
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.json().map((text) => new TextEncoder().encode(text)),
        ),
        (given) => {
          const read = readCityTime(given);
          expect(read === undefined || Number.isInteger(read)).toBe(true);
        },
      ),
      { seed: 20270302, numRuns: 5000 },
    );
  });
});
