/** The software bill of materials (CycloneDX) of what is really in the package, the same for the same input. */
import { createHash } from 'node:crypto';
import { access, cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ModelNotice, modelNotices } from './notices.ts';
import { run } from './run.ts';

interface Component {
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly licenses?: readonly unknown[];
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly properties?: readonly { readonly name: string; readonly value: string }[];
}
/** Of CycloneDX 1.5, what is changed here. */
export interface Bill {
  readonly serialNumber: string;
  readonly metadata: { readonly timestamp: string };
  readonly components: readonly Component[];
  readonly dependencies?: unknown;
}

/** CycloneDX 1.5 as JSON text: of `made`, what is in `home`, and what npm knows nothing of. */
export async function billOfMaterials(
  made: Bill,
  repository: string,
  home: string,
  epoch: number,
): Promise<string> {
  const node = JSON.parse(await readFile(join(repository, 'deploy/runtime/package.json'), 'utf8'));
  const shipped: Component[] = [];
  for (const component of made.components) if (await isShipped(component, home)) shipped.push(component);
  const [version] = Object.values(node.optionalDependencies as Record<string, string>);
  shipped.push({
    type: 'platform',
    name: 'node',
    version: version ?? '',
    purl: `pkg:generic/node@${version}`,
  });
  for (const model of await modelNotices(home)) shipped.push(modelComponent(model));

  // npm draws a number and takes the present time; both would make two builds of one commit differ.
  const digest = createHash('sha256').update(JSON.stringify(shipped)).digest('hex');
  const bill: Bill = {
    ...made,
    serialNumber: `urn:uuid:${digest.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5')}`,
    metadata: { ...made.metadata, timestamp: new Date(epoch * 1000).toISOString() },
    components: shipped,
    dependencies: undefined,
  };
  return `${JSON.stringify(bill, null, 1)}\n`;
}

/** What the lock file names. npm reads it and package.json alone, in a folder without an installation of its own. */
export async function billOfNpm(repository: string): Promise<Bill> {
  const above = await mkdtemp(join(tmpdir(), 'kerbside-sbom-'));
  // npm calls the product after its folder.
  const folder = join(above, 'kerbside');
  try {
    await mkdir(folder);
    for (const file of ['package.json', 'package-lock.json'])
      await cp(join(repository, file), join(folder, file));
    const args = [
      'sbom',
      '--sbom-format=cyclonedx',
      '--sbom-type=application',
      '--package-lock-only',
      '--omit=dev',
      '--loglevel=error',
    ];
    return JSON.parse(await run('npm', args, { cwd: folder })) as Bill;
  } finally {
    await rm(above, { recursive: true });
  }
}

async function isShipped({ properties = [] }: Component, home: string): Promise<boolean> {
  const path = properties.find(({ name }) => name === 'cdx:npm:package:path')?.value;
  if (path === undefined || path === '') return true;
  return access(join(home, path)).then(
    () => true,
    () => false,
  );
}

function modelComponent({ name, licence, sha256, source }: ModelNotice): Component {
  return {
    type: 'machine-learning-model',
    name,
    version: sha256.slice(0, 12),
    licenses: [{ license: { name: licence } }],
    hashes: [{ alg: 'SHA-256', content: sha256 }],
    properties: [{ name: 'kerbside:source', value: source }],
  };
}
