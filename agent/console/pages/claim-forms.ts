/** Ways to take a claim: a code, the label's QR code by the camera, or a file. What is refused is said with its fix. */
import { html } from 'htm/preact';
import { useRef, useState } from 'preact/hooks';
import type { ApiTaken } from '../api/claim-contract.ts';
import { post, Refusal } from './api.ts';
import { type Key, knownKey, t } from './i18n.ts';

/** https://wicg.github.io/shape-detection-api/ : not in every browser. */
interface QrReader {
  detect(image: ImageBitmap): Promise<readonly { readonly rawValue: string }[]>;
}
type QrReaders = new (options: { formats: readonly string[] }) => QrReader;

/** As the agent takes it, characters. */
const LARGEST = 1024 * 1024;

export interface ClaimFormsProps {
  /** Host that codes are exchanged at; null: none. */
  readonly exchange: string | null;
  readonly onTaken: (taken: ApiTaken) => void;
}

export function ClaimForms({ exchange, onTaken }: ClaimFormsProps) {
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Refusal>();
  const field = useRef<HTMLInputElement>(null);
  const offer = async (get: () => Promise<string>) => {
    setBusy(true);
    setRefused(undefined);
    try {
      const claim = (await get()).trim();
      if (claim.length > LARGEST) throw refusal('malformed', { why: `${claim.length} > ${LARGEST}` });
      onTaken(await post<ApiTaken>('/claim', { claim }));
    } catch (thrown) {
      setRefused(thrown instanceof Refusal ? thrown : refusal('malformed', { why: String(thrown) }));
    }
    setBusy(false);
  };
  const typed = (event: Event) => {
    event.preventDefault();
    const text = field.current?.value.trim() ?? '';
    if (text !== '') void offer(async () => text);
  };
  const chosen = (read: (file: File) => Promise<string>) => (event: Event) => {
    const input = event.currentTarget as HTMLInputElement;
    const file = input.files?.[0];
    if (file !== undefined) void offer(() => read(file));
    // The same file may be chosen again.
    input.value = '';
  };
  const scanned = async (file: File) => {
    const text = await readQr(file);
    if (field.current !== null) field.current.value = text;
    return text;
  };
  return html`<section class="card" aria-labelledby="take-title" aria-busy=${busy}>
    <h2 id="take-title">${t('claim.take')}</h2>
    <form onSubmit=${typed}>
      <label for="code">${t('claim.code')}</label>
      <div class="row">
        <input id="code" ref=${field} autocomplete="off" autocapitalize="characters" spellcheck=${false} required
          aria-describedby="code-note" />
        <button class="primary big" type="submit" disabled=${busy}>${t('claim.submit')}</button>
      </div>
      <p class="note" id="code-note">${exchange === null ? t('claim.no_exchange') : t('claim.exchange', { host: exchange })}</p>
    </form>
    ${
      qrReaders() === undefined
        ? html`<p class="note">${t('claim.no_camera')}</p>`
        : html`<label class="choose" for="photo">${t('claim.photo')}</label>
          <input id="photo" type="file" accept="image/*" capture="environment" disabled=${busy} onChange=${chosen(scanned)} />`
    }
    <label class="choose" for="file">${t('claim.file')}</label>
    <input id="file" type="file" disabled=${busy} onChange=${chosen((file) => file.text())} />
    ${busy && html`<p role="status">${t('claim.checking')}</p>`}
    ${refused !== undefined && html`<${Refused} refused=${refused} />`}
  </section>`;
}

function Refused({ refused }: { readonly refused: Refusal }) {
  const { code, facts = {}, message, fix } = refused;
  const reason = knownKey(`claim_no.${code}`) ? t(`claim_no.${code}` as Key, facts) : message;
  const todo = knownKey(`claim_fix.${code}`) ? t(`claim_fix.${code}` as Key, facts) : fix;
  return html`<div class="refusal" role="alert" data-code=${code}>
    <p><b>${t('claim.refused')}</b> ${reason}</p>
    ${facts.problems !== undefined && html`<pre>${facts.problems}</pre>`}
    ${todo !== undefined && html`<p>${todo}</p>`}
  </div>`;
}

function refusal(code: string, facts: Readonly<Record<string, string>>): Refusal {
  return new Refusal(0, code, facts.why ?? code, undefined, facts);
}

function qrReaders(): QrReaders | undefined {
  return (globalThis as { readonly BarcodeDetector?: QrReaders }).BarcodeDetector;
}

/** The text of a QR code on a photo. */
async function readQr(file: File): Promise<string> {
  const Reader = qrReaders();
  if (Reader === undefined) throw refusal('no-qr', {});
  const image = await createImageBitmap(file).catch(() => undefined);
  const found = image === undefined ? [] : await new Reader({ formats: ['qr_code'] }).detect(image);
  image?.close();
  const [first] = found;
  if (first === undefined) throw refusal('no-qr', {});
  return first.rawValue;
}
