/** Devices that send JSON over MQTT: LoRaWAN and NB-IoT sensors behind any network server, and any other. */
import { defineDriver } from '../../agent/core/driver.ts';
import { deviceIssues, messageSession, profileIssues, staleAfter } from '../message-device.ts';

export default defineDriver({
  protocol: 'mqtt-in',
  kind: 'message',
  by: 'mqtt',
  checkProfile: profileIssues,
  checkDevice: (device) => deviceIssues(device, false),
  staleAfter,
  open: (context) => messageSession(context, false),
});
