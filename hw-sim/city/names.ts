/**
 * Loaded into the agent's process before anything of it (`--import`): the name server of the street. While the file that
 * STREET_NAMES tells is there, no name is found, as when the network's name server is gone. Addresses are no names.
 */
import dns from 'node:dns';
import { existsSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isIP } from 'node:net';

/** A name server that is gone is waited for, ms. */
const PATIENCE = 1000;

type Answer = (error: NodeJS.ErrnoException) => void;

const gone = process.env.STREET_NAMES;
const { lookup } = dns;

if (gone !== undefined) {
  const found = (name: string, ...rest: unknown[]): void => {
    const answer = rest.at(-1);
    if (typeof answer !== 'function' || isIP(name) !== 0 || !existsSync(gone)) {
      Reflect.apply(lookup, dns, [name, ...rest]);
      return;
    }
    const error = Object.assign(new Error(`getaddrinfo EAI_AGAIN ${name}`), {
      code: 'EAI_AGAIN',
      errno: -3001,
      syscall: 'getaddrinfo',
      hostname: name,
    });
    setTimeout(() => (answer as Answer)(error), PATIENCE);
  };
  Object.assign(dns, { lookup: found });
  syncBuiltinESMExports();
}
