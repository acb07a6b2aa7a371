/**
 * A whole life of an edge node at mosquitto (MQTT 5) and at the embedded broker (3.1.1), and every assertion of
 * Sparkplug 3.0 that edge nodes are tested by, against its packets.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { type Broker, embeddedBroker, mosquitto } from '../../../support/brokers.ts';
import { program } from '../../../support/programs.ts';
import { LIFE, NEVER } from './assertions.ts';
import { type Life, liveALife } from './life.ts';

interface Assertion {
  readonly id: string;
  /** In our own words. */
  readonly asks: string;
  /** `life`: LIFE has a check of it; else `file: name of the test`. */
  readonly test?: string;
  /** Reason why it cannot be broken. */
  readonly never?: keyof typeof NEVER;
}
const {
  never: REASONS,
  assertions: ASSERTIONS,
}: { never: Record<string, string>; assertions: readonly Assertion[] } = JSON.parse(
  readFileSync(new URL('../../../vectors/sparkplug-assertions.json', import.meta.url), 'utf8'),
);

describe('the map of the assertions', () => {
  it('names each of the 164 once', () => {
    const ids = ASSERTIONS.map(({ id }) => id).sort();
    expect(ids).toHaveLength(164);
    // Of the sorted ids as the specification has them.
    expect(createHash('sha256').update(ids.join('\n')).digest('hex')).toBe(
      'f107654676d0c8800217805a52330d1092131305c502438edc5c15fdcbcb04fb',
    );
  });

  test.each(ASSERTIONS)('$id: $asks', ({ id, test: where, never }) => {
    if (never !== undefined) expect(REASONS[never]).toMatch(/ever sent/);
    else if (where === 'life') expect(LIFE[id]).toBeTypeOf('function');
    else {
      const [file = '', name = ''] = (where ?? '').split(': ');
      expect(readFileSync(new URL(file, import.meta.url), 'utf8')).toContain(`it('${name}'`);
    }
  });

  it('has no check that nobody asks for', () => {
    const asked = ASSERTIONS.filter(({ test: where }) => where === 'life').map(({ id }) => id);
    expect(Object.keys(LIFE).sort()).toEqual(asked.sort());
  });
});

const path = program('mosquitto');
const BROKERS: readonly (readonly [string, boolean, 4 | 5, () => Promise<Broker>])[] = [
  ['the embedded broker (3.1.1)', false, 4, embeddedBroker],
  ['mosquitto (5)', path === undefined, 5, () => mosquitto(path ?? '')],
];

for (const [name, skip, version, open] of BROKERS) {
  describe.skipIf(skip)(`a life at ${name}`, () => {
    let life: Life;
    beforeAll(async () => {
      await using broker = await open();
      life = await liveALife(broker);
    }, 120_000);

    it('speaks the newest MQTT there is, and its books balance', () => {
      expect(life.version).toBe(version);
      expect(life.report).toMatchObject({
        balanced: true,
        missing: 0,
        conflicts: 0,
        broken: 0,
      });
      // What no barrier had settled before the cut came again.
      expect(life.report.resent).toBe(2);
    });

    it('takes commands with an id, an expiry and the value read back', () => {
      expect(life.commands).toMatchObject([
        { device: 'lamp-1', point: 'level', value: 35, issuer: 'uplink:scada' },
        { device: 'lamp-1', point: 'door', value: true },
      ]);
      for (const { id, issued, expires } of life.commands) {
        expect(id).toMatch(/^spb-[0-9a-f]{24}$/);
        expect(expires - issued).toBe(60_000);
      }
    });

    it('answers a storm of rebirth requests with few births', () => {
      expect(life.others.rebirths).toBeGreaterThan(1);
      expect(life.others.rebirths).toBeLessThan(5);
    });

    test.each(Object.entries(LIFE))('%s', (_, check) => check(life));
    test.each(Object.entries(NEVER))('no %s', (_, check) => check(life));
  });
}
