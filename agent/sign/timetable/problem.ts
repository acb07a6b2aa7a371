/** What is wrong in a GTFS feed: file and line, what it is, and what to do. */
import { AgentError } from '../../core/errors.ts';

export interface FeedProblem {
  /** `stop_times.txt`; the name of the zip for what concerns all of it. */
  readonly file: string;
  /** 1 is the header; absent for the whole file. */
  readonly line?: number;
  readonly field?: string;
  /** What is wrong, then what to do. */
  readonly message: string;
  readonly fix: string;
}

/** Problems that are kept; the rest is counted. */
const MOST_KEPT = 100;

/** `stop_times.txt:17 arrival_time: expected H:MM:SS, got "7.30"; write 07:30:00`. */
export function problemText({ file, line, field, message, fix }: FeedProblem): string {
  const place = line === undefined ? file : `${file}:${line}`;
  return `${place}${field === undefined ? '' : ` ${field}`}: ${message}; ${fix}`;
}

/** The feed cannot be used at all. */
export function refused(problem: FeedProblem): AgentError {
  return new AgentError(
    'source-failed',
    `import failed: ${problemText({ ...problem, fix: '' }).slice(0, -2)}`,
    {
      retryable: false,
      fix: problem.fix,
      context: { file: problem.file, line: problem.line },
    },
  );
}

/** Rows that were left out: the feed can be used without them, and whoever keeps it should know. */
export class Findings {
  readonly kept: FeedProblem[] = [];
  count = 0;

  say(problem: FeedProblem): void {
    this.count += 1;
    if (this.kept.length < MOST_KEPT) this.kept.push(problem);
  }
}

/** A value of outside as it may stand in a message: short, one line, in quotes. */
export function quoted(value: string): string {
  const clean = value.replace(/[^\x20-\x7e\u00a0-\uffff]+/g, '?');
  return `"${clean.length > 40 ? `${clean.slice(0, 40)}…` : clean}"`;
}
