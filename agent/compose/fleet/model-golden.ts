/**
 * Tries a model pack in a process of its own, for its native code may end it: `node model-golden.ts <folder> <golden as
 * JSON>`. Exit code 0: it may count. Else its last line on stderr says why not.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPack } from '../../../models/pack.ts';
import { asAgentError } from '../../core/errors.ts';
import type { Golden } from '../../core/update.ts';
import { loadDetector } from '../../vision/detector.ts';
import { keepSharpSmall } from '../../vision/picture.ts';
import { detectStill } from '../../vision/still.ts';
import { tryOut } from '../../vision/try-out.ts';

async function main(folder: string, pictures: string, goldens: readonly Golden[]): Promise<void> {
  keepSharpSmall();
  const pack = await readPack(folder);
  await tryOut(pack);
  await using detector = await loadDetector(pack);
  for (const { picture, class: wanted, atLeast, atMost } of goldens) {
    const { detections } = await detectStill(detector, await readFile(join(pictures, picture)));
    const found = detections.filter((one) => one.class === wanted).length;
    if (found < atLeast || found > atMost)
      throw new Error(`it counts ${found} × ${wanted} in ${picture}, and there are ${atLeast} to ${atMost}`);
  }
}

const [folder = '', pictures = '', goldens = '[]'] = process.argv.slice(2);
await main(folder, pictures, JSON.parse(goldens) as readonly Golden[]).then(
  () => process.exit(0),
  (thrown: unknown) => {
    process.stderr.write(`${asAgentError(thrown).message}\n`);
    process.exit(1);
  },
);
