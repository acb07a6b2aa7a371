/** A console that has something to answer to every question of the API, and an administrator who asks. */
import { bad, good, uncertain } from '../../../agent/core/reading.ts';
import { type Answer, CITY_LEDGER, openConsole, type TestConsole } from './open-console.ts';

export interface ApiStand {
  readonly console_: TestConsole;
  readonly get: (path: string) => Promise<Answer>;
  readonly post: (path: string, body: unknown) => Promise<Answer>;
}

/** Paths are below `/api/v1`. */
export async function openApi(): Promise<ApiStand> {
  const opened = await openConsole();
  const headers = await opened.login();
  const { agent, clock } = opened;
  const at = clock.mono();
  agent.publish([
    good({ device: 'meter-feeder', point: 'voltage', unit: 'V' }, 230.1, at),
    uncertain({ device: 'station', point: 'noise', unit: 'dB(A)' }, 61.2, 'simulated', at),
    bad({ device: 'meter-lamp', point: 'voltage', unit: 'V' }, 'timeout', at),
    good({ device: 'board', point: 'cabinet-door', unit: '1' }, true, at),
  ]);
  agent.setHealth({
    part: 'store',
    state: 'ok',
    since: 1,
    facts: { free_bytes: 1e9, path: 'x', full: false },
  });
  agent.ledgerList = [CITY_LEDGER];
  agent.buckets = (_device, _point, from) => [
    { time: from, count: 2, min: 1, mean: 2, max: 3, last: 3 },
    { time: from + 60_000, count: 0, min: null, mean: null, max: null, last: null },
  ];
  agent.ticket = 'http://127.0.0.1:1880/ticket';
  agent.frame = {
    jpeg: new Uint8Array([0xff, 0xd8, 0xff, 0xd9]),
    width: 640,
    height: 360,
    time: 5,
    detections: [{ class: 'car', score: 0.91234, box: [1.4, 2, 30, 40] }],
  };
  return {
    console_: opened,
    get: (path) => opened.ask(`/api/v1${path}`, { headers }),
    post: (path, body) => opened.post(`/api/v1${path}`, body, headers),
  };
}
