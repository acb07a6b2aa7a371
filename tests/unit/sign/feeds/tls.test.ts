/** Feeds over TLS: taken from who can prove who he is, and from nobody else. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { Centre } from '../../../../hw-sim/city/transit/centre.ts';
import { Fleet } from '../../../../hw-sim/city/transit/fleet.ts';
import { alerts } from '../../../../hw-sim/city/transit/messages.ts';
import { embeddedBroker } from '../../../support/brokers.ts';
import { CITY } from '../timetable/feed.ts';
import { config, EVERY, NOW, Stand } from './stand.ts';

const pem = (name: string) =>
  readFileSync(new URL(`../../../vectors/tls/${name}.pem`, import.meta.url), 'utf8');
const ca = pem('ca');
const alert = {
  id: 'a',
  header: '改线',
  headerEnglish: 'Detour',
  description: '',
  lines: ['L7'],
  stops: [],
  from: NOW,
  to: NOW + 1e7,
  severe: false,
};

/** The city's alerts by the certificate `name`; what a sign with `trust` makes of them. */
async function asked(name: string, trust: string | undefined): Promise<Stand> {
  const centre = new Centre(new Fleet(CITY));
  centre.alerts = [alert];
  const server = createServer({ cert: pem(name), key: pem(`${name}-key`) }, (_request, response) => {
    response.end(alerts(centre.alerts, NOW));
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stand = new Stand();
  try {
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const tls = trust === undefined ? {} : { ca: trust };
    stand.start(config({ via: { kind: 'http', url, every: EVERY, timeout: 3_600_000, ...tls } }));
    await stand.answered(1);
    await stand.polls(1);
  } finally {
    await stand.feeds[Symbol.asyncDispose]();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  return stand;
}

it('takes texts from the centre whose authority is named', async () => {
  const { state, heard } = await asked('broker', ca);
  expect(state.condition).toBe('fresh');
  expect(heard.told[0]?.texts[0]?.header).toBe('改线');
});

it.each([
  ['an authority that nobody named', 'broker', undefined],
  ['a stranger', 'stranger', ca],
])('takes nothing from %s', async (_what, name, trust) => {
  const { state, heard } = await asked(name, trust);
  expect(heard.told).toEqual([]);
  expect(state.condition).toBe('unreachable');
  expect(state.fix).toMatch(/authority into ca/);
});

it('takes no position from a broker that cannot prove who it is', async () => {
  await using broker = await embeddedBroker({}, { cert: pem('stranger'), key: pem('stranger-key') });
  await using stand = new Stand();
  const url = `mqtts://127.0.0.1:${broker.port}`;
  stand.start(config({ via: { kind: 'mqtt', url, topics: ['#'], clientId: 'pole', ca }, alerts: false }));
  await stand.answered(1);
  await stand.polls(1, 60_000);
  expect(stand.state.condition).toBe('unreachable');
  expect(stand.heard.reports).toEqual([]);
});
