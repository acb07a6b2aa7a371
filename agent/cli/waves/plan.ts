/** Which agents come in which wave, and what a wave may lose. */
import { AgentError } from '../../core/errors.ts';
import { ID_PATTERN } from '../../core/point.ts';

export interface Target {
  readonly site: string;
  readonly agent: string;
}

export interface WavePlan {
  readonly waves: readonly (readonly Target[])[];
  /** Share of a wave that may fail before all stops, 0…1. */
  readonly mayFail: number;
  /** Share of a wave that may not be there, rounded up to agents, before all stops, 0…1. */
  readonly maySilent: number;
}

export function nameOfTarget({ site, agent }: Target): string {
  return `${site}/${agent}`;
}

/** Agents of a list: one `site/agent` a line; `#` begins a remark. Throws `config-invalid` with the line. */
export function readTargets(text: string): readonly Target[] {
  const targets = new Map<string, Target>();
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replace(/#.*/, '').trim();
    if (line === '') continue;
    const [site = '', agent = '', ...more] = line.split('/');
    if (!ID_PATTERN.test(site) || !ID_PATTERN.test(agent) || more.length > 0) {
      throw new AgentError(
        'config-invalid',
        `list of agents, line ${index + 1}: expected site/agent, got ${JSON.stringify(line.slice(0, 80))}`,
      );
    }
    targets.set(line, { site, agent });
  }
  return [...targets.values()];
}

/** Sizes as people write them: `1,5%,25%,100%`; shares are of all agents and count what came before. Throws `config-invalid`. */
export function planWaves(
  targets: readonly Target[],
  sizes: string,
  { mayFail, maySilent }: Omit<WavePlan, 'waves'>,
): WavePlan {
  const waves: Target[][] = [];
  let done = 0;
  for (const size of sizes.split(',').map((one) => one.trim())) {
    const [, count, percent] = /^(\d{1,6})(%?)$/.exec(size) ?? [];
    if (count === undefined || Number(count) === 0 || (percent === '%' && Number(count) > 100))
      throw new AgentError(
        'config-invalid',
        `sizes of waves: expected numbers and shares as in 1,5%,25%,100%, got ${JSON.stringify(size)}`,
      );
    const upTo = percent === '%' ? Math.ceil((targets.length * Number(count)) / 100) : done + Number(count);
    const wave = targets.slice(done, Math.min(upTo, targets.length));
    if (wave.length === 0) continue;
    waves.push(wave);
    done += wave.length;
  }
  if (done < targets.length) waves.push(targets.slice(done));
  return { waves, mayFail, maySilent };
}
