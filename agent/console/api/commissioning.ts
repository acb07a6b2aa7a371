/** Routes of commissioning, all under one prefix: the service link opens these and nothing else. */
import type { AcceptedDevice, Commissioning, ScanState, TrialValue } from '../../core/commissioning.ts';
import { UNITS } from '../../core/unit.ts';
import * as shape from './commissioning-contract.ts';
import { nothing } from './contract.ts';
import { defined } from './defined.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { Problem } from './problem.ts';
import type { Services } from './services.ts';

const ROLE = 'technician';

export function commissioningEndpoints({ view, log }: Services): Endpoint[] {
  const asked = (): Commissioning => {
    if (view.commissioning !== undefined) return view.commissioning;
    throw new Problem(503, 'not-ready', 'commissioning is not ready: the agent is starting', {
      retryAfter: 2,
    });
  };
  return [
    endpoint({
      method: 'GET',
      path: '/commissioning/ports',
      role: ROLE,
      summary: 'Ports that can be scanned, and which line has which.',
      answer: shape.ports,
      problems: [503],
      run: async () => ({ ports: (await asked().ports()).map((one) => ({ ...one })) }),
    }),
    endpoint({
      method: 'GET',
      path: '/commissioning/scans',
      role: ROLE,
      summary: 'Scans with what they found, newest first. The stream tells of each that changes.',
      answer: shape.scans,
      problems: [503],
      run: async () => ({ now: Math.round(view.now()), scans: asked().scans().map(scanRow) }),
    }),
    endpoint({
      method: 'POST',
      path: '/commissioning/scans',
      role: ROLE,
      summary: 'Scans a port: asks, never writes. A port of a line is scanned in the free time of that line.',
      body: shape.scanBody,
      answer: shape.scan,
      problems: [409, 413, 415, 503],
      run: async ({ body: { port, thorough = false }, who }) => {
        log.info('console.scan', { port, thorough, by: who.name });
        return scanRow(await asked().start(port, thorough, who.name));
      },
    }),
    endpoint({
      method: 'POST',
      path: '/commissioning/scans/:scan/stop',
      role: ROLE,
      summary: 'Ends the search; what was found stays.',
      params: shape.scanParams,
      body: nothing,
      answer: shape.scan,
      problems: [404, 413, 415, 503],
      run: async ({ params: { scan }, who }) => scanRow(await asked().stop(scan, who.name)),
    }),
    endpoint({
      method: 'POST',
      path: '/commissioning/scans/:scan/readings',
      role: ROLE,
      summary:
        'Reads found devices about every second, before they are in the site, for ten minutes. Ends the search.',
      params: shape.scanParams,
      body: shape.readBody,
      answer: shape.scan,
      problems: [404, 413, 415, 503],
      run: async ({ params: { scan }, body: { devices } }) => scanRow(await asked().read(scan, devices)),
    }),
    endpoint({
      method: 'POST',
      path: '/commissioning/scans/:scan/check',
      role: ROLE,
      summary:
        'What saving these devices would do: names, the whole site file, airtime of the line. Changes nothing.',
      params: shape.scanParams,
      body: shape.saveBody,
      answer: shape.saveCheck,
      problems: [404, 413, 415, 503],
      run: async ({ params: { scan }, body, signal }) => {
        const { load, ...check } = await asked().check(scan, requestOf(body), signal);
        return {
          ...check,
          problems: check.problems.map((one) => ({ ...one })),
          ...(load === undefined ? {} : { load: { ...load } }),
        };
      },
    }),
    endpoint({
      method: 'POST',
      path: '/commissioning/scans/:scan/save',
      role: ROLE,
      summary:
        'Takes these devices into the site file, as a change that is watched and returns by itself if it harms.',
      params: shape.scanParams,
      body: shape.saveBody,
      answer: shape.savedDevices,
      problems: [404, 409, 413, 415, 503],
      run: async ({ params: { scan }, body, who, signal }) => {
        log.info('console.commissioning_save', {
          scan,
          devices: body.devices.map(({ id }) => id).join(','),
          by: who.name,
        });
        const { answer } = await asked().save(scan, requestOf(body), who.name, signal);
        if (!answer.ok) {
          throw new Problem(
            409,
            answer.code,
            answer.reason,
            answer.fix === undefined ? {} : { fix: answer.fix },
          );
        }
        return { scan: scanRow(asked().scan(scan)), change: answer.change.id };
      },
    }),
    endpoint({
      method: 'DELETE',
      path: '/commissioning/scans/:scan',
      role: ROLE,
      summary: 'Forgets a scan and frees its port.',
      params: shape.scanParams,
      answer: nothing,
      problems: [404, 503],
      run: async ({ params: { scan }, who }) => {
        await asked().discard(scan, who.name);
        return {};
      },
    }),
  ];
}

function requestOf({ devices, line, name, why }: shape.ApiSave) {
  const accepted = devices.map(({ title, ...one }): AcceptedDevice => ({ ...one, title: defined(title) }));
  return { devices: accepted, ...defined({ line, name, why }) };
}

/** A scan as the API tells it. */
export function scanRow({ left, readingUntil, found, noise, saved, ...scan }: ScanState): shape.ApiScan {
  return {
    ...scan,
    left_s: Math.round(left / 1000),
    noise: [...noise],
    ...(readingUntil === undefined ? {} : { reading_until: readingUntil }),
    ...(saved === undefined ? {} : { saved: { ...saved, devices: [...saved.devices] } }),
    found: found.map(({ candidates, values, ...one }) => ({
      ...one,
      candidates: candidates.map((candidate) => ({ ...candidate })),
      values: values.map(valueRow),
    })),
  };
}

function valueRow({ decimals, states, reason, ...one }: TrialValue): shape.ApiTrialValue {
  return {
    ...one,
    symbol: UNITS[one.unit]?.symbol ?? one.unit,
    decimals: decimals ?? null,
    states: states ?? null,
    reason: reason ?? null,
  };
}
