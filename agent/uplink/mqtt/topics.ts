/** Topics of payload v1. Ids are `[A-Za-z0-9_-]{1,64}`, so none of them can hold a separator or a wildcard. */
import type { Envelope, StreamName } from '../../core/uplink.ts';

export interface Topics {
  readonly state: string;
  readonly gap: string;
  /** Retained: which unit of the agent is in force. */
  readonly generation: string;
  /** Where a city tells the time to all agents of the site. */
  readonly time: string;
  /** Filter for the commands of all devices. Matches results too, which are not commands. */
  readonly commands: string;
  data(stream: StreamName, lane: Envelope['lane']): string;
  describe(device: string): string;
  result(command: string): string;
  /** Device and point of a command's topic; undefined for anything else. A point named `result` has no commands. */
  commandOf(topic: string): { readonly device: string; readonly point: string } | undefined;
}

export function topicsOf(site: string, agent: string): Topics {
  const root = `kerbside/v1/${site}/${agent}`;
  return {
    state: `${root}/state`,
    gap: `${root}/gap`,
    generation: `${root}/generation`,
    time: `kerbside/v1/${site}/time`,
    commands: `${root}/cmd/+/+`,
    data: (stream, lane) => `${root}/${stream === 'live' ? 'data' : 'backlog'}/${lane}`,
    describe: (device) => `${root}/describe/${device}`,
    result: (command) => `${root}/cmd/${command}/result`,
    commandOf: (topic) => {
      if (!topic.startsWith(`${root}/cmd/`)) return undefined;
      const [device, point, ...more] = topic.slice(root.length + 5).split('/');
      if (device === undefined || point === undefined || more.length > 0 || point === 'result')
        return undefined;
      return { device, point };
    },
  };
}

/** A topic of this agent is no longer, bytes; those of presets hold up to three ids besides their words. */
export function longestTopic(site: string, agent: string): number {
  return Math.max(`kerbside/v1/${site}/${agent}/describe/`.length + 64, 4 * 64 + 64);
}
