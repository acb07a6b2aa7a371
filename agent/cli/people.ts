/** `kerbside people`: accounts of people who come in by password; over the running agent, or in its files where it is stopped. */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type Command, Option } from 'commander';
import { People, type Person } from '../console/access/people.ts';
import { ROLES, type Role } from '../console/access/role.ts';
import { AgentError, asAgentError } from '../core/errors.ts';
import type { Site } from '../core/site.ts';
import { refused } from './acts/acts.ts';
import { callAgent } from './acts/api.ts';
import { EXIT } from './exit.ts';
import { load, problemLines } from './site.ts';
import { columns } from './table.ts';

interface Acts {
  list(): Promise<readonly Person[]>;
  add(name: string, role: Role, password: string): Promise<unknown>;
  setPassword(name: string, password: string): Promise<unknown>;
  remove(name: string): Promise<unknown>;
}

interface Given {
  readonly site: string;
  readonly passwordFile?: string;
  readonly json?: true;
}

export function register(program: Command): void {
  const people = program.command('people').description('accounts of people who come in by password');
  const own = (command: Command) => command.option('--site <file>', 'site file', 'site.yaml');
  const withPassword = (command: Command) =>
    own(command)
      .option('--password-file <file>', 'take the password from a file instead of asking for it')
      .addHelpText(
        'after',
        '\nWithout a terminal the password is read from standard input. At least 12 characters; no other rule.',
      );
  own(people.command('list').description('who has an account'))
    .option('--json', 'answer in JSON')
    .action((given: Given) => on(given, list(given)));
  withPassword(people.command('add').description('make an account').argument('<name>', 'name of the person'))
    .addOption(new Option('--role <role>', 'what it may').choices(ROLES).default('technician'))
    .action((name: string, given: Given & { role: Role }) =>
      on(given, async (acts) => {
        await acts.add(name, given.role, await passwordOf(given));
        process.stderr.write(`${name} may come in as ${given.role}\n`);
      }),
    );
  withPassword(
    people.command('password').description('set a new password').argument('<name>', 'name of the person'),
  ).action((name: string, given: Given) =>
    on(given, async (acts) => {
      await acts.setPassword(name, await passwordOf(given));
      process.stderr.write(`${name} has a new password; sessions of before have ended\n`);
    }),
  );
  own(
    people.command('remove').description('take an account away').argument('<name>', 'name of the person'),
  ).action((name: string, given: Given) =>
    on(given, async (acts) => {
      await acts.remove(name);
      process.stderr.write(`${name} is removed\n`);
    }),
  );
}

const list = (given: Given) => async (acts: Acts) => {
  const found = await acts.list();
  if (given.json) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  else if (found.length === 0) process.stderr.write('nobody: people come in by one-time links\n');
  else {
    const rows = found.map(({ name, role, changed }) => [
      name,
      role,
      new Date(changed).toISOString().slice(0, 10),
    ]);
    process.stdout.write(columns([['name', 'role', 'password of'], ...rows]));
  }
};

async function on(given: Given, act: (acts: Acts) => Promise<void>): Promise<void> {
  const result = await load(given.site, 'skip');
  if (!result.ok) {
    process.stderr.write(problemLines(result.problems));
    process.exitCode = EXIT.no;
    return;
  }
  const acts = (await ofAgent(result.site.state)) ?? (await ofFiles(result.site));
  await refused(act(acts));
}

async function ofAgent(state: string): Promise<Acts | undefined> {
  const call = await callAgent(state).catch((thrown: unknown) => {
    const error = asAgentError(thrown);
    if (error.code === 'not-found') return undefined;
    throw error;
  });
  if (call === undefined) return undefined;
  const at = (name: string) => `/people/${encodeURIComponent(name)}`;
  return {
    list: async () => (await call.get<{ people: Person[] }>('/people')).people,
    add: (name, role, password) => call.send('POST', '/people', { name, role, password }),
    setPassword: (name, password) => call.send('POST', `${at(name)}/password`, { password }),
    remove: (name) => call.send('DELETE', at(name)),
  };
}

async function ofFiles({ id, agent, state }: Site): Promise<Acts> {
  process.umask(0o077);
  const people = await People.open(state, [id, agent.id]);
  return {
    list: async () => people.list(),
    add: (name, role, password) => people.add(name, role, password, Date.now()),
    setPassword: (name, password) => people.setPassword(name, password, Date.now()),
    remove: (name) => people.remove(name),
  };
}

async function passwordOf({ passwordFile }: Given): Promise<string> {
  const given =
    passwordFile !== undefined
      ? await readFile(passwordFile, 'utf8')
      : process.stdin.isTTY
        ? await asked()
        : await text(process.stdin);
  const password = given.replace(/\r?\n$/, '');
  if (password !== '') return password;
  throw new AgentError('config-invalid', 'no password was given', {
    fix: 'Type one, or name a file with --password-file.',
  });
}

/** Asks twice without showing what is typed. */
async function asked(): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const ask = (words: string) => {
    process.stderr.write(words);
    return new Promise<string>((resolve) =>
      lines.question('', (answer) => {
        process.stderr.write('\n');
        resolve(answer);
      }),
    );
  };
  try {
    const first = await ask('password: ');
    if ((await ask('again: ')) === first) return first;
  } finally {
    lines.close();
  }
  throw new AgentError('config-invalid', 'the two passwords differ');
}
