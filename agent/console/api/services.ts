/** What the routes of the API work with. */
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/log.ts';
import type { AgentView } from '../../core/view.ts';
import type { LoginCodes } from '../access/codes.ts';
import type { Sessions } from '../access/sessions.ts';
import type { AccessTokens } from '../access/tokens.ts';
import type { Feed } from './feed.ts';
import type { Viewings } from './viewings.ts';

export interface Services {
  readonly view: AgentView;
  readonly clock: Clock;
  readonly log: Log;
  readonly codes: LoginCodes;
  readonly sessions: Sessions;
  readonly tokens: AccessTokens;
  readonly feed: Feed;
  readonly viewings: Viewings;
  /** Login link of a code. */
  readonly linkOf: (code: string) => string;
}
