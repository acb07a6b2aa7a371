/**
 * Follows a building day by day: what every check says of every branch, which of it is explained by something else, and
 * what that makes of the findings. Pure: days go in, changes come out, and the same days give the same findings.
 */
import type {
  BranchDay,
  CheckName,
  DiagnosedBranch,
  Finding,
  FindingChange,
} from '../../../core/energy/diagnosis.ts';
import type { Check, Judgement, Look, Verdict } from './check.ts';
import { ALL_CHECKS } from './checks.ts';

/** Days that are kept: what was usual before a finding that has stood for six weeks. */
export const KEPT_DAYS = 110;
/** Closed findings are remembered so long: their days are no measure of what is usual. */
const REMEMBERED = 200;

/** Days without it after which what comes again is another finding. */
const GAP = 6;
/** Days on which nothing could be said, after which it is no longer said. */
const SILENT = 21;

interface Running {
  finding: Finding;
  /** Judged days without it. */
  gone: number;
  /** Days on which nothing could be said of it. */
  silent: number;
}

type Key = `${CheckName}:${string}`;

export class Diagnosis {
  readonly #branches: ReadonlyMap<string, DiagnosedBranch>;
  readonly #children = new Map<string, readonly string[]>();
  readonly #days = new Map<string, BranchDay[]>();
  readonly #open = new Map<Key, Running>();
  #closed: Finding[] = [];
  #version = 0;

  constructor(branches: readonly DiagnosedBranch[]) {
    this.#branches = new Map(branches.map((branch) => [branch.id, branch]));
    for (const { id } of branches) {
      this.#children.set(
        id,
        branches.filter(({ parent }) => parent === id).map((child) => child.id),
      );
      this.#days.set(id, []);
    }
  }

  /** Open ones, the most costly first, then closed ones, newest first. */
  get findings(): readonly Finding[] {
    const open = [...this.#open.values()].map(({ finding }) => finding);
    return [...open.sort((a, b) => (b.stake ?? 0) - (a.stake ?? 0)), ...this.#closed.toReversed()];
  }

  /** Takes up findings of an earlier run; call it before the first day. */
  resume(findings: readonly Finding[]): void {
    for (const finding of findings) {
      if (!this.#branches.has(finding.branch)) continue;
      if (finding.state === 'open') this.#open.set(keyOf(finding), { finding, gone: 0, silent: 0 });
      else this.#closed.push(finding);
    }
    this.#closed.sort((a, b) => (a.until < b.until ? -1 : 1));
  }

  /** Days that are only remembered, for what is usual: they are judged by nobody. */
  remember(days: ReadonlyMap<string, BranchDay>): void {
    for (const id of this.#branches.keys()) {
      const day = days.get(id);
      const kept = this.#days.get(id);
      if (day === undefined || kept === undefined) continue;
      kept.push(day);
      if (kept.length > KEPT_DAYS) kept.shift();
    }
  }

  /** The next day of all branches; one that is not there says nothing. Gives what has changed. */
  day(days: ReadonlyMap<string, BranchDay>): readonly FindingChange[] {
    this.remember(days);
    const present = [...this.#branches.values()].filter(({ id }) => days.has(id));
    const doubtful = new Set<string>();
    const changes: FindingChange[] = [];
    for (const check of ALL_CHECKS) {
      const said = new Map<string, Judgement>();
      for (const branch of present) {
        // What is known to count wrongly is asked for nothing but whether it still does.
        const silenced = doubtful.has(branch.id) && !this.#open.has(`${check.name}:${branch.id}`);
        said.set(branch.id, silenced ? undefined : check.judge(this.#look(branch, check)));
      }
      this.#explain(check, said);
      for (const [id, judgement] of said) {
        changes.push(...this.#follow(check, id, judgement));
        if (check.doubts && this.#open.has(`${check.name}:${id}`)) doubtful.add(id);
      }
    }
    this.#forget(present);
    return changes;
  }

  /** Takes back what is said of a branch where the branches behind it say the same of themselves. */
  #explain({ explainedBy, name }: Check, said: Map<string, Judgement>): void {
    if (explainedBy === undefined) return;
    for (const [id, judgement] of said) {
      if (typeof judgement !== 'object') continue;
      const behind = this.#behind(id).flatMap((child) => {
        const verdict = said.get(child);
        if (typeof verdict === 'object') return [verdict.stake ?? 0];
        const open = this.#open.get(`${name}:${child}`);
        return open === undefined ? [] : [open.finding.stake ?? 0];
      });
      const sum = behind.reduce((total, stake) => total + stake, 0);
      const explained =
        explainedBy === 'any' ? behind.length > 0 : sum >= 0.5 * (judgement.stake ?? 0) && sum > 0;
      if (explained) said.set(id, undefined);
    }
  }

  #behind(id: string): readonly string[] {
    const children = this.#children.get(id) ?? [];
    return children.flatMap((child) => [child, ...this.#behind(child)]);
  }

  #follow(check: Check, branch: string, judgement: Judgement): readonly FindingChange[] {
    const key: Key = `${check.name}:${branch}`;
    const running = this.#open.get(key);
    if (typeof judgement === 'object') {
      const before = running?.finding ?? this.#resumed(key, judgement);
      const finding = this.#finding(check, branch, judgement, before);
      if (running === undefined) this.#version += 1;
      this.#open.set(key, { finding, gone: 0, silent: 0 });
      return before === undefined ? [{ what: 'opened', finding }] : [];
    }
    if (running === undefined) return [];
    if (judgement === undefined) running.silent += 1;
    else running.gone += 1;
    if (running.gone < check.closesAfter && running.silent < SILENT) return [];
    const finding: Finding = { ...running.finding, state: 'closed' };
    this.#version += 1;
    this.#open.delete(key);
    this.#closed.push(finding);
    return [{ what: 'closed', finding }];
  }

  /** The finding that was closed a few days before: it was never gone. */
  #resumed(key: Key, { since }: Verdict): Finding | undefined {
    const index = this.#closed.findLastIndex(
      (one) => keyOf(one) === key && one.check !== 'abnormal-day' && daysBetween(one.until, since) <= GAP,
    );
    return index < 0 ? undefined : this.#closed.splice(index, 1)[0];
  }

  #finding(check: Check, branch: string, verdict: Verdict, before: Finding | undefined): Finding {
    const since = before?.since ?? verdict.since;
    const today = this.#days.get(branch)?.at(-1)?.date ?? verdict.since;
    return {
      id: `${check.name}:${branch}:${since}`,
      check: check.name,
      branch,
      severity: check.severity,
      since,
      until: check.name === 'abnormal-day' ? verdict.since : today,
      state: 'open',
      stake: verdict.stake === null || !Number.isFinite(verdict.stake) ? null : verdict.stake,
      unit: this.#branches.get(branch)?.unit ?? '1',
      evidence: verdict.evidence,
    };
  }

  #forget(present: readonly DiagnosedBranch[]): void {
    const today = present.map(({ id }) => this.#days.get(id)?.at(-1)?.start ?? 0);
    const oldest = Math.max(0, ...today) - REMEMBERED * 86_400_000;
    this.#closed = this.#closed.filter(({ until }) => Date.parse(`${until}T00:00:00Z`) >= oldest);
  }

  #look(branch: DiagnosedBranch, check: Check | undefined): Look {
    const days = this.#days.get(branch.id) ?? [];
    const today = days.at(-1);
    if (today === undefined) throw new Error(`diagnosis of ${branch.id}: it has no day`);
    return new LookAt(branch, today, days, check, this.#inside);
  }

  /** What looks may ask for. */
  readonly #inside: Inside = {
    version: () => this.#version,
    lookAt: (id, check) => {
      const found = this.#branches.get(id);
      return found === undefined || this.#days.get(id)?.length === 0 ? undefined : this.#look(found, check);
    },
    children: (id) => this.#children.get(id) ?? [],
    behind: (id) => this.#behind(id),
    since: (check, id) => this.#open.get(`${check}:${id}`)?.finding.since,
    found: (id, date, doubts) => this.#found(id, date, doubts),
  };

  /** Whether a finding on the branch covers the day. */
  #found(id: string, date: string, doubts: boolean): boolean {
    for (const { finding } of this.#open.values()) {
      if (finding.branch !== id || finding.since > date) continue;
      if (!doubts || DOUBTS.has(finding.check)) return true;
    }
    return this.#closed.some(
      (one) =>
        one.branch === id && one.since <= date && date <= one.until && (!doubts || DOUBTS.has(one.check)),
    );
  }
}

interface Inside {
  version(): number;
  lookAt(id: string, check: Check | undefined): Look | undefined;
  children(id: string): readonly string[];
  behind(id: string): readonly string[];
  since(check: CheckName, id: string): string | undefined;
  found(id: string, date: string, doubts: boolean): boolean;
}

class LookAt implements Look {
  readonly branch: DiagnosedBranch;
  readonly today: BranchDay;
  readonly memory: object;
  readonly #days: readonly BranchDay[];
  readonly #check: Check | undefined;
  readonly #inside: Inside;
  #children: readonly Look[] | undefined;

  constructor(
    branch: DiagnosedBranch,
    today: BranchDay,
    days: readonly BranchDay[],
    check: Check | undefined,
    inside: Inside,
  ) {
    this.branch = branch;
    this.today = today;
    this.memory = days;
    this.#days = days;
    this.#check = check;
    this.#inside = inside;
  }

  get version(): number {
    return this.#inside.version();
  }

  get children(): readonly Look[] {
    this.#children ??= this.#inside.children(this.branch.id).flatMap((id) => this.other(id) ?? []);
    return this.#children;
  }

  get parent(): Look | undefined {
    return this.branch.parent === undefined ? undefined : this.other(this.branch.parent);
  }

  other(id: string): Look | undefined {
    return this.#inside.lookAt(id, this.#check);
  }

  last(count: number): readonly BranchDay[] {
    return this.#days.slice(-count);
  }

  usual(count: number, skip: number, fits?: (day: BranchDay) => boolean): readonly BranchDay[] {
    const own = this.#check && this.#inside.since(this.#check.name, this.branch.id);
    const usual: BranchDay[] = [];
    for (let i = this.#days.length - 1 - skip; i >= 0 && usual.length < count; i--) {
      const day = this.#days[i];
      if (day === undefined || (own !== undefined && day.date >= own)) continue;
      if (fits?.(day) !== false && this.clear(day)) usual.push(day);
    }
    return usual;
  }

  sound(day: BranchDay): boolean {
    return !this.#inside.found(this.branch.id, day.date, true);
  }

  clear(day: BranchDay): boolean {
    return !this.#inside.found(this.branch.id, day.date, false);
  }

  open(check: CheckName): boolean {
    return this.#inside.since(check, this.branch.id) !== undefined;
  }

  foundBehind(day: BranchDay): boolean {
    return this.#inside.behind(this.branch.id).some((id) => this.#inside.found(id, day.date, false));
  }
}

const DOUBTS: ReadonlySet<CheckName> = new Set(
  ALL_CHECKS.filter(({ doubts }) => doubts).map(({ name }) => name),
);

function daysBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 86_400_000;
}

function keyOf({ check, branch }: Finding): Key {
  return `${check}:${branch}`;
}
