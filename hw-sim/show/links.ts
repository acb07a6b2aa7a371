/**
 * Where the links of the street lead. A page of the console comes with a one-time code behind the `#`, which the page uses
 * only where nobody is logged in, so a link leads through the login to the page that was asked for, and logs nobody out. A
 * flow is opened with a ticket, as the console's own button does.
 */
import type { AgentEye } from './agent-eye.ts';
import { linkFrom } from './door.ts';
import type { Way } from './things.ts';

export interface Links {
  /** An address for a browser. Rejects while the agent is away, and where the street has no such thing. */
  to(way: Way): Promise<string>;
}

export interface LinksOptions {
  /** The agent's login socket. */
  readonly door: string;
  /** Address of the stop sign's screen, if there is one. */
  readonly sign: string | undefined;
  readonly eye: AgentEye;
}

export function linksOf({ door, sign, eye }: LinksOptions): Links {
  return {
    async to(way) {
      switch (way.kind) {
        case 'console': {
          const { origin, searchParams } = new URL(await linkFrom(door));
          return `${origin}${way.page}#enter=${searchParams.get('code')}`;
        }
        case 'sign':
          if (sign === undefined) throw new Error('this street has no sign');
          return sign;
        case 'flow': {
          const { url } = await eye.ask<{ url: string }>('POST', '/node-red/ticket', {});
          // A browser keeps what stands behind the # through Node-RED's own way of logging in.
          return `${url}#flow/${way.tab}`;
        }
      }
    },
  };
}
