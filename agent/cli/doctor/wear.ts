/** How worn disks are by their own account (SMART), and what the log writes to them by the running agent's. */
import { execFile } from 'node:child_process';
import type { PartHealth } from '../../core/view.ts';
import { callAgent } from '../acts/api.ts';
import { type Finding, fault, fine, unknown, warning } from './finding.ts';

/** Longest wait for smartctl, ms: a disk may have to spin up. */
const PATIENCE = 15_000;
/** Share of the rated life, %, from which a replacement is planned. */
const WORN = 90;
/** Years that a card should last at least. */
const FEW_YEARS = 3;

/** What the agent writes a day and how long the card lasts; unknown where no agent runs on `state`. */
export async function writes(state: string): Promise<readonly Finding[]> {
  const about = 'writes of the log';
  try {
    const agent = await callAgent(state);
    const { parts } = await agent.get<{ parts: readonly PartHealth[] }>('/health');
    return writesOf(parts.find(({ part }) => part === 'store')?.facts ?? {});
  } catch {
    return [unknown(about, 'no agent runs here: while it does it measures them')];
  }
}

export function writesOf(facts: PartHealth['facts']): readonly Finding[] {
  const about = 'writes of the log';
  const { written_bytes_per_day: perDay, card_years: years } = facts;
  if (typeof perDay !== 'number') return [unknown(about, 'not measured yet')];
  const says = `${(perDay / 1e6).toFixed(0)} MB a day`;
  if (typeof years !== 'number')
    return [fine(about, `${says}; log.card_rating gives the years that the card lasts`)];
  const lasts = `${says}, the card lasts ${years} years by its rating`;
  return [
    years < FEW_YEARS
      ? warning(about, lasts, 'give log.write_budget, a longer log.window, or a card made for it')
      : fine(about, lasts),
  ];
}

/** A whole disk by `smartctl`, where there is one and this user may. Never rejects. */
export async function smart(device: string): Promise<Finding | undefined> {
  const about = `SMART of ${device}`;
  const text = await new Promise<string | undefined>((resolve) => {
    execFile(
      'smartctl',
      ['--json', '--health', '--attributes', device],
      { timeout: PATIENCE },
      (error, out) =>
        // Its exit code has bits for what it found; what counts is what it says.
        resolve((error as NodeJS.ErrnoException | null)?.code === 'ENOENT' ? undefined : out),
    );
  });
  return text === undefined ? undefined : smartOf(about, text);
}

/** `text`: what `smartctl --json` said. Never throws. */
export function smartOf(about: string, text: string): Finding {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return unknown(about, 'smartctl says nothing of it');
  }
  const passed = part(part(said, 'smart_status'), 'passed');
  const used =
    part(part(said, 'nvme_smart_health_information_log'), 'percentage_used') ??
    part(part(said, 'endurance_used'), 'current_percent');
  if (passed === false)
    return fault(about, 'the disk says that it fails', 'take a backup now (kerbside backup) and replace it');
  if (typeof used === 'number') {
    const says = `${used} % of its rated life is used`;
    return used >= WORN ? warning(about, says, 'plan its replacement') : fine(about, says);
  }
  if (passed === true) return fine(about, 'the disk says that it is well');
  const messages = part(part(said, 'smartctl'), 'messages');
  const first: unknown = Array.isArray(messages) ? part(messages[0], 'string') : undefined;
  return unknown(about, typeof first === 'string' ? first.slice(0, 200) : 'it does not tell');
}

function part(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
