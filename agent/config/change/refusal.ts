/** Why a change is not made: refusals are values. */
import type { ConfigAnswer, ConfigCheck } from '../../core/config-change.ts';
import { formatProblem, type Problem } from '../problem.ts';

type Refused = Extract<ConfigAnswer, { ok: false }>;

export function refusal(code: Refused['code'], reason: string, fix?: string): Refused {
  return { ok: false, code, reason, ...(fix === undefined ? {} : { fix }) };
}

/** What a check has against its proposal, edited from `base`; undefined: nothing. `anyway`: although a device is silent. */
export function objection(
  check: ConfigCheck,
  base: string | undefined,
  anyway: boolean,
): Refused | undefined {
  if (!check.ok) {
    const [problem] = check.problems as readonly Problem[];
    return problem === undefined
      ? { ...refusal('stale', `it was edited from revision ${base}, and ${check.running} runs`), check }
      : { ...refusal('wrong', `the file has problems, the first: ${formatProblem(problem)}`), check };
  }
  if (check.revision === check.running)
    return { ...refusal('unchanged', 'this is what runs already'), check };
  const silent = check.trials?.filter(({ result }) => result === 'silent') ?? [];
  if (silent.length === 0 || anyway) return undefined;
  const who = silent.map(({ device }) => device).join(', ');
  const fix = 'see to them, or apply it anyway';
  return { ...refusal('trial-failed', `no good answer from ${who}`, fix), check };
}
