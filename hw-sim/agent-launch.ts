import { constants, openSync, readdirSync, readlinkSync } from 'node:fs';

/**
 * How the agent is started where memory is dear, as the service unit of a gateway does: small young generations (an
 * agent makes little garbage at a time) and two malloc arenas (one per thread would keep what none of them needs).
 * Measured in bench/README.md, "memory".
 */
export const AGENT_FLAGS: readonly string[] = ['--max-semi-space-size=2'];
export const AGENT_ENV: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '2' };

/**
 * Entries for `stdio` of a child from the descriptor `from` on, so that it inherits no terminal of a simulated line but
 * /dev/null: node-pty opens them without O_CLOEXEC, and as long as the child holds one, pulling its adapter out would
 * hang nobody up. Empty where there is none.
 */
export function withoutTerminals(from: number): readonly number[] {
  const terminals = terminalDescriptors().filter((fd) => fd >= from);
  if (terminals.length === 0) return [];
  nothing ??= openSync('/dev/null', constants.O_RDWR);
  const fd = nothing;
  return Array.from({ length: Math.max(...terminals) - from + 1 }, () => fd);
}

/** Stays open: who starts one child starts others. */
let nothing: number | undefined;

function terminalDescriptors(): number[] {
  let names: string[];
  try {
    names = readdirSync('/proc/self/fd');
  } catch {
    // No /proc.
    return [];
  }
  return names.map(Number).filter((fd) => {
    try {
      return /^\/dev\/(ptmx|pts\/)/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      // The descriptor of the listing itself is gone by now.
      return false;
    }
  });
}

/** Has an agent ask the name server of the street, whose names are gone while the file is there (city/names.ts). */
export function nameServerEnv(file: string): Readonly<Record<string, string>> {
  const hook = new URL('./city/names.ts', import.meta.url).href;
  const before = process.env.NODE_OPTIONS;
  return {
    STREET_NAMES: file,
    NODE_OPTIONS: `${before === undefined ? '' : `${before} `}--import=${hook}`,
  };
}
