/**
 * Edits of a log by somebody with root but not the key: a log of an hour is copied, edited and checked, again and
 * again. Every edit that touches what was signed must be found and its first record named; one that touches only what
 * was not signed yet must lie where the report says that nothing is proved.
 *
 *   node tests/fault/store/edits.ts --edits 1000 --seed 1
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkEvidence } from '../../../agent/store/evidence/check.ts';
import { parseStatement } from '../../../agent/store/evidence/parse.ts';
import type { EvidenceReport, Finding } from '../../../agent/store/evidence/report.ts';
import type { Statement } from '../../../agent/store/evidence/statement.ts';
import { openLogSource } from '../../../agent/store/reader.ts';
import { CONFIG, open, reading } from '../../unit/store/site.ts';
import { KINDS, Victim } from './edit-kinds.ts';
import { seeded } from './seeded.ts';

export interface EditReport {
  readonly edits: number;
  readonly seed: number;
  /** Edits of what was signed, how many of them were found, and of how many of those the first record was named. */
  readonly signed: number;
  readonly found: number;
  readonly ofLane: number;
  readonly named: number;
  /** Records of the named range: median and most. */
  readonly range: { readonly median: number; readonly most: number };
  /** Edits of what was not signed yet, and how many of them lie where nothing is said to be proved. */
  readonly unsigned: number;
  readonly declared: number;
  /** What went wrong, as sentences. */
  readonly wrong: readonly string[];
}

interface Model {
  readonly file: string;
  readonly key: string;
  readonly statements: readonly Statement[];
}

/** A log of an hour with an unsigned end, copied as a power cut would leave it. */
async function model(dir: string, name: string, maxAge: number): Promise<Model> {
  const { store, clock } = await open(join(dir, name), { config: { ...CONFIG, maxAge } });
  for (let i = 0; i < 720; i++) {
    await clock.advance(5000);
    const now = clock.mono();
    const readings = [0, 1, 2].flatMap((n) => [
      reading('voltage', Math.round(2300 + Math.sin(i) * 20 + n) / 10, now - n),
      reading('energy', i + n / 100, now - n),
      ...(i % 3 === 0 ? [reading('cars', i % 7, now - n), reading('door', i % 2 === 0, now - n)] : []),
    ]);
    const alarm = { event: 'alarm', severity: 'alarm', time: now, body: { what: 'door', i } } as const;
    const note = { event: 'agent', severity: 'info', time: now, body: { note: i } } as const;
    await store.append(readings, [...(i % 101 === 100 ? [alarm] : []), ...(i % 17 === 0 ? [note] : [])]);
  }
  const file = join(dir, `${name}.db`);
  for (const suffix of ['', '-wal'])
    if (existsSync(store.file + suffix)) copyFileSync(store.file + suffix, file + suffix);
  await store[Symbol.asyncDispose]();
  // Checkpoints the copy, so that one file is all of it.
  new Victim(file, Math.random)[Symbol.dispose]();
  using source = openLogSource(file);
  const statements = (source.read('event', source.tails().event, 1e6)?.records ?? []).flatMap((record) => {
    const statement = record.kind === 'event' ? parseStatement(record.body) : undefined;
    return statement === undefined ? [] : [statement];
  });
  return { file, key: statements[0]?.key ?? '', statements };
}

export async function edits({ edits: count, seed }: { edits: number; seed: number }): Promise<EditReport> {
  const dir = mkdtempSync(join(tmpdir(), 'kerbside-edits-'));
  const random = seeded(seed);
  try {
    // One log whole, one whose beginning retention has taken.
    const models = [await model(dir, 'whole', 1e12), await model(dir, 'short', 25 * 60_000)];
    for (const { file, key, statements } of models) {
      const before = checkEvidence(file, { key, received: statements });
      if (before.findings.length > 0) throw new Error(`an untouched log: ${JSON.stringify(before.findings)}`);
    }
    const tally = { signed: 0, found: 0, ofLane: 0, named: 0, unsigned: 0, declared: 0 };
    const wrong: string[] = [];
    const ranges: number[] = [];
    const names = Object.keys(KINDS);
    const file = join(dir, 'victim.db');
    for (let done = 0; done < count; ) {
      const { file: original, key, statements } = models[done % models.length] as Model;
      copyFileSync(original, file);
      const name = names[Math.floor(random() * names.length)] ?? '';
      const edit = edited(file, name, random);
      if (edit === undefined) continue;
      done++;
      const { lane, seq } = edit;
      const head = lane === undefined ? undefined : (statements.at(-1)?.heads[lane]?.[0] ?? 0);
      const report = checkEvidence(file, { key, received: statements });
      if (head !== undefined && seq !== undefined && seq > head) {
        tally.unsigned++;
        const from = lane === undefined ? undefined : report.lanes[lane].unprovedFrom;
        // Cut off whole, there is nothing left to be unproved: the lane is proved up to its end only.
        const gone = lane !== undefined && report.lanes[lane].last <= head;
        if (gone || (from !== undefined && from <= seq)) tally.declared++;
        else wrong.push(`${done} ${name}: unsigned record ${seq} of ${lane} is not declared`);
        continue;
      }
      tally.signed++;
      if (report.findings.length > 0) tally.found++;
      else wrong.push(`${done} ${name}: not found (${lane} ${seq})`);
      if (lane === undefined || seq === undefined) continue;
      tally.ofLane++;
      const first = report.findings.find((finding) => finding.lane === lane && finding.from !== undefined);
      if (covers(first, seq)) {
        tally.named++;
        ranges.push((first?.to ?? 0) - (first?.from ?? 0) + 1);
      } else wrong.push(`${done} ${name}: ${lane} ${seq} not named (${told(report)})`);
    }
    ranges.sort((a, b) => a - b);
    const range = { median: ranges[ranges.length >> 1] ?? 0, most: ranges.at(-1) ?? 0 };
    return { edits: count, seed, ...tally, range, wrong };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function edited(file: string, name: string, random: () => number) {
  using victim = new Victim(file, random);
  return KINDS[name]?.(victim);
}

function covers(finding: Finding | undefined, seq: number): boolean {
  return finding !== undefined && (finding.from ?? 0) <= seq && seq <= (finding.to ?? 0);
}

function told({ findings }: EvidenceReport): string {
  return findings.map(({ message }) => message).join('; ');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { edits: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
  });
  const report = await edits({ edits: Number(values.edits), seed: Number(values.seed) });
  console.log(JSON.stringify(report));
  process.exitCode = report.wrong.length === 0 ? 0 : 1;
}
