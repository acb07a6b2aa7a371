/** From accepted devices to a new text of the site file, and to the one function that applies it. */
import { addDevices, itemsText, type NewItems, type Written } from '../../config/add-devices.ts';
import type { AcceptedDevice, SaveCheck, SaveRequest } from '../../core/commissioning.ts';
import type { ConfigAnswer, ConfigChanges, ConfigCheck } from '../../core/config-change.ts';
import { AgentError } from '../../core/errors.ts';
import { ID_PATTERN } from '../../core/point.ts';
import type { LineConfig, Site } from '../../core/site.ts';
import { siteItems } from '../scan/fragment.ts';
import { freeId, takenIds } from './identity.ts';
import type { ScanJob } from './job.ts';

export interface Saving {
  readonly by: string;
  readonly site: Site;
  readonly config: ConfigChanges;
  readonly signal: AbortSignal;
}

interface Draft {
  readonly line: string;
  readonly items: NewItems;
  readonly written: Written;
  readonly problems: SaveCheck['problems'];
}

/** What a save would do. Changes nothing. */
export async function checkSave(
  job: ScanJob,
  request: SaveRequest,
  site: Site,
  config: ConfigChanges,
  signal: AbortSignal,
): Promise<SaveCheck> {
  const draft = drafted(job, request, site, config);
  if (draft.problems.length > 0) return checkOf(draft, request);
  const check = await config.check({ text: draft.written.text, try: false }, signal);
  return checkOf(draft, request, check);
}

/** Checks, frees the port, applies. What is wrong is an answer. */
export async function save(
  job: ScanJob,
  request: SaveRequest,
  { by, site, config, signal }: Saving,
): Promise<{ readonly check: SaveCheck; readonly answer: ConfigAnswer }> {
  const draft = drafted(job, request, site, config);
  const check = await checkSave(job, request, site, config, signal);
  if (!check.ok) {
    const [first] = check.problems;
    const refused: ConfigAnswer = {
      ok: false,
      code: 'wrong',
      reason: first?.message ?? 'the site file would be wrong',
      ...(first?.fix === undefined ? {} : { fix: first.fix }),
    };
    return { check, answer: refused };
  }
  // The new line opens the port: nobody else may have it then.
  await job.stop();
  const answer = await config.apply(
    {
      text: draft.written.text,
      by,
      ...(request.name === undefined ? {} : { name: request.name }),
      why: request.why ?? `commissioning: ${request.devices.map(({ id }) => id).join(', ')}`,
      try: false,
    },
    signal,
  );
  if (answer.ok) {
    const devices = request.devices.map(({ id }) => id);
    job.saved({ change: answer.change.id, line: draft.line, devices });
  }
  return { check, answer };
}

function drafted(job: ScanJob, request: SaveRequest, site: Site, config: ConfigChanges): Draft {
  if (request.devices.length === 0) {
    throw new AgentError('config-invalid', 'saving failed: no device is accepted', { fix: 'Accept one.' });
  }
  const state = job.state();
  const existing = site.lines.find(({ id }) => id === state.line);
  const lineIds = new Set(site.lines.map(({ id }) => id));
  const line = existing?.id ?? request.line ?? freeId(`line-${site.lines.length + 1}`, lineIds);
  const problems: { key?: string; message: string; fix?: string }[] = [];
  if (existing === undefined && (lineIds.has(line) || !ID_PATTERN.test(line))) {
    problems.push({
      message: `the line cannot be called ${line}`,
      fix: 'Letters, digits, _ and -; not the name of another line.',
    });
  }
  const taken = takenIds(site);
  for (const { key, id } of request.devices) {
    if (!ID_PATTERN.test(id))
      problems.push({ key, message: `"${id}" is no name`, fix: 'Letters, digits, _ and -, at most 64.' });
    else if (taken.has(id))
      problems.push({ key, message: `${id} is there already`, fix: 'Choose another name.' });
    taken.add(id);
  }
  const items = itemsOf(job, request.devices, line, existing);
  const written = problems.length > 0 ? { text: '', places: [] } : addDevices(config.state().text, items);
  return { line, items, written, problems };
}

function itemsOf(
  job: ScanJob,
  devices: readonly AcceptedDevice[],
  line: string,
  existing: LineConfig | undefined,
): NewItems {
  const accepted = devices.map(({ key, profile, id, title }) => {
    const found = job.found(key);
    if (found === undefined) throw new AgentError('not-found', `the scan found no device ${key}`);
    if (job.profile(profile) === undefined)
      throw new AgentError('not-found', `there is no profile ${profile}`);
    return { found, profile, id, title };
  });
  return siteItems(accepted, line, existing);
}

function checkOf(
  { line, items, written, problems }: Draft,
  { devices }: SaveRequest,
  check?: ConfigCheck,
): SaveCheck {
  const budget = check?.budget?.find((one) => one.line === line);
  return {
    ok: problems.length === 0 && (check?.ok ?? false),
    line,
    problems: [
      ...problems,
      ...(check?.problems ?? []).map(({ line: row, message, fix, path }) => {
        const at = written.places.findIndex(([from, to]) => row >= from && row <= to);
        const key = devices[at]?.key;
        return {
          ...(key === undefined ? {} : { key }),
          message: key === undefined && path !== '' ? `${path}: ${message}` : message,
          ...(fix === undefined ? {} : { fix }),
        };
      }),
    ],
    ...(budget === undefined
      ? {}
      : {
          load: {
            ...(typeof budget.before === 'number' ? { before: budget.before } : {}),
            ...(typeof budget.after === 'number' ? { after: budget.after } : {}),
          },
        }),
    yaml: itemsText(items),
  };
}
