/** Alarms end to end: hands at the simulated pole, the agent as a process, a city that acknowledges over its broker, a kill. */
import { expect, test } from 'vitest';
import { startAgent } from '../support/agent-process.ts';
import { openCity } from './city.ts';
import { openSite } from './site.ts';

const ROOT = 'kerbside/v1/demo-street/pole-0817';

test('a press is at the city at once, lives through a kill, and only a named person acknowledges and cancels it', {
  timeout: 120_000,
}, async () => {
  await using site = await openSite({ camera: false });
  await using city = await openCity(site.broker);
  const told = (what: string, alarm: string) =>
    [...city.records.values()].filter(
      ({ event, body }) => event === 'alarm' && body?.what === what && body.alarm === alarm,
    );
  const spoken = () => [...city.records.values()].some(({ point }) => point === 'cabinet-door');
  let ids = 0;
  const command = async (point: string, value: string) => {
    const id = `city-${++ids}`;
    const now = Date.now();
    await city.publish(`${ROOT}/cmd/alarms/${point}`, { id, value, issued: now, expires: now + 30_000 });
    await city.until(() => city.topics.has(`${ROOT}/cmd/${id}/result`), `the result of ${point} ${value}`);
    return city.topics.get(`${ROOT}/cmd/${id}/result`);
  };
  {
    await using agent = startAgent(site.file);
    await agent.ready;
    await city.until(spoken, 'the board speaks');
    site.street.world.setHands({ sosPressed: true, doorOpen: true });
    await city.until(() => told('raised', 'sos').length === 1, 'the call');
    expect(told('raised', 'sos')[0]).toMatchObject({
      lane: 'alarm',
      device: 'board',
      body: { priority: 'critical' },
    });
    site.street.world.setHands({ sosPressed: false });
    await city.until(() => told('raised', 'board-cabinet-door').length === 1, 'the open door');
    expect(await command('acknowledge', 'sos')).toMatchObject({
      state: 'rejected',
      code: 'device-refused',
      reason: expect.stringContaining('sos wants a person'),
    });
    await agent.kill();
  }
  await using agent = startAgent(site.file);
  const before = city.records.size;
  await agent.ready;
  // A broker keeps no command for an agent that is not there yet.
  await city.until(() => city.records.size > before + 20, 'the next agent speaks');
  const by = (alarm: string) => JSON.stringify({ alarm, by: 'Li Wei', note: 'patrol sent' });
  expect(await command('acknowledge', by('sos'))).toMatchObject({ state: 'done' });
  await city.until(() => told('acknowledged', 'sos').length === 1, 'the acknowledgement');
  expect(told('acknowledged', 'sos')[0]?.body).toMatchObject({
    count: 1,
    acknowledged: { name: 'Li Wei', note: 'patrol sent' },
  });
  site.street.world.setHands({ doorOpen: false });
  await city.until(() => told('returned', 'board-cabinet-door').length === 1, 'the closed door');
  expect(await command('reset', by('sos'))).toMatchObject({ state: 'done' });
  await city.until(() => told('reset', 'sos').length === 1, 'the cancel');
  // What stood before the kill was not told a second time.
  expect([told('raised', 'sos').length, told('raised', 'board-cabinet-door').length]).toEqual([1, 1]);
  expect(city.ledger.report()).toMatchObject({ missing: 0, conflicts: 0, outOfOrder: 0 });
});
