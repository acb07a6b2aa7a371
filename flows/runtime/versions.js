/**
 * Every deployed state of the flows, with who and when: `versions/000012.json` holds flows and credentials as one file, so
 * that they fit each other whatever happens in between. A deploy writes its version first, then the two files Node-RED
 * knows; each is written beside, synced, renamed, and its folder is synced. So at every moment there is a whole state, and
 * what was deployed is never lost.
 *
 * @typedef {object} Version
 * @property {number} version 1, 2, 3 …
 * @property {string} time ISO 8601, of this machine's clock
 * @property {string} by who deployed it
 * @property {unknown[]} flows
 * @property {Record<string, unknown>} credentials encrypted by Node-RED
 *
 * @typedef {object} Found
 * @property {unknown[]} flows
 * @property {Record<string, unknown>} credentials
 * @property {{version: number, time: string, by: string, why: string}} [restored] set where another state than that of the
 *   file came back, and why
 */
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** States that are kept. */
const KEPT = 20;
const FILE = /^(\d{6,})\.json$/;

export class FlowVersions {
  #dir;
  #folder;
  #step;
  /** Writes go one after another. @type {Promise<unknown>} */
  #tail = Promise.resolve();

  /**
   * @param {string} dir folder of Node-RED
   * @param {(step: string) => void} [step] called before each step of a write, for tests that end there
   */
  constructor(dir, step = () => {}) {
    this.#dir = dir;
    this.#folder = join(dir, 'versions');
    this.#step = step;
  }

  /**
   * The state to start with: that of the files; where they are damaged or gone, the newest one that was deployed.
   *
   * @returns {Promise<Found>}
   */
  async load() {
    const file = join(this.#dir, 'flows.json');
    const flows = await readJson(file);
    if (Array.isArray(flows.value)) {
      const match = (await this.#all()).find((one) => print(one.flows) === print(flows.value));
      const credentials = await readJson(join(this.#dir, 'flows_cred.json'));
      // Credentials of the same deploy, also where the machine went down between the two files.
      return { flows: flows.value, credentials: match?.credentials ?? objectOf(credentials.value) };
    }
    const [newest] = await this.#all();
    if (newest === undefined) {
      if (flows.why !== 'missing') await this.#setAside(file);
      return { flows: [], credentials: {} };
    }
    if (flows.why !== 'missing') await this.#setAside(file);
    await this.#writeFiles(newest);
    return { ...newest, restored: { ...told(newest), why: `flows.json is ${flows.why}` } };
  }

  /**
   * Makes a state durable; resolves when it is.
   *
   * @param {unknown[]} flows
   * @param {Record<string, unknown>} credentials
   * @param {string} by
   */
  save(flows, credentials, by) {
    const done = this.#tail.then(() => this.#save(flows, credentials, by));
    this.#tail = done.catch(() => {});
    return done;
  }

  /** Says that the newest state has run well: it is what a bad one goes back to. */
  async markGood() {
    const [newest] = await this.#all();
    if (newest !== undefined) await this.#write(join(this.#folder, 'good'), `${newest.version}\n`);
  }

  /**
   * Goes back to the last state that ran well, as a state of its own; undefined where there is none but the present one.
   *
   * @param {string} why
   * @returns {Promise<Found['restored']>}
   */
  async goBack(why) {
    const good = Number(await readFile(join(this.#folder, 'good'), 'utf8').catch(() => 'NaN'));
    const all = await this.#all();
    const found = all.find(({ version }) => version === good);
    if (found === undefined || all[0] === undefined || print(found.flows) === print(all[0].flows))
      return undefined;
    await this.#save(found.flows, found.credentials, `back to ${found.version}`);
    await this.markGood();
    return { ...told(found), why };
  }

  /** What there is, newest first. */
  async list() {
    return (await this.#all()).map(told);
  }

  /**
   * @param {unknown[]} flows
   * @param {Record<string, unknown>} credentials
   * @param {string} by
   */
  async #save(flows, credentials, by) {
    const all = await this.#all();
    // What somebody wrote into the file by hand is a state, too, and not lost by the next deploy.
    const before = await readJson(join(this.#dir, 'flows.json'));
    let version = (all[0]?.version ?? 0) + 1;
    if (Array.isArray(before.value) && !all.some((one) => print(one.flows) === print(before.value))) {
      const old = objectOf((await readJson(join(this.#dir, 'flows_cred.json'))).value);
      await this.#writeVersion({ ...stamp(version, 'file'), flows: before.value, credentials: old });
      version += 1;
    }
    const next = { ...stamp(version, by), flows, credentials };
    await this.#writeVersion(next);
    await this.#writeFiles(next);
    await this.#forget();
    return told(next);
  }

  /** @param {Version} state */
  async #writeVersion(state) {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const name = `${String(state.version).padStart(6, '0')}.json`;
    await this.#write(join(this.#folder, name), JSON.stringify(state));
  }

  /** @param {Pick<Version, 'flows' | 'credentials'>} state */
  async #writeFiles({ flows, credentials }) {
    await this.#write(join(this.#dir, 'flows_cred.json'), JSON.stringify(credentials, null, 4));
    await this.#write(join(this.#dir, 'flows.json'), JSON.stringify(flows, null, 4));
  }

  /**
   * @param {string} path
   * @param {string} text
   */
  async #write(path, text) {
    const beside = `${path}.new`;
    this.#step(`open ${beside}`);
    const file = await open(beside, 'w', 0o600);
    try {
      this.#step(`write ${beside}`);
      await file.writeFile(text);
      this.#step(`sync ${beside}`);
      await file.sync();
    } finally {
      await file.close();
    }
    this.#step(`rename ${path}`);
    await rename(beside, path);
    this.#step(`sync the folder of ${path}`);
    const folder = await open(join(path, '..'), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  async #forget() {
    const good = Number(await readFile(join(this.#folder, 'good'), 'utf8').catch(() => 'NaN'));
    const names = await this.#names();
    for (const name of names.slice(KEPT)) {
      if (Number(FILE.exec(name)?.[1]) === good) continue;
      this.#step(`remove ${name}`);
      await rm(join(this.#folder, name), { force: true });
    }
  }

  /** A damaged file is evidence: it stays beside. @param {string} file */
  async #setAside(file) {
    await rename(file, `${file}.damaged`).catch(() => {});
  }

  async #names() {
    const names = await readdir(this.#folder).catch(() => []);
    return names
      .filter((name) => FILE.test(name))
      .sort()
      .reverse();
  }

  /** Whole states, newest first; damaged ones are left out. @returns {Promise<Version[]>} */
  async #all() {
    const read = await Promise.all(
      (await this.#names()).map(async (name) => (await readJson(join(this.#folder, name))).value),
    );
    return read.flatMap((one) => {
      const state = /** @type {Partial<Version>} */ (one ?? {});
      return Array.isArray(state.flows) && Number.isInteger(state.version)
        ? [/** @type {Version} */ ({ ...state, credentials: objectOf(state.credentials) })]
        : [];
    });
  }
}

/**
 * @param {number} version
 * @param {string} by
 */
function stamp(version, by) {
  return { version, time: new Date().toISOString(), by };
}

/** @param {Version} state */
function told({ version, time, by }) {
  return { version, time, by };
}

/**
 * @param {string} path
 * @returns {Promise<{value?: unknown, why?: string}>}
 */
async function readJson(path) {
  let text;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    return { why: code === 'ENOENT' ? 'missing' : `not to be read (${code})` };
  }
  if (text.trim() === '') return { why: 'empty' };
  try {
    return { value: JSON.parse(text), why: 'no list of nodes' };
  } catch {
    return { why: 'damaged: no whole JSON' };
  }
}

/**
 * @param {unknown} value
 * @returns {Record<string, unknown>}
 */
function objectOf(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? /** @type {Record<string, unknown>} */ (value)
    : {};
}

/** @param {unknown} value */
function print(value) {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
