/**
 * `kerbside content`: the city's side of what is shown in public. Makes keys, signs documents, looks at what would be
 * refused. The private key stays on the machine of whoever publishes; a gateway has the public half only.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { type ContentEnvelope, type ContentKey, MEDIA_TYPES } from '../core/content/content.ts';
import { cosign, newContentKey, openEnvelope, publicHalf, sealEnvelope } from '../core/envelope.ts';
import { AgentError } from '../core/errors.ts';
import { readDocument } from '../sign/content/document.ts';
import { EXTENSIONS, MAGIC_BYTES, mediaTypeOf } from '../sign/content/media-type.ts';
import { EXIT } from './exit.ts';
import { load, problemLines } from './site.ts';

export function register(program: Command): void {
  const content = program.command('content').description('sign what is shown in public');
  content
    .command('keygen')
    .description('make a key: the private half into a file, the public half for site files on stdout')
    .argument('<id>', 'name of the key, such as city-2026', keyId)
    .requiredOption('--out <file>', 'where the private half goes; never overwritten')
    .option('--json', 'the public half as JSON')
    .action(keygen);
  content
    .command('sign')
    .description('check a document and sign it; a signed one gets a second signature')
    .argument('<file>', 'document as JSON, or one that is signed already')
    .requiredOption('--key <file>', 'private key')
    .requiredOption('--id <id>', 'name of the key', keyId)
    .option('--out <file>', 'where to write; default: stdout')
    .action(signFile);
  content
    .command('verify')
    .description('say what a signed document is, and whether a site would take it')
    .argument('<file>', 'signed document')
    .option('--site <file>', 'site file whose keys count', 'site.yaml')
    .option('--public <id=key>', 'this key counts instead of those of a site', publicKey)
    .option('--json', 'answer in JSON')
    .addHelpText('after', '\nExit code 0: it would be taken. 1: it would be refused.')
    .action(verifyFile);
  content
    .command('media')
    .description('print the items of a playlist for files: hash, size, type')
    .argument('<files...>', 'images and videos')
    .action(describeMedia);
}

function keygen(id: string, { out, json }: { readonly out: string; readonly json?: true }): void {
  const { secret, key } = newContentKey(id);
  try {
    writeFileSync(out, secret, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    const why = existsSync(out)
      ? 'there is such a file'
      : cause instanceof Error
        ? cause.message
        : String(cause);
    throw new AgentError('internal', `writing of ${out} failed: ${why}`, {
      cause,
      fix: 'Name another file.',
    });
  }
  process.stdout.write(
    json === true ? `${JSON.stringify(key)}\n` : `- { id: ${key.id}, public: "${key.public}" }\n`,
  );
}

interface SignFlags {
  readonly key: string;
  readonly id: string;
  readonly out?: string;
}

function signFile(file: string, { key, id, out }: SignFlags): void {
  const secret = bytesOf(key).toString('utf8');
  const bytes = bytesOf(file);
  const signed = envelopeIn(bytes);
  const payload = signed === undefined ? bytes : Buffer.from(signed.payload, 'base64');
  const read = readDocument(payload);
  if (!read.ok) {
    throw new AgentError('config-invalid', `signing of ${file} failed: ${read.reason}`, {
      fix: 'docs/sign/content.md says what a document holds.',
    });
  }
  let envelope: ContentEnvelope;
  try {
    envelope = signed === undefined ? sealEnvelope(payload, id, secret) : cosign(signed, id, secret);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AgentError('config-invalid', `signing with ${key} failed: ${why}`, {
      cause,
      fix: 'Name the file that "kerbside content keygen" wrote.',
    });
  }
  const text = `${JSON.stringify(envelope)}\n`;
  if (out === undefined) process.stdout.write(text);
  else writeFileSync(out, text);
  const { channel, version, expires } = read.document;
  const until = new Date(expires).toISOString();
  process.stderr.write(
    `${channel} version ${version}, until ${until}, signed by ${publicHalf(id, secret).id}\n`,
  );
}

interface VerifyFlags {
  readonly site: string;
  readonly public?: ContentKey;
  readonly json?: true;
}

async function verifyFile(file: string, flags: VerifyFlags): Promise<void> {
  const where = flags.public === undefined ? await keysOf(flags.site) : { keys: [flags.public] };
  const verdict = judge(bytesOf(file), where, Date.now());
  if (flags.json === true) process.stdout.write(`${JSON.stringify(verdict, undefined, 2)}\n`);
  else process.stdout.write(`${verdict.sentence}\n`);
  process.exitCode = verdict.taken ? EXIT.ok : EXIT.no;
}

interface Where {
  readonly keys: readonly ContentKey[];
  readonly site?: string;
  readonly agent?: string;
}

function judge(bytes: Uint8Array, { keys, site, agent }: Where, now: number) {
  const refused = (code: string, reason: string) => ({
    taken: false,
    code,
    sentence: `refused: ${reason} (${code})`,
  });
  const opened = openEnvelope(bytes, keys);
  if (!opened.ok) return refused(opened.code, opened.reason);
  const read = readDocument(opened.payload);
  if (!read.ok) return refused('malformed', read.reason);
  const { channel, version, issued, expires, scope, ...parts } = read.document;
  const covers = (names: readonly string[], one: string | undefined) =>
    one === undefined || names.includes('*') || names.includes(one);
  if (!covers(scope.sites, site) || !covers(scope.agents, agent)) {
    return refused('wrong-scope', `it is for ${scope.sites.join(', ')} / ${scope.agents.join(', ')}`);
  }
  if (now >= expires) return refused('expired', `it expired on ${new Date(expires).toISOString()}`);
  const holds = Object.entries(parts).flatMap(([name, part]) => {
    const count = Array.isArray(part) ? part.length : 1;
    return count === 0 ? [] : [`${count} ${name}`];
  });
  return {
    taken: true,
    channel,
    version,
    key: opened.key,
    issued: new Date(issued).toISOString(),
    expires: new Date(expires).toISOString(),
    scope,
    sentence: `${channel} version ${version}, signed by ${opened.key}, until ${new Date(expires).toISOString()}: ${holds.length === 0 ? 'nothing' : holds.join(', ')}`,
  };
}

async function keysOf(file: string): Promise<Where> {
  const result = await load(file, 'skip');
  if (!result.ok) throw new AgentError('config-invalid', problemLines(result.problems).trimEnd());
  const { content, id, agent } = result.site;
  if (content === undefined) {
    throw new AgentError('config-invalid', `${file} has no part content`, {
      fix: 'Write content: with keys:.',
    });
  }
  return { keys: content.keys, site: id, agent: agent.id };
}

function describeMedia(files: readonly string[]): void {
  const items = files.map((file) => {
    const bytes = bytesOf(file);
    const type = mediaTypeOf(bytes.subarray(0, MAGIC_BYTES));
    if (type === undefined) {
      throw new AgentError('unsupported', `${file} is none of ${MEDIA_TYPES.join(', ')}`, {
        fix: `It is named ${extname(file) || 'without a type'}; its first bytes say something else.`,
      });
    }
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return {
      file,
      as: `${sha256}.${EXTENSIONS[type]}`,
      item: { sha256, size: statSync(file).size, type, seconds: 10 },
    };
  });
  process.stdout.write(`${JSON.stringify(items, undefined, 2)}\n`);
}

/** An envelope, where the bytes are one. */
function envelopeIn(bytes: Uint8Array): ContentEnvelope | undefined {
  try {
    const raw = JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<ContentEnvelope> | null;
    return typeof raw?.payload === 'string' && Array.isArray(raw.signatures)
      ? (raw as ContentEnvelope)
      : undefined;
  } catch {
    return undefined;
  }
}

function bytesOf(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AgentError('not-found', `reading of ${file} failed: ${why}`, { cause, fix: 'Check the name.' });
  }
}

function keyId(text: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(text)) return text;
  throw new InvalidArgumentError('Expected 1 to 64 letters, digits, _ and -.');
}

function publicKey(text: string): ContentKey {
  const found = /^([A-Za-z0-9_-]{1,64})=([A-Za-z0-9+/]{43}=)$/.exec(text);
  if (found?.[1] !== undefined && found[2] !== undefined) return { id: found[1], public: found[2] };
  throw new InvalidArgumentError('Expected <id>=<44 characters of base64>.');
}
