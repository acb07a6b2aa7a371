/** Topics of Sparkplug B (3.0 §4): `spBv1.0/<group>/<verb>/<edge node>[/<device>]` and `spBv1.0/STATE/<host>`. */

export const NAMESPACE = 'spBv1.0';
export const VERBS = ['NBIRTH', 'NDEATH', 'DBIRTH', 'DDEATH', 'NDATA', 'DDATA', 'NCMD', 'DCMD'] as const;
export type Verb = (typeof VERBS)[number];

export interface Address {
  readonly group: string;
  readonly node: string;
  readonly device?: string;
}

export interface Topics {
  /** Of the node. */
  of(verb: 'NBIRTH' | 'NDEATH' | 'NDATA' | 'NCMD'): string;
  /** Of a device; for DCMD `+` stands for all. */
  ofDevice(verb: 'DBIRTH' | 'DDEATH' | 'DDATA' | 'DCMD', device: string): string;
  state(host: string): string;
}

export function topicsOf(group: string, node: string): Topics {
  return {
    of: (verb) => `${NAMESPACE}/${group}/${verb}/${node}`,
    ofDevice: (verb, device) => `${NAMESPACE}/${group}/${verb}/${node}/${device}`,
    state: (host) => `${NAMESPACE}/STATE/${host}`,
  };
}

/** The host whose state a topic is about, or undefined. */
export function hostOf(topic: string): string | undefined {
  return /^spBv1\.0\/STATE\/([^/]+)$/.exec(topic)?.[1];
}

/** What a topic says, or undefined where it is none of an edge node. */
export function readTopic(topic: string): ({ readonly verb: Verb } & Address) | undefined {
  const [namespace, group, verb, node, device, ...more] = topic.split('/');
  if (namespace !== NAMESPACE || !group || !node || more.length > 0) return undefined;
  const known = VERBS.find((one) => one === verb);
  if (known === undefined || known.startsWith('D') !== (device !== undefined) || device === '')
    return undefined;
  return { verb: known, group, node, ...(device === undefined ? {} : { device }) };
}
