/** Gives an `AgentData` what the pages of lines, uplinks, lamps, the audit and raw frames show. */
import type { AgentData } from '../../support/agent-data.ts';

const HOUR = 3_600_000;

export function furnish(street: AgentData): void {
  const now = street.now();
  const line = (facts: Record<string, number | string | boolean>) => facts;
  street.setHealth({
    part: 'line:rs485-1',
    state: 'ok',
    since: now - HOUR,
    facts: line({
      port: '/dev/ttyUSB0',
      utilisation: 0.41,
      planned: 0.38,
      skipped_periods: 2,
      noise_bytes: 14,
      foreign_frames: 0,
      commands_done: 12,
      command_p50_ms: 42,
      command_p95_ms: 61,
      answers: 8123,
      errors_timeout: 31,
      errors_frame_invalid: 2,
    }),
  });
  street.setHealth({
    part: 'device:meter-feeder',
    state: 'ok',
    since: now - HOUR,
    facts: line({ turnaround_p50_ms: 24, turnaround_p95_ms: 31, answers: 4000, requests_planned: 3 }),
  });
  street.setHealth({
    part: 'content',
    state: 'ok',
    since: now - HOUR,
    facts: { pack_version: 7, takeover_version: 0, notices_version: 41 },
  });
  street.setHealth({
    part: 'node-red',
    state: 'ok',
    since: now - HOUR,
    facts: { heap_mb: 61, loop_delay_ms: 4, starts: 1, port: 1880 },
  });
  street.refused = [
    { uplink: 'city', lane: 'telemetry', seq: 1_284_001, reason: 'unit kW.h is not known', at: now - HOUR },
  ];
  street.happened = (['audit', 'config', 'maintenance'] as const).map((event, i) => ({
    kind: 'event',
    seq: i + 1,
    event,
    severity: 'info',
    device: 'meter-lamp',
    time: now - (3 - i) * HOUR,
    rank: 'ntp',
    body: { act: 'frames', who: 'console:technician', seconds: 60 },
  }));
  const noon = Math.floor(now / (24 * HOUR)) * 24 * HOUR - 8 * HOUR;
  const levels = Array.from({ length: 288 }, (_, i) =>
    i < 60 || i > 222 ? 0 : i > 132 && i < 204 ? 60 : 100,
  );
  street.tonight = [
    {
      lamp: 'lamp-1',
      device: 'board',
      point: 'lamp-level',
      programme: {
        id: 'street',
        date: '2027-01-01',
        from: noon,
        to: noon + 24 * HOUR,
        dusk: noon + 5 * HOUR,
        dawn: noon + 18.5 * HOUR,
        step: 300_000,
        levels,
        photocell: true,
        traffic: [40, 100],
        boosts: ['SOS'],
      },
      now: { level: 80, rung: 'override', lit: true, why: 'console:technician' },
      override: { id: 'c-1', value: 80, issuer: 'console:technician', until: now + HOUR },
      power: { device: 'meter-lamp', point: 'power', rated: 120 },
    },
  ];
}
