import mqtt from 'mqtt';
import { describe, expect, it, vi } from 'vitest';
import { Centre } from '../../../../hw-sim/city/transit/centre.ts';
import { Fleet } from '../../../../hw-sim/city/transit/fleet.ts';
import { gpsJson, tripUpdates, vehiclePositions } from '../../../../hw-sim/city/transit/messages.ts';
import { embeddedBroker } from '../../../support/brokers.ts';
import { CITY } from '../timetable/feed.ts';
import { config, NOW, Stand } from './stand.ts';

describe('a feed over HTTP', () => {
  it('delivers positions of the lines that call here, each once', async () => {
    await using stand = await Stand.open('/vehicles.pb');
    await stand.polls(3);
    const { reports } = stand.heard;
    expect(stand.state.condition).toBe('fresh');
    expect(reports.length).toBeGreaterThan(50);
    const names = reports.map(({ vehicle, time }) => `${vehicle} ${time}`);
    expect(new Set(names).size).toBe(names.length);
    expect(reports[0]).toMatchObject({ source: 'city', sent: NOW, wheelchair: expect.any(Boolean) });
    expect(stand.heard.conditions()).toEqual(['fresh']);
  });

  it('delivers predictions at the stops here, as far as they belong to the timetable', async () => {
    await using stand = await Stand.open('/trips.pb');
    const [first] = stand.heard.predicted;
    expect(first?.whole).toBe(true);
    expect(first?.predictions.length).toBeGreaterThan(20);
    const truth = new Map(
      stand.centre.forecasts(NOW).map((one) => [`${one.run.trip.id} ${one.run.start}`, one]),
    );
    for (const { trip, stop, arrival, relationship, vehicle } of first?.predictions ?? []) {
      const forecast = truth.get(`${trip.trip} ${trip.start}`);
      const index =
        forecast?.run.trip.pattern.stops.findIndex(
          ({ id }, i) => id === stop && i >= (forecast?.next ?? 0),
        ) ?? -1;
      expect(relationship).toBe(forecast?.run.trip.headway === undefined ? 'scheduled' : 'unscheduled');
      expect(vehicle).toBe(forecast?.run.vehicle);
      const asked = forecast?.arrivals.map((one) => Math.round((one ?? 0) / 1000) * 1000) ?? [];
      // A loop comes by twice.
      expect(asked.slice(index)).toContain(arrival);
    }
  });

  it('delivers alerts as plain text with the time of their last change', async () => {
    await using stand = await Stand.open('/alerts.pb');
    const alert = {
      id: 'a',
      header: '改线<script>alert(1)</script>',
      headerEnglish: `${'Long '.repeat(80)}`,
      description: '第一段<br>第二段\u202e&amp;',
      lines: ['L7'],
      stops: [],
      from: NOW,
      to: NOW + 3_600_000,
      severe: false,
    };
    stand.centre.alerts = [alert];
    await stand.polls(1);
    const [first] = stand.heard.told;
    expect(first?.texts[0]).toEqual({
      language: 'zh',
      header: '改线alert(1)',
      description: '第一段\n第二段&',
    });
    expect([...(first?.texts[1]?.header ?? '')].length).toBeLessThanOrEqual(200);
    expect(first?.texts[1]?.header).toMatch(/Long…$/);
    await stand.polls(1);
    expect(stand.heard.told[0]?.updated).toBe(first?.updated);
    stand.centre.alerts = [{ ...alert, severe: true }];
    await stand.polls(1);
    expect(stand.heard.told[0]).toMatchObject({ severity: 'severe', updated: NOW + 45_000 });
    stand.centre.alerts = [];
    await stand.polls(1);
    expect(stand.heard.told).toEqual([]);
  });

  it('takes no alerts where they are not to be taken', async () => {
    await using stand = await Stand.open('/alerts.pb', { alerts: false });
    const heard = vi.spyOn(stand.heard, 'alerts');
    stand.centre.alerts = [
      {
        id: 'a',
        header: 'x',
        headerEnglish: 'x',
        description: '',
        lines: [],
        stops: [],
        from: 0,
        to: NOW * 2,
        severe: true,
      },
    ];
    await stand.polls(2);
    expect(heard).not.toHaveBeenCalled();
  });

  it.each([
    ['frozen', 'frozen', /the same answer for \d+ s/],
    ['restamped', 'frozen', /its time moves, its content is the same/],
    ['late', 'late', /s old/],
    ['malformed', 'malformed', /no GTFS-realtime message/],
    ['huge', 'too-large', /more than 1048576 bytes/],
    ['bomb', 'too-large', /more than 1048576 bytes/],
    ['error', 'unreachable', /HTTP 503/],
    ['redirect', 'unreachable', /HTTP 302/],
  ] as const)('tells that it is %s, and that it is over', async (fault, condition, reason) => {
    await using stand = await Stand.open('/vehicles.pb');
    await stand.polls(1);
    stand.server.faults.set('*', fault);
    for (let i = 0; i < 24 && stand.state.condition === 'fresh'; i++) await stand.polls(1, 60_000);
    expect(stand.state.condition).toBe(condition);
    expect(stand.state.reason).toMatch(reason);
    expect(stand.state.fix).toMatch(/\.$/);
    const { since } = stand.state;
    await stand.polls(2, 60_000);
    expect(stand.state.since).toBe(since);
    stand.server.faults.clear();
    // One answer may still be on its way.
    for (let i = 0; i < 4 && stand.state.condition !== 'fresh'; i++) await stand.polls(1, 60_000);
    expect(stand.state.condition).toBe('fresh');
    expect(stand.heard.conditions()).toEqual(['fresh', condition, 'fresh']);
  });

  it('is not frozen for one failure, and asks for less while the centre is ill', async () => {
    await using stand = await Stand.open('/vehicles.pb');
    stand.server.faults.set('*', 'malformed');
    await stand.polls(1);
    stand.server.faults.clear();
    await stand.polls(1);
    expect(stand.heard.conditions()).toEqual(['fresh']);
    stand.server.faults.set('*', 'error');
    const asked: number[] = [];
    while (asked.length < 4) {
      const { requests } = stand.server.counts;
      await stand.clock.advance(1000);
      await new Promise((resolve) => setImmediate(resolve));
      if (stand.server.counts.requests > requests) asked.push(stand.clock.mono());
    }
    // Pauses of 15, 30, 60 s, and what passed meanwhile.
    expect((asked[3] ?? 0) - (asked[2] ?? 0)).toBeGreaterThanOrEqual(59_000);
  });

  it('gives up a centre that does not answer, and one that is not there', async () => {
    await using stand = await Stand.open('/vehicles.pb', {}, 5000);
    stand.server.faults.set('*', 'silent');
    // The back-off may take the first pause to two periods.
    for (const pause of [15_000, 30_000]) {
      const { requests } = stand.server.counts;
      const before = stand.settled;
      await stand.clock.advance(pause);
      await vi.waitFor(() => expect(stand.server.counts.requests).toBeGreaterThan(requests), {
        interval: 2,
        timeout: 10_000,
      });
      await stand.clock.advance(5000);
      await stand.answered(before + 1);
    }
    expect(stand.state).toMatchObject({
      condition: 'unreachable',
      reason: expect.stringContaining('no answer within 5 s'),
    });
    await stand.server[Symbol.asyncDispose]();
    await stand.polls(1, 60_000);
    expect(stand.state.reason).toMatch(/ECONNREFUSED/);
  });

  it('asks only for what has changed', async () => {
    await using stand = await Stand.open('/alerts.pb');
    stand.server.faults.set('*', 'frozen');
    await stand.polls(3);
    expect(stand.server.counts.notModified).toBeGreaterThanOrEqual(2);
    // Nothing is on the road of it that could stand still.
    expect(stand.state.condition).toBe('fresh');
  });

  it('is judged by its own header where our clock is not to be trusted', async () => {
    await using stand = await Stand.open('/vehicles.pb');
    const { mapping } = { mapping: stand.clock.mapping() };
    stand.clock.remap({ ...mapping, wall: mapping.wall - 86_400_000, rank: 'floor' });
    // The server stays in true time.
    stand.server.faults.set('*', 'late');
    await stand.polls(2);
    expect(stand.heard.reports.every(({ time }) => time > NOW - 700_000 - 86_400_000)).toBe(true);
    expect(stand.state.counters.dropped.future ?? 0).toBe(0);
  });

  it('asks by SIRI for the stops here', async () => {
    await using stand = await Stand.open('/siri', {
      format: 'siri-sm',
      requestor: 'pole <1>',
      names: { lines: {}, stops: { X1: 'C1' } },
    });
    expect(stand.server.posted[0]).toContain('<MonitoringRef>X1</MonitoringRef>');
    expect(stand.server.posted[0]).toContain('<MonitoringRef>C2</MonitoringRef>');
    expect(stand.server.posted[0]).toContain('pole &lt;1&gt;');
    expect(stand.heard.predicted[0]?.predictions.length).toBeGreaterThan(20);
    expect(stand.heard.reports.length).toBeGreaterThan(5);
  });
});

describe('a feed over MQTT', () => {
  it('takes positions and predictions of both formats, and tells silence and loss', async () => {
    await using broker = await embeddedBroker();
    const centre = new Centre(new Fleet(CITY));
    await using stand = new Stand();
    const via = {
      kind: 'mqtt' as const,
      url: `mqtt://127.0.0.1:${broker.port}`,
      topics: ['bus/#'],
      clientId: 'pole',
    };
    stand.start(config({ via, alerts: false }));
    const client = await mqtt.connectAsync(via.url);
    await vi.waitFor(
      async () => {
        await client.publishAsync('bus/rt', vehiclePositions(centre, NOW));
        expect(stand.heard.reports.length).toBeGreaterThan(20);
      },
      { interval: 20, timeout: 10_000 },
    );
    await client.publishAsync('bus/rt', tripUpdates(centre, NOW));
    await vi.waitFor(
      () => expect(stand.heard.predicted.some(({ predictions }) => predictions.length > 20)).toBe(true),
      { interval: 5, timeout: 10_000 },
    );
    // One message of many topics takes nothing away.
    expect(stand.heard.predicted.every(({ whole }) => !whole)).toBe(true);
    expect(stand.state.condition).toBe('fresh');
    await stand.clock.advance(200_000);
    expect(stand.state).toMatchObject({
      condition: 'frozen',
      reason: expect.stringMatching(/no message for/),
    });
    await client.endAsync();
  });

  it('takes JSON', async () => {
    await using broker = await embeddedBroker();
    const centre = new Centre(new Fleet(CITY));
    await using stand = new Stand();
    const via = {
      kind: 'mqtt' as const,
      url: `mqtt://127.0.0.1:${broker.port}`,
      topics: ['bus/gps'],
      clientId: 'pole',
    };
    stand.start(config({ via, format: 'gps-json', alerts: false }));
    const client = await mqtt.connectAsync(via.url);
    await vi.waitFor(
      async () => {
        await client.publishAsync('bus/gps', gpsJson(centre, NOW, ['C1', 'C2']));
        expect(stand.heard.reports.length).toBeGreaterThan(20);
        expect(stand.heard.predicted.length).toBeGreaterThan(0);
      },
      { interval: 20, timeout: 10_000 },
    );
    await client.endAsync();
  });
});

describe('words of whoever may write', () => {
  it('are taken from nobody but a centre over TLS or this machine', async () => {
    const extra = {
      v: 1,
      vehicles: [{ vehicle: 'a', label: 'buy here', lat: 36.81, lon: 118.05, time: NOW, line: 'L7' }],
      predictions: [
        {
          trip: 'x',
          line: 'L7',
          relationship: 'added',
          headsign: 'words of mine',
          stops: [{ stop: 'C1', arrival: NOW + 60_000 }],
        },
      ],
    };
    await using stand = new Stand();
    const via = { kind: 'listen' as const, host: '127.0.0.1', port: 0 };
    stand.start(config({ via, format: 'gps-json', alerts: false }));
    await vi.waitFor(() => expect(stand.feeds.port('city')).toBeGreaterThan(0), {
      interval: 2,
      timeout: 10_000,
    });
    await fetch(`http://127.0.0.1:${stand.feeds.port('city')}/`, {
      method: 'POST',
      body: JSON.stringify(extra),
    });
    const [prediction] = stand.heard.predicted[0]?.predictions ?? [];
    expect(prediction).toMatchObject({ relationship: 'added', arrival: NOW + 60_000 });
    expect(JSON.stringify(stand.heard)).not.toMatch(/words of mine|buy here/);
  });
});

describe('a feed that is posted to us', () => {
  it('takes what makes sense from whoever has the token', async () => {
    const centre = new Centre(new Fleet(CITY));
    await using stand = new Stand();
    stand.start(
      config({
        via: { kind: 'listen', host: '127.0.0.1', port: 0, token: 'secret' },
        format: 'gps-json',
        alerts: false,
        maxBytes: 200_000,
      }),
    );
    await vi.waitFor(() => expect(stand.feeds.port('city')).toBeGreaterThan(0), {
      interval: 2,
      timeout: 10_000,
    });
    const post = async (body: string, token = 'secret', method = 'POST') =>
      (
        await fetch(`http://127.0.0.1:${stand.feeds.port('city')}/`, {
          method,
          headers: { authorization: `Bearer ${token}` },
          ...(method === 'POST' ? { body } : {}),
        })
      ).status;
    const sound = gpsJson(centre, NOW);
    expect(await post(sound, 'wrong')).toBe(401);
    expect(stand.heard.reports).toEqual([]);
    expect(await post(sound)).toBe(204);
    expect(stand.heard.reports.length).toBeGreaterThan(20);
    expect(await post('{}')).toBe(400);
    expect(await post(' '.repeat(300_000))).toBe(413);
    expect(await post('', 'secret', 'GET')).toBe(405);
    expect(stand.state.counters.refused).toBe(2);
  });
});
