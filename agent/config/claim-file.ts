/**
 * `claim.yaml` of a factory image: whose claims count, where a code is exchanged for one, and how somebody reaches the
 * unit while it is nobody's. Checked like a site file, with place, rule and fix.
 */
import { dirname, join, resolve } from 'node:path';
import * as z from 'zod';
import type { ContentKey } from '../core/content/content.ts';
import type { ListenConfig, ServiceLinkConfig } from '../core/site.ts';
import { teller } from './checks.ts';
import { consoleBlock, consoleOf } from './console.ts';
import { publicKey } from './content/schema.ts';
import { problemsOf } from './issues.ts';
import { inOrder, type Problem } from './problem.ts';
import { type ReadSource, readSource } from './source.ts';
import { parseTree, toPlain } from './tree.ts';
import { flag, id, scalar, text } from './values.ts';

const EXAMPLE = 'https://units.city.example/claims/{code}?hardware={hardware}';

/** `{code}` and `{hardware}` are filled in. */
const exchange = scalar<string>({
  expected: 'an https address with {code} in it',
  json: { type: 'string', examples: [EXAMPLE] },
  read: (raw) => {
    if (typeof raw !== 'string' || !raw.includes('{code}') || !URL.canParse(raw)) return undefined;
    const { protocol, hostname, username, password, host } = new URL(raw);
    const own = protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
    // What stands in for the host would choose who is asked.
    const plain = username === '' && password === '' && !/%7b|[{}]/i.test(host);
    return plain && (protocol === 'https:' || own) ? raw : undefined;
  },
  write: () => EXAMPLE,
});

const door = consoleBlock.unwrap().shape;
/** Nothing is read, so no button is: power-up opens it. */
const service = door.service
  .unwrap()
  .omit({ button: true })
  .extend({ power_up: flag().prefault(true) })
  .optional();

const image = z.strictObject({
  keys: z
    .array(z.strictObject({ id: id('city-2027'), public: publicKey }))
    .min(1)
    .max(4),
  url: exchange.optional(),
  state: text('the path of a folder', '/var/lib/kerbside').optional(),
  console: z.strictObject({ listen: door.listen, service }).prefault({}),
});

/** A factory image as its claim.yaml has it. */
export interface ClaimImage {
  /** Keys whose claims count. */
  readonly keys: readonly ContentKey[];
  /** Absent: codes are not taken. */
  readonly url?: string;
  /** Folder for the certificate of the service link; absent: that of the service, or ./state. */
  readonly state: string;
  readonly listen: ListenConfig;
  /** Absent: nobody comes from elsewhere. */
  readonly service?: ServiceLinkConfig;
  /** For the log to mask. */
  readonly secrets: readonly string[];
}

export interface ClaimFileOptions {
  /** What the unit is called before it has a name: of its access point, and below .local. */
  readonly name: string;
  readonly env: NodeJS.ProcessEnv;
  readonly read?: ReadSource;
  /** Whether secrets are looked up. */
  readonly secrets?: 'resolve' | 'skip';
}

export type ClaimFileResult =
  | { readonly ok: true; readonly image: ClaimImage }
  | { readonly ok: false; readonly missing: boolean; readonly problems: readonly Problem[] };

/** Beside the site file. */
export function claimFileOf(siteFile: string): string {
  return join(dirname(siteFile), 'claim.yaml');
}

/** Never rejects. `missing`: the file cannot be read at all. */
export async function loadClaimFile(
  file: string,
  { name, env, read = readSource, secrets: mode = 'resolve' }: ClaimFileOptions,
): Promise<ClaimFileResult> {
  const source = await read(file);
  if (!source.ok) {
    const { message, fix } = source;
    return { ok: false, missing: true, problems: [{ file, line: 1, column: 1, path: '', message, fix }] };
  }
  const tree = parseTree(source.text, file);
  if (!tree.ok) return { ok: false, missing: false, problems: tree.problems };
  const parsed = image.safeParse(toPlain(tree.root));
  if (!parsed.success)
    return { ok: false, missing: false, problems: inOrder(problemsOf(parsed.error, image, tree.root)) };
  const problems: Problem[] = [];
  const say = teller(tree.root, problems);
  const { keys, url, state, console: wanted } = parsed.data;
  const powerUp = wanted.service?.power_up !== false;
  if (!powerUp)
    say(['console', 'service', 'power_up'], 'nothing else opens the service link', 'write power_up: true');
  const found = await consoleOf(
    { ...wanted, service: wanted.service && { ...wanted.service, power_up: true } } as Parameters<
      typeof consoleOf
    >[0],
    { points: new Map(), devices: [], agent: name, source: { file, env, read, mode } },
    say,
  );
  if (problems.length > 0) return { ok: false, missing: false, problems: inOrder(problems) };
  const { host, port, service: link } = found.config;
  return {
    ok: true,
    image: {
      keys,
      ...(url === undefined ? {} : { url }),
      state: resolve(dirname(file), state ?? env.STATE_DIRECTORY?.split(':')[0] ?? './state'),
      listen: { host, port },
      ...(link === undefined ? {} : { service: link }),
      secrets: found.secrets,
    },
  };
}
