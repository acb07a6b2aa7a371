/** Devices, or the platform they report to, that post JSON to us. */
import { defineDriver } from '../../agent/core/driver.ts';
import { deviceIssues, messageSession, profileIssues, staleAfter } from '../message-device.ts';

export default defineDriver({
  protocol: 'http-in',
  kind: 'message',
  by: 'http',
  checkProfile: profileIssues,
  checkDevice: (device) => deviceIssues(device, true),
  staleAfter,
  open: (context) => messageSession(context, true),
});
