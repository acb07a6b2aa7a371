/** What a fire centre asks and commands, and what it gets. */
import { describe, expect, it } from 'vitest';
import { analogue, systemState } from '../../../hw-sim/devices/fire-frames.ts';
import { fireStand, HOUR, MINUTE, START } from './fire-stand.ts';

describe('what the centre asks', () => {
  const asked = async (at: ReturnType<typeof fireStand>, type: number, ...object: readonly number[]) => {
    const before = at.centre.replies.length;
    at.centre.ask(type, ...object);
    await at.clock.advance(500);
    return at.centre.replies.slice(before).map((reply) => reply.toString('hex'));
  };

  it('is answered from what was told, and turned down where nothing is known', async () => {
    const at = fireStand();
    await at.clock.advance(1000);
    expect(await asked(at, 62, 1, 1, 7, 0, 0, 0)).toEqual([]);
    expect(at.centre.naks).toBe(1);
    const part = at.fire(7);
    const state = at.panel(1, systemState(3, at.local()));
    const value = at.panel(3, analogue({ type: 92, address: 7, kind: 5, raw: 9 }, at.local()), 'telemetry');
    const reset = at.panel(4, Buffer.from([1, 1, 1, 5, 0, 0, 8, 1, 1, 27]));
    await at.clock.advance(1000);
    expect(await asked(at, 62, 1, 1, 7, 0, 0, 0)).toEqual([`0201${part}`]);
    expect(await asked(at, 61, 1, 1)).toEqual([`0101${state}`]);
    expect(await asked(at, 63, 1, 1, 7, 0, 0, 0)).toEqual([`0301${value}`]);
    expect(await asked(at, 64, 1, 1, 5, 0, 0, 0, 1, 1, 27)).toEqual([`0401${reset}`]);
    expect(await asked(at, 64, 1, 1, 5, 0, 0, 9, 1, 1, 27)).toEqual([]);
    expect(await asked(at, 81, 0)).toEqual([expect.stringMatching(/^150103/)]);
    expect(await asked(at, 85, 0)).toEqual(['19010104']);
    expect(await asked(at, 86, 0)).toEqual([`1a0108${Buffer.from('Kerbside').toString('hex')}`]);
    expect(await asked(at, 88, 0)).toEqual([expect.stringMatching(/^1c01....0801011b$/)]);
    await at.stop();
  });

  it('in the middle of a backlog, which goes on', async () => {
    const at = fireStand();
    await at.clock.advance(1000);
    at.link.cut();
    const wanted = Array.from({ length: 300 }, (_, i) => at.value(i));
    at.link.up = true;
    at.centre.wrong.askEvery = 1;
    await at.clock.advance(5 * MINUTE);
    expect(at.came(3)).toEqual(wanted);
    expect(at.centre.replies.length).toBeGreaterThan(3);
    await at.stop();
  });

  it('who is on duty: passed on once, answered by a person or a panel only, and not after the time', async () => {
    const at = fireStand();
    await at.clock.advance(1000);
    at.reading('event', 'button', 'pressed', true);
    await at.clock.advance(1000);
    expect(at.came(24)).toEqual([]);
    at.centre.dutyCheck(10);
    await at.clock.advance(1000);
    expect(at.centre.acks).toBe(1);
    expect(at.commands).toMatchObject([
      { device: 'panel', point: 'duty-check', value: 10, ttl: 10 * MINUTE },
    ]);
    at.reading('event', 'button', 'pressed', true);
    at.reading('event', 'button', 'pressed', true);
    await at.clock.advance(1000);
    expect(at.came(24)).toEqual([expect.stringMatching(/^2003/)]);
    at.centre.dutyCheck(1);
    await at.clock.advance(2 * MINUTE);
    at.reading('event', 'button', 'pressed', true);
    await at.clock.advance(1000);
    expect(at.came(24)).toHaveLength(1);
    const own = at.panel(24, Buffer.from([0x20, 9, 1, 2, 3, 4, 5, 27]));
    await at.clock.advance(1000);
    expect(at.came(24)[1]).toBe(own);
    await at.stop();
  });

  it('sets the clock where nothing better is known, and a wrong one is only told on', async () => {
    const at = fireStand();
    at.centre.wrong.clockOff = -HOUR;
    await at.clock.advance(1000);
    at.centre.setClock();
    await at.clock.advance(1000);
    expect(at.centre.acks).toBe(1);
    expect(at.times).toEqual([START - HOUR + 1000]);
    await at.stop();
    const never = fireStand({ clock: 'never' });
    await never.clock.advance(1000);
    never.centre.setClock();
    await never.clock.advance(1000);
    expect(never.times).toEqual([]);
    await never.stop();
  });

  it('asks for a new beginning: states are told again on a new connection', async () => {
    const at = fireStand();
    at.reading('alarm', 'cabinet', 'smoke', true);
    await at.clock.advance(5000);
    at.centre.initialise();
    await at.clock.advance(MINUTE);
    expect(at.link.calls).toBe(2);
    at.reading('alarm', 'cabinet', 'smoke', true);
    await at.clock.advance(5000);
    expect(at.came(2)).toHaveLength(2);
    await at.stop();
  });
});
