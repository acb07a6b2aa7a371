/** Chargers that call us with OCPP 1.6J: the gateway is their central system. */

import { type DriverContext, defineDriver, type NetworkSession } from '../../agent/core/driver.ts';
import type { Issue, Profile, ProfilePoint } from '../../agent/core/profile.ts';
import type { Reading } from '../../agent/core/reading.ts';
import type { DeviceConfig, LineConfig } from '../../agent/core/site.ts';
import { trusted, wallAt } from '../../agent/core/time/clock.ts';
import { convertible } from '../../agent/core/unit.ts';
import { schemaIssues, shown } from '../issues.ts';
import { type Endpoint, endpointOf, type OcppLine } from './endpoint.ts';
import { unsaid } from './meter-values.ts';
import { COMMANDS, deviceSchema, FIELDS, optionsSchema, type Wire, wireSchema } from './schema.ts';
import { ChargerSession } from './session.ts';
import { Station } from './station.ts';

const LOOPBACK: readonly string[] = ['127.0.0.1', '::1', 'localhost'];

export default defineDriver({
  protocol: 'ocpp',
  kind: 'network',
  by: 'ocpp',
  secrets: [['password']],
  checkProfile,
  checkDevice,
  start,
});

function checkProfile(profile: Profile): readonly Issue[] {
  const issues: Issue[] = [...schemaIssues(optionsSchema, profile.options ?? {}, ['ocpp'])];
  profile.points.forEach((point, i) => {
    const found = schemaIssues(wireSchema, point.wire ?? {}, ['points', i, 'ocpp']);
    issues.push(...found);
    if (found.length > 0) return;
    for (const { at, message } of pointIssues(point, wireSchema.parse(point.wire))) {
      issues.push({ path: ['points', i, at], message });
    }
  });
  return issues;
}

function* pointIssues(point: ProfilePoint, wire: Wire): Generator<{ at: string; message: string }> {
  const type =
    wire.field !== undefined
      ? FIELDS[wire.field]
      : wire.command !== undefined
        ? COMMANDS[wire.command]
        : undefined;
  const wanted = wire.measurand !== undefined ? 'number' : type;
  if (wanted !== undefined && point.type !== wanted) {
    yield { at: 'type', message: `expected a ${wanted}, got a ${point.type}` };
  }
  const access = wire.command === undefined ? 'read' : wire.command === 'limit' ? 'read-write' : 'write';
  if (wire.key === undefined && point.access !== access) {
    yield { at: 'access', message: `expected ${access}, got ${point.access}` };
  }
  if (wire.command === 'limit' && !['A', 'W', 'kW'].includes(point.unit)) {
    yield { at: 'unit', message: `expected A, W or kW, got ${point.unit}` };
  }
  const unit = wire.measurand === undefined ? undefined : unsaid(wire.measurand);
  if (unit !== undefined && !convertible(unit, point.unit)) {
    yield { at: 'unit', message: `expected ${unit} or what it converts to, got ${point.unit}` };
  }
}

function checkDevice(device: DeviceConfig, line: LineConfig): readonly Issue[] {
  const issues: Issue[] = [...schemaIssues(deviceSchema, device.options, ['options'])];
  const { address } = device;
  if (typeof address !== 'string' || !/^[A-Za-z0-9*\-_=:+|@.]{1,48}$/.test(address)) {
    issues.push({
      path: ['address'],
      message: `expected the charger's identity, got ${shown(address)}`,
      fix: 'write address: "CP-0817", the last part of the address that the charger calls',
    });
  }
  if (line.kind !== 'ocpp') {
    issues.push({ path: ['line'], message: `expected a line with ocpp:, got ${line.kind}` });
  } else if (!LOOPBACK.includes(line.host) && device.options.password === undefined) {
    issues.push({
      path: ['options', 'password'],
      message: `expected a password, for ${line.host} can be reached from elsewhere, got nothing`,
      fix: `write password: \${env:CHARGER_PASSWORD}, at least 8 characters, and give it to the charger`,
    });
  }
  return issues;
}

/** Chargers of an endpoint by identity. */
const stations = new WeakMap<object, Map<string, { station: Station; admitted: Disposable }>>();

function start(
  context: DriverContext,
  emit: (readings: readonly Reading[]) => void,
  line: LineConfig,
): NetworkSession {
  const { clock, device, log } = context;
  const endpoint: Endpoint = endpointOf(line as OcppLine, clock, log);
  const known =
    stations.get(endpoint.shared) ?? new Map<string, { station: Station; admitted: Disposable }>();
  stations.set(endpoint.shared, known);
  const identity = String(device.address);
  const now = () => {
    const { time, rank } = wallAt(clock.mapping(), clock.mono());
    return { time, trusted: trusted(rank) };
  };
  let entry = known.get(identity);
  if (entry === undefined) {
    const station = new Station({ now });
    entry = { station, admitted: endpoint.admit(identity, station) };
    known.set(identity, entry);
  }
  const { station, admitted } = entry;
  const session = new ChargerSession(context, emit, async () => {
    joined[Symbol.dispose]();
    if (station.empty) {
      known.delete(identity);
      admitted[Symbol.dispose]();
    }
    await endpoint.release();
  });
  const joined = station.join(session);
  return session;
}
