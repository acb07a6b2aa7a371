/** Names of products by maker and version, as far as public frames tell them. Facts collected by rscada/libmbus. */
import type { Header } from './header.ts';

/** By maker and version in hex; behind a colon the medium where that decides, or `id` and the first byte of the number. */
const PRODUCTS: Readonly<Record<string, string>> = {
  'ABB 02': 'ABB Delta-Meter',
  'ABB 20': 'ABB B21 113-100',
  'ACW 09': 'Itron CF Echo 2',
  'ACW 0A': 'Itron CF 51',
  'ACW 0B': 'Itron CF 55',
  'ACW 0E': 'Itron BM +m',
  'ACW 0F': 'Itron CF 800',
  'ACW 14': 'Itron CYBLE M-Bus 1.4',
  'BEC 00:2': 'Berg DCMi',
  'BEC 07:2': 'Berg BLMi',
  'BEC 71:15': 'Berg BMB-10S0',
  'EFE 00:6': 'Engelmann WaterStar',
  'EFE 00': 'Engelmann / Elster SensoStar 2',
  'EFE 01': 'Engelmann SensoStar 2C',
  'ELS 02': 'Elster TMP-A',
  'ELS 0A': 'Elster Falcon',
  'ELS 2F': 'Elster F96 Plus',
  'EMH 00': 'EMH DIZ',
  'EMU 10:2': 'EMU Professional 3/75 M-Bus',
  'GAV 2D:2': 'Carlo Gavazzi EM24',
  'GAV 2E:2': 'Carlo Gavazzi EM24',
  'GAV 2F:2': 'Carlo Gavazzi EM24',
  'GAV 30:2': 'Carlo Gavazzi EM24',
  'GAV 39:2': 'Carlo Gavazzi EM21',
  'GAV 3A:2': 'Carlo Gavazzi EM21',
  'GAV 40:2': 'Carlo Gavazzi EM33',
  'GMC E6': 'GMC-I A230 EMMOD 206',
  'HYD 28': 'ABB F95 Typ US770',
  'HYD 2F': 'Hydrometer Sharky 775',
  'JAN 09:2': 'Janitza UMG 96S',
  'KAM 01': 'Kamstrup 382 (6850-005)',
  'KAM 08': 'Kamstrup Multical 601',
  'LSE 99': 'Siemens WFH21',
  'LUG 02': 'Landis & Gyr Ultraheat 2WR5',
  'LUG 03': 'Landis & Gyr Ultraheat 2WR6',
  'LUG 04': 'Landis & Gyr Ultraheat UH50',
  'LUG 07': 'Landis & Gyr Ultraheat T230',
  'NZR 01': 'NZR DHZ 5/63',
  'NZR 50': 'NZR IC-M2',
  'RAM 03': 'Rossweiner ETK/ETW Modularis',
  'REL 08': 'Relay PadPuls M1',
  'REL 12': 'Relay PadPuls M4',
  'REL 20': 'Relay Padin 4',
  'REL 30': 'Relay AnDi 4',
  'REL 40': 'Relay PadPuls M2',
  'RKE 69': 'Ista sensonic II mbus',
  'SBC id:10': 'Saia-Burgess ALE3',
  'SBC id:11': 'Saia-Burgess AWD3',
  'SBC id:19': 'Saia-Burgess ALE3',
  'SEN 08': 'Sensus PolluCom E',
  'SEN 0B': 'Sensus PolluTherm',
  'SEN 0E': 'Sensus PolluStat E',
  'SEN 19': 'Sensus PolluCom E',
  'SLB 02': 'Allmess Megacontrol CF-50',
  'SLB 06': 'CF Compact / Integral MK MaXX',
  'SON 0D': 'Sontex Supercal 531',
  'SPX 31': 'Sensus PolluTherm',
  'SPX 34': 'Sensus PolluTherm',
  'SVM 08': 'Elster F2 / Deltamess F2',
  'SVM 09': 'Elster F4 / Kamstrup SVM F22',
  'TCH 26': 'Techem m-bus S',
  'TCH 40': 'Techem ultra S3',
  'WZG 03': 'Modularis ETW-EAX',
  'ZRM 81': 'Minol Minocal C2',
  'ZRM 82': 'Minol Minocal WR3',
};
const SENSOCO: Readonly<Record<string, string>> = {
  '30': 'Sensoco PT100',
  '41': 'Sensoco 2-NTC',
  '45': 'Sensoco Laser Light',
  '48': 'Sensoco ADIO',
  '51': 'Sensoco THU',
  '61': 'Sensoco THU',
  '80': 'Sensoco PulseCounter for E-Meter',
};

/** The product's name; undefined for one that is not known. */
export function productOf({
  manufacturer = '',
  version = 0,
  medium = 0,
  id = '',
}: Header): string | undefined {
  const first = id.slice(0, 2);
  if (manufacturer === 'SEO' || manufacturer === 'GTE') return SENSOCO[first];
  if (manufacturer === 'AMT') return aquametro(version);
  if (manufacturer === 'ELV') return elvaco(version);
  const key = `${manufacturer} ${version.toString(16).padStart(2, '0').toUpperCase()}`;
  return PRODUCTS[`${key}:${medium}`] ?? PRODUCTS[key] ?? PRODUCTS[`${manufacturer} id:${first}`];
}

function aquametro(version: number): string {
  return `Aquametro ${['AMTRON', 'SAPHIR', 'CALEC MB', 'CALEC ST'][version >> 6]}`;
}

function elvaco(version: number): string | undefined {
  if (version >= 0x14 && version <= 0x1d) return 'Elvaco CMa10';
  return version >= 0x32 && version <= 0x3b ? 'Elvaco CMa11' : undefined;
}
