/** What is on the disk does not run: since when, why, and what the health board says of it. */
import type { ConfigState } from '../../core/config-change.ts';
import type { Log } from '../../core/log.ts';
import { formatProblem, type Problem } from '../problem.ts';
import type { FollowingAgent } from './contract.ts';

const FIX = 'mend the file, or return to the revision that runs (kerbside config history)';

export class WrongFile {
  readonly #agent: Pick<FollowingAgent, 'show'>;
  readonly #log: Log;
  readonly #now: () => number;
  #state: ConfigState['wrong'];

  /** `now`: Unix epoch ms. */
  constructor(agent: Pick<FollowingAgent, 'show'>, log: Log, now: () => number) {
    this.#agent = agent;
    this.#log = log;
    this.#now = now;
  }

  get state(): ConfigState['wrong'] {
    return this.#state;
  }

  /** Notes it without a word: the agent does not run yet. */
  note(problems: readonly Problem[]): void {
    this.#state = { since: this.#state?.since ?? this.#now(), problems };
  }

  /** Notes it and says so; `running` is the revision that runs instead. */
  is(problems: readonly Problem[], running: string): void {
    this.note(problems);
    this.say(running);
  }

  say(running: string): void {
    if (this.#state === undefined) return;
    const { problems } = this.#state;
    const [problem] = problems as readonly Problem[];
    const message =
      problem === undefined
        ? `the site file was returned to ${running} and could not be written`
        : `the site file on the disk does not run, revision ${running} does: ${formatProblem(problem)}`;
    const facts = { problems: problems.length };
    this.#log.error('config.wrong', { ...facts, message });
    this.#agent.show({ part: 'config', state: 'degraded', message, fix: FIX, facts });
  }

  over(): void {
    if (this.#state === undefined) return;
    this.#state = undefined;
    this.#agent.show({ part: 'config', state: 'ok', facts: { problems: 0 } });
  }
}
