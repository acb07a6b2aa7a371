/** Every Modbus device the simulator can play, by the stem of its profile. */
import { abbB23 } from './abb-b23.ts';
import { abbTerraAc } from './abb-terra-ac.ts';
import { acrelAdl400 } from './acrel-adl400.ts';
import { acrelAdl400Float } from './acrel-adl400-float.ts';
import { acrelAdw300 } from './acrel-adw300.ts';
import { AIR_SENSORS } from './air-sensors.ts';
import { alfenNg910 } from './alfen-ng910.ts';
import { chintDtsu666 } from './chint-dtsu666.ts';
import { CONTACT_MODULES } from './contact-modules.ts';
import { ddmDdm18sd } from './ddm-ddm18sd.ts';
import { eastronSdm120 } from './eastron-sdm120.ts';
import { eastronSdm220 } from './eastron-sdm220.ts';
import { eastronSdm630 } from './eastron-sdm630.ts';
import { FURTHER_CHARGERS } from './further-chargers.ts';
import { FURTHER_METERS } from './further-meters.ts';
import { heidelbergEnergyControl } from './heidelberg-energy-control.ts';
import { ineproPro380 } from './inepro-pro380.ts';
import { janitzaUmg } from './janitza-umg.ts';
import { kebaP30 } from './keba-p30.ts';
import { LAMP_CONTROLLERS } from './lamp-controllers.ts';
import type { ModbusModel } from './modbus-model.ts';
import { PUBLIC_DEVICES } from './modbus-text-panel.ts';
import { NOISE_SENSORS } from './noise-sensors.ts';
import { ornoWe514 } from './orno-we-514.ts';
import { renke500Series } from './renke-500-series.ts';
import { renkeRsFsjtN01 } from './renke-rs-fsjt-n01.ts';
import { renkeRsFxjtN01 } from './renke-rs-fxjt-n01.ts';
import { renkeRsWs } from './renke-rs-ws.ts';
import { SAFETY_SENSORS } from './safety-sensors.ts';
import { schneiderIem3155 } from './schneider-iem3155.ts';
import { SOIL_SENSORS } from './soil-sensors.ts';
import { SOLAR_DEVICES } from './solar-devices.ts';
import { sunspecMeter } from './sunspec-meter.ts';
import { vms3001Tr } from './vms-3001-tr.ts';
import { WATER_SENSORS } from './water-sensors.ts';
import { WEATHER_SENSORS } from './weather-sensors.ts';

const ALL: readonly ModbusModel[] = [
  abbB23,
  abbTerraAc,
  acrelAdl400Float,
  acrelAdl400,
  acrelAdw300,
  alfenNg910,
  chintDtsu666,
  ddmDdm18sd,
  eastronSdm120,
  eastronSdm220,
  eastronSdm630,
  heidelbergEnergyControl,
  ineproPro380,
  janitzaUmg,
  kebaP30,
  ornoWe514,
  renke500Series,
  renkeRsFsjtN01,
  renkeRsFxjtN01,
  renkeRsWs,
  schneiderIem3155,
  sunspecMeter,
  vms3001Tr,
  ...AIR_SENSORS,
  ...CONTACT_MODULES,
  ...FURTHER_CHARGERS,
  ...FURTHER_METERS,
  ...LAMP_CONTROLLERS,
  ...NOISE_SENSORS,
  ...PUBLIC_DEVICES,
  ...SAFETY_SENSORS,
  ...SOIL_SENSORS,
  ...SOLAR_DEVICES,
  ...WATER_SENSORS,
  ...WEATHER_SENSORS,
];

export const MODBUS_MODELS: ReadonlyMap<string, ModbusModel> = new Map(
  ALL.map((model) => [model.stem, model]),
);
