/**
 * The table of supported models in a driver's README, made from the profiles. Run by itself it writes the tables anew:
 * `node tests/unit/drivers/models-table.ts`
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DRIVERS } from '../../../drivers/index.ts';
import { profileFiles } from './load.ts';

const HEADING = '## Supported models\n\n';

export function readmeOf(protocol: string): string {
  return join(import.meta.dirname, '../../../drivers', protocol, 'README.md');
}

/** The rows of a driver, by class and name. */
export function modelsTable(protocol: string): string {
  const rows = profileFiles()
    .filter(({ profile }) => profile.protocol === protocol)
    .map(({ stem, folder, profile }) => {
      const brand =
        profile.brand === 'generic' || profile.model.startsWith(profile.brand) ? '' : `${profile.brand} `;
      return `| \`${stem}\` | ${brand}${profile.model} | ${folder} |`;
    });
  return ['| profile | models | class |', '| --- | --- | --- |', ...rows].join('\n');
}

/** The table as it stands in a README; empty where there is none. */
export function tableIn(text: string): string {
  const [, section = ''] = text.split(HEADING);
  return /^(?:\|.*\n)*/.exec(section)?.[0].trimEnd() ?? '';
}

if (import.meta.main) {
  for (const { protocol } of DRIVERS) {
    const file = readmeOf(protocol);
    const text = readFileSync(file, 'utf8');
    const old = tableIn(text);
    const table = modelsTable(protocol);
    const next =
      old === '' ? text.replace(HEADING, () => `${HEADING}${table}\n\n`) : text.replace(old, () => table);
    writeFileSync(file, next);
  }
}
