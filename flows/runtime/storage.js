/** Node-RED's storage (https://nodered.org/docs/api/storage): flows and credentials as versions, the rest as it is used to. */
import local from '@node-red/runtime/lib/storage/localfilesystem/index.js';

/** Credentials that come without flows are kept after this, ms. */
const ALONE = 1000;

/**
 * @param {import('./versions.js').FlowVersions} versions
 * @param {import('./versions.js').Found} found the state to start with
 * @param {(flows: unknown[], saved?: {version: number, by: string}) => void} onFlows told what runs next, and what was deployed
 */
export function flowStorage(versions, found, onFlows) {
  let { flows: kept, credentials: keptCredentials } = found;
  /** @type {Record<string, unknown> | undefined} */
  let waiting;
  /** @type {NodeJS.Timeout | undefined} */
  let timer;

  /** @param {unknown[] | undefined} flows @param {string} by */
  async function save(flows, by) {
    clearTimeout(timer);
    const next = { flows: flows ?? kept, credentials: waiting ?? keptCredentials };
    const saved = await versions.save(next.flows, next.credentials, by);
    kept = next.flows;
    keptCredentials = next.credentials;
    if (waiting === next.credentials) waiting = undefined;
    return saved;
  }

  return {
    ...local,
    getFlows: async () => {
      onFlows(kept);
      return structuredClone(kept);
    },
    getCredentials: async () => structuredClone(keptCredentials),
    /** @param {Record<string, unknown>} credentials */
    saveCredentials: async (credentials) => {
      // Node-RED gives them before the flows of the same deploy; both are one state.
      waiting = credentials;
      clearTimeout(timer);
      timer = setTimeout(() => void save(undefined, 'node-red').catch(() => {}), ALONE);
    },
    /** @param {unknown[]} flows @param {{username?: string} | undefined} user */
    saveFlows: async (flows, user) => {
      const saved = await save(flows, user?.username ?? 'node-red');
      onFlows(flows, saved);
    },
  };
}
