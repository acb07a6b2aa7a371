/**
 * What the assertions of Sparkplug 3.0 ask of an edge node, as checks of the packets of a whole life. One entry per id of
 * the specification; tests/vectors/sparkplug-assertions.json says which ids there are, in our own words.
 */
import { expect } from 'vitest';
import type { HostMetric } from '../../../support/sparkplug-host.ts';
import type { Life, Published } from './life.ts';

type Check = (life: Life) => void;

const BIRTHS = ['NBIRTH', 'DBIRTH'];
const DATA = ['NDATA', 'DDATA'];
const NODE = 'spBv1.0/street/VERB/pole-1';

const of = (life: Life, ...verbs: string[]) => life.published.filter(({ verb }) => verbs.includes(verb));
const named = (one: Published, name: string) => one.metrics.find((metric) => metric.name === name);
const bdSeqOf = (metrics: readonly HostMetric[]) => metrics.find(({ name }) => name === 'bdSeq')?.value;

/** Connections that came so far that something was published on them. */
const lived = (life: Life) => [...new Set(life.published.map(({ connection }) => connection))];
const on = (life: Life, connection: number) => life.published.filter((one) => one.connection === connection);

function each(life: Life, verbs: readonly string[], check: (one: Published) => void): void {
  const all = of(life, ...verbs);
  for (const verb of verbs)
    expect(
      all.some((one) => one.verb === verb),
      verb,
    ).toBe(true);
  for (const one of all) check(one);
}

const loose =
  (verb: string): Check =>
  (life) =>
    each(life, [verb], ({ packet }) => expect([packet.qos, packet.retain]).toEqual([0, false]));

const topic =
  (verb: string): Check =>
  (life) =>
    each(life, [verb], ({ packet, device }) => {
      const node = NODE.replace('VERB', verb);
      expect(packet.topic).toBe(verb.startsWith('D') ? `${node}/${device}` : node);
    });

/** Decoded by an implementation that is not ours, into metrics or (a death of a device) none. */
const protobuf =
  (verb: string): Check =>
  (life) =>
    each(life, [verb], ({ metrics }) => expect(metrics.length > 0 || verb === 'DDEATH').toBe(true));

const timed =
  (verb: string): Check =>
  (life) => {
    const now = Date.now();
    each(life, [verb], ({ timestamp = 0 }) => expect(Math.abs(now - timestamp)).toBeLessThan(300_000));
  };

const hasSeq =
  (verb: string): Check =>
  (life) =>
    each(life, [verb], ({ seq = -1 }) => expect(seq >= 0 && seq <= 255 && Number.isInteger(seq)).toBe(true));

/** One by one from 0 at each birth of the node, 0 behind 255. */
const counts: Check = (life) => {
  let wrapped = false;
  for (const connection of lived(life)) {
    let due = 0;
    for (const { verb, seq } of on(life, connection)) {
      if (verb === 'NDEATH') continue;
      if (verb === 'NBIRTH') due = 0;
      expect(seq, `${verb} on connection ${connection}`).toBe(due);
      wrapped ||= due === 255;
      due = (due + 1) % 256;
    }
  }
  expect(wrapped).toBe(true);
};
const countsOf =
  (verb: string): Check =>
  (life) => {
    hasSeq(verb)(life);
    counts(life);
  };

const will: (
  check: (will: NonNullable<Life['connects'][number]['packet']['will']>, life: Life) => void,
) => Check = (check) => (life) => {
  expect(life.connects.length).toBeGreaterThan(2);
  for (const { packet } of life.connects) {
    expect(packet.will).toBeDefined();
    if (packet.will !== undefined) check(packet.will, life);
  }
};

/** bdSeq of the will under which each connection lives. */
const willBdSeq = (life: Life, connection: number) => {
  const { packet } = life.connects.find((one) => one.connection === connection) ?? {};
  return packet?.will === undefined ? undefined : bdSeqOf(life.decode(packet.will.payload));
};

const birthsCarryBdSeq: Check = (life) =>
  each(life, ['NBIRTH'], (one) => {
    const metric = named(one, 'bdSeq');
    expect(metric?.type).toBe('Int64');
    expect(metric?.value).toBe(willBdSeq(life, one.connection));
  });

const rebirthMetric: Check = (life) =>
  each(life, ['NBIRTH'], (one) =>
    expect(named(one, 'Node Control/Rebirth')).toMatchObject({ type: 'Boolean', value: false }),
  );

const typed =
  (...verbs: string[]): Check =>
  (life) =>
    each(life, verbs, ({ metrics, wire }) => {
      for (const [i, { name, type }] of metrics.entries()) {
        expect(['Int64', 'Boolean', 'String', 'Double'], name).toContain(type);
        expect(wire[i]).toHaveProperty('datatype');
      }
    });

const whole =
  (verb: string): Check =>
  (life) =>
    each(life, [verb], ({ wire }) => {
      for (const metric of wire) {
        expect(metric).toMatchObject({ name: expect.any(String), datatype: expect.any(Number) });
        expect(Object.keys(metric).some((key) => key.endsWith('Value')) !== (metric.isNull === true)).toBe(
          true,
        );
      }
    });

const values =
  (verb: string): Check =>
  (life) => {
    whole(verb)(life);
    if (verb !== 'DBIRTH') return;
    const births = of(life, 'DBIRTH').filter(({ device }) => device === 'meter-1');
    // The newest of the log, also of what was logged while nobody listened.
    expect(named(births[0] as Published, 'voltage')?.value).toBeCloseTo(223.9, 5);
    expect(named(births.at(-1) as Published, 'voltage')?.value).toBe(225);
    const lamp = of(life, 'DBIRTH').find(({ device }) => device === 'lamp-1');
    const level = lamp?.wire.find(({ name }) => name === 'level');
    expect(level).toMatchObject({ isNull: true });
    expect(level).not.toHaveProperty('doubleValue');
  };

/** Between a birth of the node and its data there is a birth of every device that was ever born before. */
const birthsFirst: Check = (life) => {
  for (const connection of lived(life)) {
    const [first] = on(life, connection);
    expect(['NBIRTH', 'NDEATH']).toContain(first?.verb);
    let born: Set<string> | undefined;
    let open = false;
    for (const { verb, device } of on(life, connection)) {
      if (verb === 'NBIRTH') {
        born = new Set();
        open = true;
      }
      if (verb === 'DBIRTH') born?.add(device ?? '');
      if (DATA.includes(verb)) {
        if (open) expect([...(born ?? [])].sort()).toEqual(['lamp-1', 'meter-1']);
        open = false;
        expect(born).toBeDefined();
        if (verb === 'DDATA') expect(born?.has(device ?? '')).toBe(true);
      }
      if (verb === 'DDEATH') born?.delete(device ?? '');
    }
  }
};

const waits: Check = (life) => {
  expect(life.marks.waited).toBe(0);
  expect(life.remark).toContain('waits for primary host scada');
  for (const connection of lived(life)) {
    const birth = on(life, connection).find(({ verb }) => verb === 'NBIRTH');
    const online = life.states.find((one) => one.connection === connection && one.online);
    if (birth !== undefined) expect(online?.at ?? Number.POSITIVE_INFINITY).toBeLessThan(birth.at);
  }
};

const hostOffline: Check = (life) => {
  expect(life.heard.slice(life.marks.cut, life.marks.offline).at(-1)?.verb).toBe('NDEATH');
  const last = life.states.filter(({ online, timestamp }) => !online && timestamp === 3000)[0];
  const death = life.published.find(({ verb }) => verb === 'NDEATH');
  expect(death?.connection).toBe(last?.connection);
  expect(death?.at).toBeGreaterThan(last?.at ?? Number.POSITIVE_INFINITY);
  const goodbye = life.disconnects.find(({ connection }) => connection === death?.connection);
  expect(goodbye?.at).toBeGreaterThan(death?.at ?? Number.POSITIVE_INFINITY);
  // Begun anew: another connection with its own certificate.
  expect(life.heard.slice(life.marks.offline, life.marks.back)[0]?.verb).toBe('NBIRTH');
};

const staleOffline: Check = (life) => expect(life.others.staleOffline).toBe(true);

const subscribes =
  (filter: string): Check =>
  (life) => {
    for (const connection of lived(life)) {
      const found = life.subscribes.find(
        (one) =>
          one.connection === connection && one.packet.subscriptions.some((asked) => asked.topic === filter),
      );
      expect(found?.packet.subscriptions.find((asked) => asked.topic === filter)?.qos).toBe(1);
      const first = on(life, connection)[0]?.at ?? Number.POSITIVE_INFINITY;
      expect(found?.at ?? Number.POSITIVE_INFINITY).toBeLessThan(first);
    }
  };

const rebirth: Check = (life) => {
  const step = life.heard.slice(life.marks.data, life.marks.rebirth);
  expect(step.map(({ verb }) => verb)).toEqual(['NBIRTH', 'DBIRTH', 'DBIRTH', 'DDATA']);
  const storm = life.heard.slice(life.marks.rebirth, life.marks.storm);
  // Nine requests, at most three births.
  expect(storm.filter(({ verb }) => verb === 'NBIRTH').length).toBeLessThanOrEqual(2);
  birthsFirst(life);
};

const deathBeforeGoodbye: Check = (life) => {
  expect(life.disconnects.length).toBeGreaterThan(0);
  for (const { connection, at, packet } of life.disconnects) {
    const deaths = on(life, connection).filter(({ verb }) => verb === 'NDEATH');
    expect(deaths).toHaveLength(1);
    expect(deaths[0]?.at).toBeLessThan(at);
    expect(bdSeqOf(deaths[0]?.metrics ?? [])).toBe(willBdSeq(life, connection));
    if (life.version === 5) expect(packet.reasonCode).toBe(0x04);
  }
};

const names = (one: Published) => [one.verb, one.metrics.map(({ name }) => name)] as const;
const nodeDeath =
  (check: (one: Published) => void): Check =>
  (life) =>
    each(life, ['NDEATH'], check);

const buried: Check = (life) => {
  const step = life.heard.slice(life.marks.command, life.marks.buried);
  const verbs = step.map(({ verb, device }) => `${verb} ${device ?? ''}`.trim());
  const death = verbs.indexOf('DDEATH meter-1');
  expect(death).toBeGreaterThan(0);
  // Nothing of the dead device behind it: the node says what is left to say.
  expect(verbs.slice(death + 1)).toEqual(['NDATA']);
  const back = life.heard.slice(life.marks.buried, life.marks.revived).map(({ verb }) => verb);
  expect(back).toEqual(['DBIRTH', 'DDATA']);
};

const aliasInBirths: Check = (life) =>
  each(life, BIRTHS, ({ wire }) => {
    const without = wire.filter(({ alias }) => alias === undefined).map(({ name }) => name);
    for (const { name } of wire) expect(name).toBeTypeOf('string');
    // bdSeq never comes again, and for Rebirth an alias is forbidden.
    expect(without.filter((name) => name !== 'bdSeq' && name !== 'Node Control/Rebirth')).toEqual([]);
  });

const aliasUnique: Check = (life) => {
  let seen = new Map<string, string>();
  each(life, BIRTHS, ({ verb, device, wire }) => {
    if (verb === 'NBIRTH') seen = new Map();
    for (const { name, alias } of wire) {
      if (alias === undefined) continue;
      const meaning = `${device}/${name}`;
      expect(seen.get(String(alias)) ?? meaning).toBe(meaning);
      seen.set(String(alias), meaning);
    }
  });
};

const aliasInData: Check = (life) =>
  each(life, DATA, ({ wire }) => {
    for (const metric of wire) {
      // The past goes by name: an alias is only good for the births around it.
      if (metric.isHistorical === true) expect(metric).not.toHaveProperty('alias');
      else expect(metric).not.toHaveProperty('name');
      expect(metric.alias !== undefined || metric.name !== undefined).toBe(true);
    }
    expect(new Set(wire.map(({ isHistorical = false }) => isHistorical)).size).toBe(1);
  });

const untypedData: Check = (life) =>
  each(life, DATA, ({ wire }) => {
    for (const metric of wire) expect(metric).not.toHaveProperty('datatype');
  });

const metricTimes: Check = (life) => {
  each(life, [...BIRTHS, ...DATA], ({ wire }) => {
    for (const metric of wire) expect(Number(metric.timestamp)).toBeGreaterThan(Date.UTC(2026, 0, 1));
  });
  const first = of(life, 'DDATA').find(({ wire }) => wire.length === 40);
  expect(Number(first?.wire[0]?.timestamp)).toBe(Date.UTC(2027, 0, 1) + 1);
};

const properties: Check = (life) => {
  each(life, [...BIRTHS, ...DATA], ({ wire }) => {
    for (const { properties } of wire) {
      if (properties === undefined) continue;
      expect(properties.keys.length).toBe(properties.values.length);
      for (const value of properties.values) expect([3, 8, 11, 12]).toContain(value.type);
    }
  });
};

const quality: Check = (life) => {
  const seen = new Set<number | undefined>();
  for (const { wire } of of(life, ...BIRTHS, ...DATA)) {
    for (const { properties } of wire) {
      const at = properties?.keys.indexOf('Quality') ?? -1;
      if (at < 0) continue;
      const { type, intValue } = properties?.values[at] ?? {};
      expect(type).toBe(3);
      expect([0, 192, 500]).toContain(intValue);
      seen.add(intValue);
    }
  }
  expect([...seen].sort()).toEqual([0, 500]);
};

/** Neither sets nor templates are ever sent: no reading is one. */
const never =
  (field: 'datasetValue' | 'templateValue'): Check =>
  (life) => {
    expect(life.published.length).toBeGreaterThan(100);
    for (const { wire } of life.published)
      for (const metric of wire) expect(metric).not.toHaveProperty(field);
  };

const balanced: Check = (life) => {
  expect(life.report).toMatchObject({ balanced: true, missing: 0, conflicts: 0 });
  expect(life.report.records).toBeGreaterThan(300);
};

const clean: Check = (life) => {
  for (const { packet } of life.connects) {
    expect(packet.clean).toBe(true);
    if (packet.protocolVersion === 5) expect(packet.properties?.sessionExpiryInterval).toBe(0);
  }
};

const connectedFirst: Check = (life) => {
  for (const { connection, at } of life.published) {
    const connect = life.connects.find((one) => one.connection === connection);
    const connack = life.connacks.find((one) => one.connection === connection);
    expect(connect?.at ?? Number.POSITIVE_INFINITY).toBeLessThan(connack?.at ?? -1);
    expect(connack?.at ?? Number.POSITIVE_INFINITY).toBeLessThan(at);
  }
};

/** Checks of a life, by the id of the assertion. */
export const LIFE: Readonly<Record<string, Check>> = {
  'message-flow-device-birth-publish-dbirth-match-edge-node-topic': topic('DBIRTH'),
  'message-flow-device-birth-publish-dbirth-payload': protobuf('DBIRTH'),
  'message-flow-device-birth-publish-dbirth-qos': loose('DBIRTH'),
  'message-flow-device-birth-publish-dbirth-retained': loose('DBIRTH'),
  'message-flow-device-birth-publish-dbirth-topic': topic('DBIRTH'),
  'message-flow-device-birth-publish-nbirth-wait': birthsFirst,
  'message-flow-device-dcmd-subscribe': subscribes('spBv1.0/street/DCMD/pole-1/lamp-1'),
  'message-flow-edge-node-birth-publish-connect': connectedFirst,
  'message-flow-edge-node-birth-publish-nbirth-payload': protobuf('NBIRTH'),
  'message-flow-edge-node-birth-publish-nbirth-payload-bdSeq': birthsCarryBdSeq,
  'message-flow-edge-node-birth-publish-nbirth-payload-seq': hasSeq('NBIRTH'),
  'message-flow-edge-node-birth-publish-nbirth-qos': loose('NBIRTH'),
  'message-flow-edge-node-birth-publish-nbirth-retained': loose('NBIRTH'),
  'message-flow-edge-node-birth-publish-nbirth-topic': topic('NBIRTH'),
  'message-flow-edge-node-birth-publish-phid-offline': hostOffline,
  'message-flow-edge-node-birth-publish-phid-wait': waits,
  'message-flow-edge-node-birth-publish-phid-wait-id': subscribes('spBv1.0/STATE/scada'),
  'message-flow-edge-node-birth-publish-phid-wait-online': waits,
  'message-flow-edge-node-birth-publish-phid-wait-timestamp': staleOffline,
  'message-flow-edge-node-birth-publish-will-message': will(() => {}),
  'message-flow-edge-node-birth-publish-will-message-payload': will((one, life) =>
    expect(life.decode(one.payload)).toHaveLength(1),
  ),
  'message-flow-edge-node-birth-publish-will-message-qos': will(({ qos }) => expect(qos).toBe(1)),
  'message-flow-edge-node-birth-publish-will-message-topic': will((one) =>
    expect(one.topic).toBe('spBv1.0/street/NDEATH/pole-1'),
  ),
  'message-flow-edge-node-birth-publish-will-message-will-retained': will(({ retain }) =>
    expect(retain).toBe(false),
  ),
  'message-flow-edge-node-ncmd-subscribe': subscribes('spBv1.0/street/NCMD/pole-1'),
  'operational-behavior-data-commands-rebirth-action-1': rebirth,
  'operational-behavior-data-commands-rebirth-action-2': rebirth,
  'operational-behavior-data-commands-rebirth-action-3': birthsCarryBdSeq,
  'operational-behavior-data-commands-rebirth-datatype': rebirthMetric,
  'operational-behavior-data-commands-rebirth-name': rebirthMetric,
  'operational-behavior-data-commands-rebirth-name-aliases': (life) =>
    each(life, ['NBIRTH'], ({ wire }) =>
      expect(wire.find(({ name }) => name === 'Node Control/Rebirth')).not.toHaveProperty('alias'),
    ),
  'operational-behavior-data-commands-rebirth-value': rebirthMetric,
  'operational-behavior-data-publish-dbirth-values': values('DBIRTH'),
  'operational-behavior-data-publish-nbirth-values': values('NBIRTH'),
  'operational-behavior-device-ddeath': buried,
  'operational-behavior-edge-node-birth-sequence-wait': waits,
  'operational-behavior-edge-node-intentional-disconnect-ndeath': deathBeforeGoodbye,
  'operational-behavior-edge-node-intentional-disconnect-packet': deathBeforeGoodbye,
  'operational-behavior-edge-node-termination-host-offline': hostOffline,
  'operational-behavior-edge-node-termination-host-offline-timestamp': staleOffline,
  'payloads-alias-birth-requirement': aliasInBirths,
  'payloads-alias-data-cmd-requirement': aliasInData,
  'payloads-alias-uniqueness': aliasUnique,
  'payloads-dbirth-order': birthsFirst,
  'payloads-dbirth-qos': loose('DBIRTH'),
  'payloads-dbirth-retain': loose('DBIRTH'),
  'payloads-dbirth-seq': hasSeq('DBIRTH'),
  'payloads-dbirth-seq-inc': countsOf('DBIRTH'),
  'payloads-dbirth-timestamp': timed('DBIRTH'),
  'payloads-ddata-order': birthsFirst,
  'payloads-ddata-qos': loose('DDATA'),
  'payloads-ddata-retain': loose('DDATA'),
  'payloads-ddata-seq': hasSeq('DDATA'),
  'payloads-ddata-timestamp': timed('DDATA'),
  'payloads-ddeath-seq': hasSeq('DDEATH'),
  'payloads-ddeath-seq-inc': countsOf('DDEATH'),
  'payloads-ddeath-seq-number': hasSeq('DDEATH'),
  'payloads-ddeath-timestamp': timed('DDEATH'),
  'payloads-metric-datatype-not-req': untypedData,
  'payloads-metric-datatype-req': typed(...BIRTHS),
  'payloads-metric-datatype-value': typed(...BIRTHS),
  'payloads-metric-datatype-value-type': typed(...BIRTHS),
  'payloads-metric-propertyvalue-type-req': properties,
  'payloads-metric-propertyvalue-type-type': properties,
  'payloads-metric-propertyvalue-type-value': properties,
  'payloads-metric-timestamp-in-UTC': metricTimes,
  'payloads-name-birth-data-requirement': metricTimes,
  'payloads-name-requirement': aliasInData,
  'payloads-nbirth-bdseq': birthsCarryBdSeq,
  'payloads-nbirth-bdseq-repeat': birthsCarryBdSeq,
  'payloads-nbirth-qos': loose('NBIRTH'),
  'payloads-nbirth-rebirth-req': rebirthMetric,
  'payloads-nbirth-retain': loose('NBIRTH'),
  'payloads-nbirth-seq': hasSeq('NBIRTH'),
  'payloads-nbirth-timestamp': timed('NBIRTH'),
  'payloads-ndata-order': birthsFirst,
  'payloads-ndata-qos': loose('NDATA'),
  'payloads-ndata-retain': loose('NDATA'),
  'payloads-ndata-seq': hasSeq('NDATA'),
  'payloads-ndata-timestamp': timed('NDATA'),
  'payloads-ndeath-bdseq': deathBeforeGoodbye,
  'payloads-ndeath-seq': nodeDeath(({ seq }) => expect(seq).toBeUndefined()),
  'payloads-ndeath-will-message': will((one, life) =>
    expect(bdSeqOf(life.decode(one.payload))).toBeTypeOf('number'),
  ),
  'payloads-ndeath-will-message-publisher': deathBeforeGoodbye,
  'payloads-ndeath-will-message-publisher-disconnect-mqtt311': deathBeforeGoodbye,
  'payloads-ndeath-will-message-publisher-disconnect-mqtt50': deathBeforeGoodbye,
  'payloads-ndeath-will-message-qos': will(({ qos }) => expect(qos).toBe(1)),
  'payloads-ndeath-will-message-retain': will(({ retain }) => expect(retain).toBe(false)),
  'payloads-propertyset-keys-array-size': properties,
  'payloads-propertyset-quality-value-type': quality,
  'payloads-propertyset-quality-value-value': quality,
  'payloads-propertyset-values-array-size': properties,
  'payloads-sequence-num-always-included': counts,
  'payloads-sequence-num-req-nbirth': hasSeq('NBIRTH'),
  'principles-birth-certificates-order': birthsFirst,
  'principles-persistence-clean-session-311': clean,
  'principles-persistence-clean-session-50': clean,
  'topics-dbirth-metrics': whole('DBIRTH'),
  'topics-dbirth-mqtt': loose('DBIRTH'),
  'topics-dbirth-seq': countsOf('DBIRTH'),
  'topics-dbirth-timestamp': timed('DBIRTH'),
  'topics-dbirth-topic': topic('DBIRTH'),
  'topics-ddata-mqtt': loose('DDATA'),
  'topics-ddata-payload': balanced,
  'topics-ddata-seq-num': countsOf('DDATA'),
  'topics-ddata-timestamp': timed('DDATA'),
  'topics-ddata-topic': topic('DDATA'),
  'topics-ddeath-mqtt': loose('DDEATH'),
  'topics-ddeath-seq-num': countsOf('DDEATH'),
  'topics-ddeath-topic': topic('DDEATH'),
  'topics-nbirth-bdseq-included': birthsCarryBdSeq,
  'topics-nbirth-bdseq-matching': birthsCarryBdSeq,
  'topics-nbirth-metrics': whole('NBIRTH'),
  'topics-nbirth-mqtt': loose('NBIRTH'),
  'topics-nbirth-rebirth-metric': rebirthMetric,
  'topics-nbirth-seq-num': (life) => each(life, ['NBIRTH'], ({ seq }) => expect(seq).toBe(0)),
  'topics-nbirth-timestamp': timed('NBIRTH'),
  'topics-nbirth-topic': topic('NBIRTH'),
  'topics-ndata-mqtt': loose('NDATA'),
  'topics-ndata-payload': balanced,
  'topics-ndata-seq-num': countsOf('NDATA'),
  'topics-ndata-timestamp': timed('NDATA'),
  'topics-ndata-topic': topic('NDATA'),
  'topics-ndeath-payload': nodeDeath((one) => expect(names(one)).toEqual(['NDEATH', ['bdSeq']])),
  'topics-ndeath-seq': nodeDeath(({ seq }) => expect(seq).toBeUndefined()),
  'topics-ndeath-topic': topic('NDEATH'),
};

/** What is never sent cannot be sent wrong; that it is not is looked at. */
export const NEVER = { dataset: never('datasetValue'), template: never('templateValue') } as const;
