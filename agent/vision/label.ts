/**
 * The label on a pole with cameras, as SVG: what is counted, that nobody is recognised and no picture kept, and whom to
 * ask. A sign that catches the eye is asked for where pictures are taken in public (PIPL art. 26, 个人信息保护法第二十六条).
 */
import type { CameraConfig } from '../core/camera.ts';
import type { Text } from '../core/point.ts';
import type { Site } from '../core/site.ts';

/** Made for A5 across; it scales. */
const [WIDTH, HEIGHT] = [840, 594];
/** Widest lines that fit, in half-width characters. */
const COLUMNS = 62;

/** Of the cameras of a checked site; throws `RangeError` where it has none. */
export function poleLabel(site: Pick<Site, 'id' | 'title' | 'agent' | 'cameras' | 'privacy'>): string {
  const { cameras, privacy } = site;
  if (cameras.length === 0) throw new RangeError('the site has no camera');
  const what = counted(cameras);
  const operator = privacy?.operator;
  const looks = cameras.some(({ preview }) => preview);
  const zh = [
    `本灯杆设有 ${cameras.length} 个摄像机，用于统计${what.zh}。`,
    '图像仅在本机内存中处理，不保存、不上传；只上报数量。',
    '不做人脸识别，不识别身份，不读取车牌，不用于执法。',
    looks ? '维护人员可在授权登录后临时查看经模糊处理的画面，并留有审计记录。' : '任何人都不能查看画面。',
    ...((privacy?.holdBelow ?? 0) > 1 ? [`人数少于 ${privacy?.holdBelow} 时不上报具体数值。`] : []),
  ];
  const en = [
    `${cameras.length === 1 ? 'A camera' : `${cameras.length} cameras`} on this pole count${cameras.length === 1 ? 's' : ''} ${what.en}.`,
    'Pictures are looked at in memory on the spot, kept nowhere and sent nowhere. Numbers leave.',
    'Nobody is recognised, no plate is read, nothing serves enforcement.',
    looks
      ? 'Maintenance staff may look for minutes, faces blurred, logged in and audited.'
      : 'Nobody can look at a picture.',
    ...((privacy?.holdBelow ?? 0) > 1 ? [`Counts of people below ${privacy?.holdBelow} are held back.`] : []),
  ];
  const who = [
    operator === undefined ? undefined : `处理者 / Operator: ${both(operator)}`,
    privacy?.contact === undefined ? undefined : `联系 / Contact: ${privacy.contact}`,
    `设备 / Device: ${site.agent.id} · ${both(site.title)}`,
  ].filter((line) => line !== undefined);
  let y = 150;
  const lines = (texts: readonly string[], size: number, weight = 400) =>
    texts
      .flatMap((text) => wrapped(text, COLUMNS * (22 / size)))
      .map((text) => {
        y += Math.round(size * 1.45);
        return `<text x="60" y="${y}" font-size="${size}" font-weight="${weight}">${escaped(text)}</text>`;
      })
      .join('\n    ');
  const body = [lines(zh, 22), lines(en, 18), lines(who, 19, 600)].join('\n    ');
  const height = Math.max(HEIGHT, y + 50);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="210mm" role="img">
  <title>${escaped(`${zh[0]} ${en[0]}`)}</title>
  <rect width="${WIDTH}" height="${height}" rx="24" fill="#ffffff"/>
  <rect x="8" y="8" width="${WIDTH - 16}" height="${height - 16}" rx="18" fill="none" stroke="#0b4a6f" stroke-width="8"/>
  <g fill="#0b4a6f">
    <path d="M60 62 h84 v56 h-84 z M150 78 l32 -16 v56 l-32 -16 z"/>
    <circle cx="102" cy="90" r="17" fill="#ffffff"/>
    <text x="206" y="84" font-size="40" font-weight="700">计数摄像机</text>
    <text x="206" y="120" font-size="26" font-weight="700">Counting camera</text>
  </g>
  <g fill="#16242c" font-family="system-ui, 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif">
    ${body}
  </g>
</svg>
`;
}

function counted(cameras: readonly CameraConfig[]): { readonly en: string; readonly zh: string } {
  const faces = cameras.some(({ tasks }) => tasks.includes('faces'));
  const vehicles = cameras.some(({ tasks }) => tasks.includes('vehicles'));
  const people = cameras.some(({ zones = [] }) => zones.some(({ counts }) => counts === 'people'));
  const named = [
    ...(vehicles ? [['vehicles', '车辆']] : []),
    ...(people ? [['people', '人员']] : []),
    ...(faces ? [['faces', '人脸数量']] : []),
  ];
  const en = named.map(([name = '']) => name);
  return {
    en: en.length > 1 ? `${en.slice(0, -1).join(', ')} and ${en.at(-1)}` : (en[0] ?? ''),
    zh: named.map(([, name]) => name).join('、'),
  };
}

const both = ({ en, zh }: Text) => (zh === undefined ? en : `${zh} ${en}`);

/** Lines of at most `columns` half-width characters; Chinese ones break anywhere, others between words. */
function wrapped(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const piece of text.match(/[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*|\s+/g) ?? []) {
    if (line !== '' && wide(line) + wide(piece.trimEnd()) > columns) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += piece;
  }
  return line.trim() === '' ? lines : [...lines, line.trimEnd()];
}

function wide(text: string): number {
  return [...text].reduce((sum, one) => sum + (/[\u2e80-\uffef]/.test(one) ? 2 : 1), 0);
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`).replace(/\p{Cc}/gu, ' ');
}
