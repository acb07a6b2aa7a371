/** What has to fit together in a site: ids, references, addresses. Each check looks at the items that are right in themselves. */
import { isIP } from 'node:net';
import type { Driver } from '../core/driver.ts';
import type { LineConfig } from '../core/site.ts';
import { gotText } from './issues.ts';
import type { LampFile } from './lighting/schema.ts';
import { nearest, type Path, type Problem, problem, shown } from './problem.ts';
import type { DeviceFile, LineFile, ListName } from './schema.ts';
import { type MapNode, nodeAt, placeAt, type Tree } from './tree.ts';
import { UPLINK_KINDS, type UplinkFile } from './uplink/schema.ts';
import { checkSelect } from './uplink/select-checks.ts';
import { checkTokenKey } from './uplink/token-key.ts';

/** An item of a list with its number there. */
export interface Numbered<T> {
  readonly index: number;
  readonly item: T;
}

export type Say = (path: Path, message: string, fix?: string) => void;

/** Collects problems of the merged document. */
export function teller(root: Tree, problems: Problem[]): Say {
  return (path, message, fix) => problems.push(problem(placeAt(root, path), path, message, fix));
}

/** Ids as written, also of items that are wrong otherwise, so that a reference to them is not wrong too. */
export function writtenIds(root: MapNode, list: ListName): readonly string[] {
  const items = nodeAt(root, [list]);
  if (items?.kind !== 'list') return [];
  return items.items.flatMap((item) => {
    const id = nodeAt(item, ['id']);
    return id?.kind === 'scalar' && typeof id.value === 'string' ? [id.value] : [];
  });
}

/** Lists whose items are the `device` of a reading. */
export const REPORTING: readonly ListName[] = ['devices', 'cameras', 'lamps', 'figures', 'virtual'];

/** Ids are unique in their list; devices, cameras, lamps, figures and virtual devices share one name space: all are `device` of a reading. */
export function checkIds(root: MapNode, say: Say): void {
  const lists: readonly ListName[] = [
    'lines',
    'devices',
    'cameras',
    'lamps',
    'figures',
    'virtual',
    'programmes',
    'uplinks',
  ];
  const taken = new Map<string, string>();
  for (const list of lists) {
    const space = REPORTING.includes(list) ? 'devices' : list;
    const items = nodeAt(root, [list]);
    if (items?.kind !== 'list') continue;
    items.items.forEach((item, index) => {
      const id = nodeAt(item, ['id']);
      if (id?.kind !== 'scalar' || typeof id.value !== 'string') return;
      const name = `${space}/${id.value}`;
      const first = taken.get(name);
      if (first === undefined) taken.set(name, `${list}[${index}]`);
      else say([list, index, 'id'], `the id ${gotText(id)} is taken by ${first}`, 'write another id');
    });
  }
}

/** Names that stand at `key` of the items are among `known`; also those of items that are wrong otherwise. */
export function checkReferences(
  root: MapNode,
  list: ListName,
  key: string,
  what: string,
  known: readonly string[],
  say: Say,
): void {
  const items = nodeAt(root, [list]);
  if (items?.kind !== 'list') return;
  items.items.forEach((item, index) => {
    const node = nodeAt(item, [key]);
    if (node?.kind !== 'scalar' || typeof node.value !== 'string' || known.includes(node.value)) return;
    unknownName(say, [list, index, key], what, node.value, known, gotText(node));
  });
}

/** Says that `name` is none of `known`, with the nearest of them. */
export function unknownName(
  say: Say,
  path: Path,
  what: string,
  name: string,
  known: readonly string[],
  got = shown(name),
): void {
  const key = path.at(-1);
  const close = nearest(name, known);
  const list = known.length <= 12 ? known.join(', ') : `${known.slice(0, 12).join(', ')} …`;
  const fix =
    close !== undefined
      ? `write ${key}: ${close}`
      : known.length === 0
        ? `there is no ${what} at all; add one`
        : `write one of ${list}`;
  say(path, `there is no ${what} ${got}`, fix);
}

/** A line is a serial port, a TCP or UDP address or a door to call at, and has the settings of its kind only. */
export function checkLine({ index, item }: Numbered<LineFile>, say: Say): boolean {
  const at = (key: string): Path => ['lines', index, key];
  const kinds = ['port', 'tcp', 'udp', 'listen', 'mqtt', 'http', 'ocpp', 'network'] as const;
  const [kind, other] = kinds.filter((key) => item[key] !== undefined);
  if (kind === undefined) {
    say(
      at('port'),
      'missing: expected port:, tcp:, udp:, listen:, mqtt:, http:, ocpp: or network:',
      'write port: /dev/ttyUSB0, or tcp: 10.0.0.7:502',
    );
    return false;
  }
  if (other !== undefined) {
    say(
      at(other),
      `a line has one of ${kinds.map((name) => `${name}:`).join(', ')}, got ${kind} and ${other}`,
      'remove one of them',
    );
    return false;
  }
  if (kind === 'mqtt' || kind === 'http' || kind === 'ocpp' || kind === 'network') {
    for (const key of [
      'framing',
      'pipeline',
      'rts',
      'baud',
      'format',
      'registration',
      'heartbeat',
      'timeout',
    ] as const) {
      if (item[key] !== undefined) say(at(key), `a line with ${kind}: has no ${key}`, 'remove it');
    }
    return checkMessages(item, (path, message, fix) => say([...at(kind), ...path], message, fix));
  }
  if (item.listen !== undefined) {
    for (const key of ['framing', 'pipeline', 'rts'] as const) {
      if (item[key] !== undefined) say(at(key), `a line with listen: has no ${key}`, 'remove it');
    }
    for (const address of item.from ?? []) {
      if (isIP(address) === 0) say(at('from'), `expected IP addresses, got "${address}"`, 'write 10.0.0.5');
    }
    if (item.transport !== undefined) {
      for (const key of ['registration', 'heartbeat'] as const) {
        if (item[key] !== undefined)
          say(at(key), `a line with transport: has no ${key}`, 'remove one of them');
      }
      return true;
    }
    if (item.from !== undefined) say(at('from'), 'from needs transport:', 'write transport: tcp');
    if (item.registration !== undefined) return true;
    say(
      at('registration'),
      'missing: expected the first packet of the device',
      'write registration: "DTU-0001"',
    );
    return false;
  }
  for (const key of ['registration', 'heartbeat', 'transport', 'from'] as const) {
    if (item[key] !== undefined) say(at(key), `${key} needs listen:`, 'remove it');
  }
  if (item.port !== undefined) {
    if (item.framing !== undefined) say(at('framing'), 'a serial port has no framing', 'remove it');
    if (item.pipeline !== undefined)
      say(at('pipeline'), 'a serial port carries one request at a time', 'remove it');
    return true;
  }
  if (item.udp !== undefined) {
    for (const key of ['framing', 'pipeline', 'rts', 'baud', 'format'] as const) {
      if (item[key] !== undefined) say(at(key), `a line with udp: has no ${key}`, 'remove it');
    }
    return true;
  }
  if (item.rts !== undefined) say(at('rts'), 'a TCP line has no RTS', 'remove it');
  if (item.framing === 'raw' || item.framing === 'rfc2217') {
    if (item.pipeline !== undefined)
      say(at('pipeline'), 'serial bytes carry one request at a time', 'remove it');
    return true;
  }
  for (const key of ['baud', 'format'] as const) {
    if (item[key] !== undefined)
      say(at(key), 'Modbus TCP has no serial settings', 'remove it, or write framing: raw');
  }
  return true;
}

/** Who may post to us from elsewhere needs a token, and TLS needs both of its files. */
function checkMessages({ http, mqtt, ocpp }: LineFile, say: Say): boolean {
  const { cert, key } = http ?? mqtt ?? ocpp ?? {};
  if ((cert === undefined) !== (key === undefined)) {
    const [missing, given] = cert === undefined ? ['cert', 'key'] : ['key', 'cert'];
    say([missing], `missing: ${given} needs ${missing}`, `write ${missing}: file:…`);
  }
  if (mqtt?.password !== undefined && mqtt.username === undefined) {
    say(['username'], 'missing: password needs username', 'write username: kerbside');
  }
  const local = http === undefined || ['127.0.0.1', '::1', 'localhost'].includes(http.listen.host);
  if (local || http.token !== undefined) return true;
  say(
    ['token'],
    `missing: ${http.listen.host} can be reached from elsewhere`,
    `write token: \${env:POST_TOKEN}`,
  );
  return false;
}

/** Devices that send messages are on lines that bring them, and no others are. */
export function checkKind(
  { index, item }: Numbered<DeviceFile>,
  line: LineConfig,
  driver: Driver,
  say: Say,
): boolean {
  const special = ['mqtt', 'http', 'ocpp', 'network'].includes(line.kind);
  const wanted =
    driver.kind === 'message' ? driver.by : driver.kind === 'network' ? (driver.by ?? 'network') : undefined;
  if (wanted === (special ? line.kind : undefined)) return true;
  const expected = wanted === undefined ? 'a line with a port' : `a line with ${wanted}:`;
  const message = `${driver.protocol} needs ${expected}, got ${item.line} with ${line.kind === 'serial' ? 'port' : line.kind}:`;
  say(['devices', index, 'line'], message, 'give it another line');
  return false;
}

function sameCaller(a: LineFile, b: LineFile): boolean {
  if (a.registration === undefined || b.registration === undefined) return false;
  if (a.listen?.host !== b.listen?.host || a.listen?.port !== b.listen?.port) return false;
  return a.registration.startsWith(b.registration) || b.registration.startsWith(a.registration);
}

/** Two lines cannot share a port; of callers at one door, none begins like another. */
export function checkPorts(lines: readonly Numbered<LineFile>[], say: Say): void {
  const taken = new Map<string, number>();
  for (const [i, { index, item }] of lines.entries()) {
    const like = lines.slice(0, i).find(({ item: other }) => sameCaller(item, other));
    if (like !== undefined) {
      const why = `callers of lines[${like.index}] begin with the same bytes`;
      say(['lines', index, 'registration'], why, 'give each device a registration of its own');
    }
    const own = item.transport === undefined || item.listen?.port === 0 ? undefined : item.listen;
    const remote = item.tcp ?? item.udp ?? own;
    const datagrams = item.udp === undefined ? '' : 'udp ';
    const key = item.port ?? (remote === undefined ? undefined : `${datagrams}${remote.host}:${remote.port}`);
    if (key === undefined) continue;
    const first = taken.get(key);
    const kind = (['port', 'tcp', 'udp'] as const).find((one) => item[one] !== undefined);
    const path: Path = ['lines', index, kind ?? 'listen'];
    if (first === undefined) taken.set(key, index);
    else say(path, `${shown(key)} is the port of lines[${first}] already`, 'put its devices on that line');
  }
}

/** YAML reads 000012345678 as a number and drops the zeros: addresses of meters must keep them. */
export function checkAddress(root: MapNode, { index, item }: Numbered<DeviceFile>, say: Say): boolean {
  const path: Path = ['devices', index, 'address'];
  const node = nodeAt(root, path);
  if (typeof item.address !== 'number' || node?.kind !== 'scalar' || !/^0\d/.test(node.source)) return true;
  say(
    path,
    `the zeros in front of ${node.source} are lost without quotes`,
    `write address: "${node.source}"`,
  );
  return false;
}

/** Settings of one device need a port that can be set while it is open. */
export function checkSettings({ index, item }: Numbered<DeviceFile>, line: LineConfig, say: Say): boolean {
  const key = (['baud', 'format'] as const).find((name) => item[name] !== undefined);
  if (key === undefined) return true;
  if (line.kind === 'serial' || (line.kind === 'tcp' && line.framing === 'rfc2217')) return true;
  const message = `${key} of a device needs a line whose port is set from here, ${item.line} is set elsewhere`;
  say(['devices', index, key], message, 'remove it, or write framing: rfc2217 for the line');
  return false;
}

/** One address, one device on a line. */
export function checkAddresses(devices: readonly Numbered<DeviceFile>[], say: Say): void {
  const taken = new Map<string, DeviceFile>();
  for (const { index, item } of devices) {
    if (item.address === undefined) continue;
    const key = `${item.line} ${item.address}`;
    const first = taken.get(key);
    if (first === undefined) taken.set(key, item);
    else {
      const message = `address ${item.address} on line ${item.line} belongs to ${first.id} already`;
      say(['devices', index, 'address'], message, 'write the address set at the device');
    }
  }
}

/** A lamp is a writable number of a device. `devices` are those whose profile is known. */
export function checkLamp(
  { index, item }: Numbered<LampFile>,
  devices: ReadonlyMap<
    string,
    readonly { readonly id: string; readonly access: string; readonly type: string }[]
  >,
  say: Say,
): void {
  const at = (key: string): Path => ['lamps', index, key];
  const points = devices.get(item.device);
  if (points === undefined) return;
  const found = points.find(({ id }) => id === item.point);
  const writable = points.filter(({ access, type }) => access !== 'read' && type === 'number');
  const names = writable.map(({ id }) => id);
  if (found === undefined) {
    unknownName(say, at('point'), `writable point of ${item.device}`, item.point, names);
    return;
  }
  if (names.includes(found.id)) return;
  const why = found.access === 'read' ? 'can only be read' : `is a ${found.type}, not a number`;
  const fix = names.length === 0 ? 'name another device' : `write point: ${names[0]}`;
  say(at('point'), `the point ${shown(item.point)} of ${item.device} ${why}`, fix);
}

/** Scheme of plain connections by kind; with an s behind it is TLS. */
const SCHEMES = { mqtt: 'mqtt', sparkplug: 'mqtt', http: 'http' } as const;

/** An uplink has one kind, TLS settings need TLS, and whoever logs in does it in one way. */
export function checkUplink(root: MapNode, { index, item }: Numbered<UplinkFile>, say: Say): boolean {
  const [kind, second] = UPLINK_KINDS.filter((one) => item[one] !== undefined);
  if (kind === undefined) {
    say(['uplinks', index, 'mqtt'], 'missing: expected the kind of uplink', 'write mqtt: { url: mqtts://… }');
    return false;
  }
  if (second !== undefined) {
    say(['uplinks', index, second], 'an uplink has one kind, got two', 'make two uplinks of it');
    return false;
  }
  checkSelect(index, item, say);
  // Centres with protocols of their own have neither URL nor TLS; what else is to be said of them comes later.
  if (kind === 'building_energy' || kind === 'gb26875') return true;
  const settings = item[kind];
  if (settings === undefined) return true;
  const at = (key: string): Path => ['uplinks', index, kind, key];
  const { url, urls } = { urls: undefined, ...settings };
  if (url === undefined && urls === undefined) {
    const [whose, scheme] = kind === 'hj212' ? ['centre', 'tcp'] : ['broker', 'mqtts'];
    say(at('url'), `missing: expected the address of a ${whose}`, `write url: ${scheme}://…`);
    return false;
  }
  if (url !== undefined && urls !== undefined) {
    say(at('urls'), 'an uplink has either url or urls, got both', 'remove one of them');
    return false;
  }
  // TLS and logins are no part of that protocol (uplink/hj212-checks.ts).
  if (kind === 'hj212') return true;
  const scheme = SCHEMES[kind];
  const { ca, cert, key, username, password } = { ...item.mqtt, ...item.sparkplug, ...item.http };
  const plain = (urls ?? [url ?? '']).findIndex((one) => one.startsWith(`${scheme}:`));
  if (plain >= 0) {
    for (const [name, value] of Object.entries({ ca, cert, key })) {
      if (value === undefined) continue;
      const node = nodeAt(root, urls === undefined ? at('url') : [...at('urls'), plain]);
      const got = node === undefined ? '' : `, got ${gotText(node)}`;
      say(at(name), `${name} needs a TLS connection${got} as url`, `write url: ${scheme}s://…`);
    }
  }
  if ((cert === undefined) !== (key === undefined)) {
    const [missing, given] = cert === undefined ? ['cert', 'key'] : ['key', 'cert'];
    say(
      at(missing),
      `missing: ${given} needs ${missing}`,
      `write ${missing}: file:./client.${missing === 'key' ? 'key' : 'pem'}`,
    );
  }
  checkTokenKey(key, at('key'), say);
  if (password !== undefined && username === undefined) {
    say(at('username'), 'missing: password needs username', 'write username: kerbside');
  }
  if (item.http?.token !== undefined && username !== undefined) {
    say(at('token'), 'an uplink has either token or username, got both', 'remove one of them');
  }
  return true;
}
