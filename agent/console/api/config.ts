/** Routes of changes of the site file: how things stand, check, apply, history, return, keep. */
import type {
  ConfigAnswer,
  ConfigAuthor,
  ConfigChange,
  ConfigChanges,
  ConfigCheck,
} from '../../core/config-change.ts';
import type { Principal } from '../access/role.ts';
import * as shape from './config-contract.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { Problem } from './problem.ts';
import type { Services } from './services.ts';

const STATUS = {
  wrong: 422,
  stale: 409,
  unchanged: 409,
  'trial-failed': 409,
  busy: 409,
  unknown: 404,
  unwritable: 503,
} as const;

export function configEndpoints({ view, log }: Services): Endpoint[] {
  const changes = (): ConfigChanges => {
    if (view.config !== undefined) return view.config;
    throw new Problem(404, 'not-found', 'this agent runs a site that is no file');
  };
  const said = (
    who: Principal,
    what: string,
    { name }: { readonly name?: string | undefined },
    more = {},
  ) => {
    if (who.kind === 'session' && name === undefined)
      throw new Problem(400, 'malformed', 'body.name: the name of the person is needed');
    log.info(`console.config_${what}`, { by: who.name, ...(name === undefined ? {} : { name }), ...more });
  };
  return [
    endpoint({
      method: 'GET',
      path: '/config',
      role: 'technician',
      summary:
        'The site file as it runs, the change that is open, and what is wrong with the file on the disk.',
      answer: shape.configState,
      problems: [404],
      run: async () => {
        const { open, watch, wrong, ...state } = changes().state();
        return {
          ...state,
          now: Math.round(view.now()),
          watch_s: watch / 1000,
          ...(open === undefined ? {} : { open: changeRow(open) }),
          ...(wrong === undefined
            ? {}
            : { wrong: { since: wrong.since, problems: wrong.problems.map((one) => ({ ...one })) } }),
        };
      },
    }),
    endpoint({
      method: 'POST',
      path: '/config/check',
      role: 'technician',
      summary:
        'Checks a new text: problems with line and column, difference, airtime, what stands still, what answers.',
      body: shape.checkBody,
      mostBody: shape.MOST_CONFIG_BODY,
      answer: shape.configCheck,
      problems: [404, 413, 415],
      run: async ({ body: { text, base, try: tries }, signal }) =>
        checkRow(await changes().check({ text, ...given({ base, try: tries }) }, signal)),
    }),
    endpoint({
      method: 'POST',
      path: '/config/changes',
      role: 'administrator',
      summary:
        'Applies a new text as a change: answers when the file is durable, and watches what becomes of it.',
      body: shape.applyBody,
      mostBody: shape.MOST_CONFIG_BODY,
      answer: shape.configChange,
      problems: [404, 409, 413, 415, 422, 503],
      run: async ({ body: { watch_s, ...body }, who, signal }) => {
        said(who, 'applied', body, { why: body.why });
        const watch = watch_s === undefined ? undefined : watch_s * 1000;
        const { text, why, ...more } = body;
        return done(await changes().apply({ text, why, by: who.name, ...given({ ...more, watch }) }, signal));
      },
    }),
    endpoint({
      method: 'GET',
      path: '/config/changes',
      role: 'technician',
      summary: 'The last 50 changes, newest first, with who, why and what became of them.',
      answer: shape.configHistory,
      problems: [404],
      run: async () => ({ now: Math.round(view.now()), changes: changes().history().map(changeRow) }),
    }),
    endpoint({
      method: 'GET',
      path: '/config/changes/:change',
      role: 'technician',
      summary: 'One change, with what it did to the text.',
      params: shape.changeParams,
      answer: shape.configChangeText,
      problems: [404],
      run: async ({ params: { change } }) => {
        const found = changes().change(change);
        if (found === undefined) throw new Problem(404, 'not-found', `there is no change ${change}`);
        const patch = await changes().patch(change);
        return { ...changeRow(found), ...(patch === undefined ? {} : { patch }) };
      },
    }),
    endpoint({
      method: 'POST',
      path: '/config/changes/:change/end',
      role: 'administrator',
      summary: 'Ends the watch of a change now: keeps it, or returns to the revision before.',
      params: shape.changeParams,
      body: shape.endBody,
      answer: shape.configChange,
      problems: [404, 413, 415],
      run: async ({ params: { change }, body, who }) => {
        said(who, body.how === 'keep' ? 'kept' : 'returned', body, { change });
        return done(await changes().end(change, body.how, authorOf(body, who)));
      },
    }),
    endpoint({
      method: 'GET',
      path: '/config/revisions/:revision',
      role: 'technician',
      summary: 'Text of the site file of a revision that the history names.',
      params: shape.revisionParams,
      answer: shape.revisionText,
      problems: [404],
      run: async ({ params: { revision } }) => {
        const text = await changes().text(revision);
        if (text === undefined) throw new Problem(404, 'not-found', `there is no revision ${revision}`);
        return { revision, text };
      },
    }),
    endpoint({
      method: 'POST',
      path: '/config/revisions/:revision/return',
      role: 'administrator',
      summary: 'Applies an earlier revision as a change of its own.',
      params: shape.revisionParams,
      body: shape.returnBody,
      answer: shape.configChange,
      problems: [404, 409, 413, 415, 422, 503],
      run: async ({ params: { revision }, body: { watch_s, ...body }, who, signal }) => {
        said(who, 'returned', body, { revision });
        const watch = watch_s === undefined ? undefined : watch_s * 1000;
        const { anyway, try: tries } = body;
        const how = given({ watch, anyway, try: tries });
        return done(await changes().returnTo(revision, { ...authorOf(body, who), ...how }, signal));
      },
    }),
  ];
}

function authorOf(
  { name, why = '' }: { readonly name?: string | undefined; readonly why?: string | undefined },
  who: Principal,
): ConfigAuthor {
  return { by: who.name, why, ...(name === undefined ? {} : { name }) };
}

function done(answer: ConfigAnswer): shape.ApiConfigChange {
  if (answer.ok) return changeRow(answer.change);
  const { code, reason, fix, check } = answer;
  const trials = check?.trials?.filter(({ result }) => result === 'silent') ?? [];
  const more = trials.flatMap(({ device, message }) =>
    message === undefined ? [] : [`${device}: ${message}`],
  );
  const detail = [reason, ...more].join('; ').slice(0, 2000);
  throw new Problem(STATUS[code], code, detail, fix === undefined ? {} : { fix });
}

function changeRow({ watch, changes, worse, ...change }: ConfigChange): shape.ApiConfigChange {
  return {
    ...change,
    watch_s: watch / 1000,
    changes: changes.map((one) => ({ ...one })),
    ...(worse === undefined ? {} : { worse: [...worse] }),
  };
}

function checkRow({ problems, changes, budget, stops, trials, ...check }: ConfigCheck): shape.ApiConfigCheck {
  return {
    ...check,
    problems: problems.map((one) => ({ ...one })),
    ...(changes === undefined ? {} : { changes: changes.map((one) => ({ ...one })) }),
    ...(budget === undefined ? {} : { budget: budget.map((one) => ({ ...one })) }),
    ...(stops === undefined ? {} : { stops: stops.map(({ part, for: ms }) => ({ part, for_s: ms / 1000 })) }),
    ...(trials === undefined
      ? {}
      : { trials: trials.map((one) => ({ ...one, readings: one.readings.map((value) => ({ ...value })) })) }),
  };
}

/** Without what was not given. */
function given<T extends object>(one: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(one).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
