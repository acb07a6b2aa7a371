/**
 * The access label for the unit, as SVG: the address of the service link as QR, with the code in the part of the address
 * that no server sees; the code and the fingerprints for who types and compares.
 */
import { encode } from 'uqr';

export interface AccessLabel {
  /** Id of the agent, and what people call its site. */
  readonly agent: string;
  readonly title: string;
  /** `https://kerbside.local:8444/service`. */
  readonly address: string;
  /** `K7QM-3XPD-9W2T`. */
  readonly code: string;
  /** SHA-256 of the certificate's key, and of the certificate itself, `AB:CD:…`. */
  readonly keyFingerprint: string;
  readonly fingerprint: string;
  /** Name of the access point, where there is one. */
  readonly ssid?: string;
}

const [WIDTH, HEIGHT] = [840, 420];
const QR = 300;

export function accessLabel({
  agent,
  title,
  address,
  code,
  keyFingerprint,
  fingerprint,
  ssid,
}: AccessLabel): string {
  const { data, size } = encode(`${address}#code=${code}`, { ecc: 'M', border: 2 });
  const cell = QR / size;
  const dark = data
    .flatMap((row, y) =>
      row.map((on, x) =>
        on ? `M${round(x * cell)} ${round(y * cell)}h${round(cell)}v${round(cell)}h-${round(cell)}z` : '',
      ),
    )
    .join('');
  const half = (text: string) => [text.slice(0, 48), text.slice(48)];
  const lines = [
    [26, 700, '维护入口 Service access'],
    [20, 400, `${title} · ${agent}`],
    ...(ssid === undefined ? [] : [[18, 400, `Wi-Fi: ${ssid}`] as const]),
    [18, 400, address],
    [34, 700, code],
    [15, 400, '按服务按钮后 15 分钟内扫码；浏览器警告时先核对指纹。'],
    [15, 400, 'Press the service button, then scan. Compare before you pass the browser’s warning:'],
    [13, 600, '公钥 Public key, SHA-256'],
    ...half(keyFingerprint).map((text) => [13, 400, text] as const),
    [13, 600, '证书 Certificate, SHA-256'],
    ...half(fingerprint).map((text) => [13, 400, text] as const),
  ] as const;
  let y = 52;
  const texts = lines.map(([points, weight, text]) => {
    const line = `<text x="370" y="${y}" font-size="${points}" font-weight="${weight}">${escaped(text)}</text>`;
    y += Math.round(points * 1.5);
    return line;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="148mm" role="img">
  <title>${escaped(`Service access of ${agent}`)}</title>
  <rect width="${WIDTH}" height="${HEIGHT}" rx="20" fill="#ffffff"/>
  <rect x="6" y="6" width="${WIDTH - 12}" height="${HEIGHT - 12}" rx="16" fill="none" stroke="#0b4a6f" stroke-width="6"/>
  <path transform="translate(40 60)" d="${dark}" fill="#000000"/>
  <g fill="#16242c" font-family="ui-monospace, 'DejaVu Sans Mono', 'Noto Sans CJK SC', 'Microsoft YaHei', monospace">
    ${texts.join('\n    ')}
  </g>
</svg>
`;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`).replace(/\p{Cc}/gu, ' ');
}
