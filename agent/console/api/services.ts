/** What the routes of the API work with. */

import type { Log } from '../../core/log.ts';
import type { Clock } from '../../core/time/clock.ts';
import type { AgentView } from '../../core/view.ts';
import type { LoginCodes } from '../access/codes.ts';
import type { Door } from '../access/door.ts';
import type { Entrance } from '../access/entrance.ts';
import type { People } from '../access/people.ts';
import type { Sessions } from '../access/sessions.ts';
import type { AccessTokens } from '../access/tokens.ts';
import type { Remote } from '../remote.ts';
import type { ServiceLink } from '../service/link.ts';
import type { Feed } from './feed.ts';
import type { Viewings } from './viewings.ts';

export interface Services {
  readonly view: AgentView;
  readonly clock: Clock;
  readonly log: Log;
  readonly codes: LoginCodes;
  readonly sessions: Sessions;
  readonly tokens: AccessTokens;
  readonly people: People;
  readonly entrance: Entrance;
  /** Undefined where the site has none. */
  readonly service: () => ServiceLink | undefined;
  /** Undefined where nobody comes from elsewhere. */
  readonly remote: () => Remote | undefined;
  readonly feed: Feed;
  readonly viewings: Viewings;
  /** Login link of a code, for who knows us as `own`: the way from elsewhere where there is one. */
  readonly linkOf: (code: string, own?: string) => string;
  /** Set-Cookie of a session's first half. */
  readonly cookieOf: (door: Door, id: string) => string;
}
