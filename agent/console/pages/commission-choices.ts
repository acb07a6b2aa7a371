/** What somebody at the page has decided of found devices; kept over a reload of the page, for a wet thumb reloads. */
import type { ApiFoundDevice, ApiSave, ApiScan } from '../api/commissioning-contract.ts';

export interface Choice {
  readonly accepted: boolean;
  readonly profile: string;
  readonly id: string;
  readonly en: string;
  readonly zh: string;
}

export type Choices = Readonly<Record<string, Choice>>;

const KEY = 'kerbside.commissioning';
const ID = /^[A-Za-z0-9_-]{1,64}$/;

export function keptChoices(scan: string): Choices {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(`${KEY}.${scan}`) ?? '{}');
    return typeof kept === 'object' && kept !== null ? (kept as Choices) : {};
  } catch {
    return {};
  }
}

export function keepChoices(scan: string, choices: Choices): void {
  sessionStorage.setItem(`${KEY}.${scan}`, JSON.stringify(choices));
}

/** What was decided, and for the rest what is proposed: take what is new and known by a profile, under the name offered. */
export function choiceOf(found: ApiFoundDevice, choices: Choices): Choice {
  const kept = choices[found.key];
  if (kept !== undefined) return kept;
  const [best] = found.candidates;
  return {
    accepted: best !== undefined && found.known === undefined,
    profile: best?.profile ?? '',
    id: found.id,
    ...titlesOf(found, best?.profile ?? ''),
  };
}

/** Names in both languages by the profile and the address. */
export function titlesOf(
  { candidates, address }: ApiFoundDevice,
  profile: string,
): { en: string; zh: string } {
  const title = candidates.find((one) => one.profile === profile)?.title;
  const behind = address === undefined ? '' : ` ${address}`;
  return {
    en: `${title?.en ?? profile}${behind}`,
    zh: title?.zh === undefined ? '' : `${title.zh}${behind}`,
  };
}

/** The accepted ones as the API takes them. */
export function acceptedOf(scan: ApiScan, choices: Choices): ApiSave['devices'] {
  return scan.found.flatMap((found) => {
    const { accepted, profile, id, en, zh } = choiceOf(found, choices);
    if (!accepted || profile === '') return [];
    const title = { en: en.trim() === '' ? id : en.trim(), ...(zh.trim() === '' ? {} : { zh: zh.trim() }) };
    return [{ key: found.key, profile, id, title }];
  });
}

/** What is wrong with a name that can be told without asking. */
export function nameFault(id: string, others: readonly string[]): 'malformed' | 'taken' | undefined {
  if (!ID.test(id)) return 'malformed';
  return others.includes(id) ? 'taken' : undefined;
}
