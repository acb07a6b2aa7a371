/**
 * A change of the site file as a transaction: proposed → checked → tried → committed → watched → kept, or returned by
 * itself with the reason. One service (`ConfigChanges`) is the only writer of the site file and of its history; console,
 * command line, commissioning, the city's waves and hand edits all go through it:
 *
 * 1. `check` says all that can be known beforehand and changes nothing.
 * 2. `apply` checks again, tries, commits (the new file is durable before it answers), and then lets the running agent
 *    follow. It answers with the change in state `committed`; what becomes of it is in `change(id)` and told to `onChange`.
 * 3. After the watch time without anything worse it is `kept`; else the file before is back and the change is `returned`
 *    with the reason. Both are events of kind `config` on the event lane.
 *
 * Who applies waits for `kept` or `returned` before it calls the change a success. Where `stops` names `agent`, the agent
 * restarts inside its process about when `apply` answers: its console is gone for a moment.
 */
import type { Text } from './point.ts';

/** What is wrong in a site file or one of its templates; `line` and `column` count from 1. */
export interface ConfigProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `devices[2].baud`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
  readonly fix?: string;
}

/** Parts of a site that are compared one by one. */
export type ConfigPart =
  | 'site'
  | 'agent'
  | 'meters'
  | 'log'
  | 'console'
  | 'node-red'
  | 'line'
  | 'device'
  | 'camera'
  | 'lamp'
  | 'programme'
  | 'rules'
  | 'figure'
  | 'virtual'
  | 'energy'
  | 'alarms'
  | 'sign'
  | 'content'
  | 'fleet'
  | 'pole'
  | 'peak-limit'
  | 'uplink';

export interface PartChange {
  readonly part: ConfigPart;
  /** Of a line, device, camera, lamp, programme, figure or uplink. */
  readonly id?: string;
  readonly change: 'added' | 'removed' | 'changed';
}

/** Who wants a change. */
export interface ConfigAuthor {
  /** Issuer as in commands: `console:administrator`, `api:<name>`, `uplink:<id>`, `file` for a hand edit, `agent`. */
  readonly by: string;
  /** Name of the person, where one is known. */
  readonly name?: string;
  /** The reason; empty for a hand edit. */
  readonly why: string;
}

/** A new text for the site file. */
export interface ConfigProposal extends ConfigAuthor {
  /** Whole text of the site file, UTF-8, at most 1 MB. Secrets stay references in it. */
  readonly text: string;
  /** New texts of templates that it extends, by path relative to the site file's folder; none leads out of it. */
  readonly templates?: Readonly<Record<string, string>>;
  /** Revision it was edited from; where another one runs meanwhile it is refused. Absent: whatever runs. */
  readonly base?: string;
  /** How long it is watched, ms: 10 s … 24 h. Absent: 5 min. */
  readonly watch?: number;
  /** Apply it although a device did not answer when it was tried. */
  readonly anyway?: boolean;
  /** Whether devices are tried; default: yes. */
  readonly try?: boolean;
}

/** The airtime of a line before and after; null where it cannot be told (a device that talks by itself), absent: no such line. */
export interface LineBudget {
  readonly line: string;
  /** 1 is all of the line. */
  readonly before?: number | null;
  readonly after?: number | null;
}

/** What stands still while a change is made. */
export interface ConfigStop {
  /** `line:rs485-1`, `device:meter-1`, `uplink:city`, or `agent`: everything, restarted inside the process. */
  readonly part: string;
  /** About how long, ms. */
  readonly for: number;
}

/** What a device said when it was asked once before the commit. */
export interface DeviceTrial {
  readonly device: string;
  readonly title: Text;
  /** `untried`: it cannot be asked before the change is made, `message` says why; nothing is held against it. */
  readonly result: 'answered' | 'silent' | 'partly' | 'untried';
  readonly message?: string;
  readonly fix?: string;
  /** Some of what was read, good values first. */
  readonly readings: readonly {
    readonly point: string;
    readonly value: number | string | boolean | null;
    readonly unit: string;
  }[];
}

export interface ConfigCheck {
  /** The file is right, and edited from the revision that runs. */
  readonly ok: boolean;
  /** Revision the text would be. */
  readonly revision: string;
  /** Revision that runs. */
  readonly running: string;
  readonly problems: readonly ConfigProblem[];
  /** Difference of the site file's text to the one that runs, as a unified diff; absent where it would take too long to find. */
  readonly patch?: string;
  /** Empty where the text means what runs already; absent where the file is wrong. */
  readonly changes?: readonly PartChange[];
  readonly budget?: readonly LineBudget[];
  readonly stops?: readonly ConfigStop[];
  /** Absent where nothing was tried. */
  readonly trials?: readonly DeviceTrial[];
}

/**
 * `committed`: the file is durable, the agent is about to follow. `watching`: it runs. `superseded`: another change came
 * while it was watched. Ends are `kept`, `returned` and `superseded`.
 */
export type ConfigChangeState = 'committed' | 'watching' | 'returning' | 'kept' | 'returned' | 'superseded';

/** A line of the history. */
export interface ConfigChange extends ConfigAuthor {
  /** 1, 2, 3 … */
  readonly id: number;
  readonly state: ConfigChangeState;
  /** Revision that ran before, and that of this change. The first entry has no `from`. */
  readonly from?: string;
  readonly to: string;
  /** When it was committed, and when it ended; Unix epoch ms. */
  readonly at: number;
  readonly ended?: number;
  readonly changes: readonly PartChange[];
  /** Watch time, ms; 0 where nothing that runs was changed. */
  readonly watch: number;
  /** While it is watched: when that ends if nothing gets worse, Unix epoch ms. */
  readonly until?: number;
  /** While it is watched: what is worse than before just now. */
  readonly worse?: readonly string[];
  /** Why it was returned or kept early. */
  readonly reason?: string;
}

/** How things stand. */
export interface ConfigState {
  /** Absolute path of the site file. */
  readonly file: string;
  /** Revision that runs, and the last one that was kept. */
  readonly running: string;
  readonly good: string;
  /** Text of the site file as it runs. */
  readonly text: string;
  /** Watch time where none is given, ms. */
  readonly watch: number;
  /** The newest change that has not ended. */
  readonly open?: ConfigChange;
  /** The file on the disk has these faults, so that it does not run. */
  readonly wrong?: { readonly since: number; readonly problems: readonly ConfigProblem[] };
}

/** A refusal is a value. `trial-failed` carries the check with its trials; `anyway` overrules it. */
export type ConfigAnswer =
  | { readonly ok: true; readonly change: ConfigChange }
  | {
      readonly ok: false;
      readonly code: 'wrong' | 'stale' | 'unchanged' | 'trial-failed' | 'busy' | 'unknown' | 'unwritable';
      readonly reason: string;
      readonly fix?: string;
      readonly check?: ConfigCheck;
    };

export interface ConfigChanges {
  state(): ConfigState;
  /** Changes nothing. With `try` it asks changed and added devices once, on the running line's turns; at most 20 s. */
  check(
    proposal: Pick<ConfigProposal, 'text' | 'templates' | 'base' | 'try'>,
    signal: AbortSignal,
  ): Promise<ConfigCheck>;
  /** See above. While another change is committed or watched it supersedes that one (the last kept revision stays the one to return to). */
  apply(proposal: ConfigProposal, signal: AbortSignal): Promise<ConfigAnswer>;
  /** Newest first, at most the last 50. */
  history(): readonly ConfigChange[];
  change(id: number): ConfigChange | undefined;
  /** What a change did to the site file's text, as a unified diff; undefined where a revision of it is forgotten. */
  patch(id: number): Promise<string | undefined>;
  /** Texts of site file and templates as they run, the site file first. */
  texts(): readonly (readonly [path: string, text: string])[];
  /** Text of the site file of a revision that the history names; undefined where it is forgotten. */
  text(revision: string): Promise<string | undefined>;
  /** Applies an earlier revision as a change of its own. */
  returnTo(
    revision: string,
    author: ConfigAuthor & Pick<ConfigProposal, 'watch' | 'anyway' | 'try'>,
    signal: AbortSignal,
  ): Promise<ConfigAnswer>;
  /** Ends the watch of a change now: `keep` it, or return to the revision before. Refused with `unknown` where it is not watched. */
  end(id: number, how: 'keep' | 'return', author: ConfigAuthor): Promise<ConfigAnswer>;
  /** Told of every step of every change. */
  onChange(listener: (change: ConfigChange) => void): Disposable;
}
