/** What a technician's flow can do: be changed while all runs, or never come to an end. */
import { type Breakable, commandsSince, type Ground, toldBy, type Undo, well } from './breakable.ts';
import { DIMMING, type FlowNode, Flows } from './flows.ts';

const NODE_RED = 'node-red';

type Change = (flows: readonly FlowNode[]) => readonly FlowNode[];

/** Deploys what `change` makes of the flows. Undone by what `back` makes of those that are there by then. */
async function deployed({ eye }: Ground, change: Change, back: Change): Promise<Undo> {
  const deploy = (of: Change): Promise<void> =>
    Flows.whenUp(eye, async (flows) => flows.deploy(of(await flows.read())));
  await deploy(change);
  return () => deploy(back);
}

const TAB = 'show-loop';
const LOOP = [
  { id: TAB, type: 'tab', label: 'A flow without an end' },
  {
    id: `${TAB}-start`,
    type: 'inject',
    z: TAB,
    name: 'begin',
    props: [{ p: 'payload' }],
    once: true,
    onceDelay: '1',
    payload: '',
    payloadType: 'date',
    x: 150,
    y: 80,
    wires: [[`${TAB}-for-ever`]],
  },
  {
    // A function node is stopped by its time limit; an expression that calls itself for ever is not.
    id: `${TAB}-for-ever`,
    type: 'change',
    z: TAB,
    name: 'for ever',
    rules: [
      { t: 'set', p: 'payload', pt: 'msg', to: '($f := function($n) { $f($n + 1) }; $f(0))', tot: 'jsonata' },
    ],
    x: 350,
    y: 80,
    wires: [[]],
  },
];

const withoutLoop: Change = (flows) => flows.filter(({ z, id }) => id !== TAB && z !== TAB);

export const loopingFlow: Breakable = {
  id: 'loop',
  title: { en: 'Deploy a flow that loops for ever', zh: '部署一个死循环流程' },
  does: {
    en: 'Node-RED stands still. It is stopped, the flow is named, and metering goes on.',
    zh: 'Node-RED 停住：流程被停止并指名，计量照常进行。',
  },
  at: 'flows',
  strike: (ground) => deployed(ground, (flows) => [...withoutLoop(flows), ...LOOP], withoutLoop),
  ...toldBy(NODE_RED),
};

/** Full light at a vehicle, then this level. */
const DIMMED = '50';

const holding = (flows: readonly FlowNode[], level: unknown): readonly FlowNode[] =>
  flows.map((node) => (node.id === DIMMING.hold ? { ...node, op2: level } : node));

export const changedFlow: Breakable = {
  id: 'dim',
  title: { en: 'Change the flow that dims the lamp', zh: '修改调光流程' },
  does: {
    en: 'In Node-RED the lamp goes down to 50 % instead of 30 % when nobody passes. Deployed while all runs.',
    zh: '在 Node-RED 中把无人经过时的亮度由 30 % 改为 50 %，运行中直接部署。',
  },
  at: 'flows',
  strike(ground) {
    if (ground.eye.readings.get('lamp-1/night')?.value === false) {
      throw new Error('by day the flow leaves the lamp to its programme; let the sun set first');
    }
    let was: unknown;
    return deployed(
      ground,
      (flows) => {
        const hold = flows.find(({ id }) => id === DIMMING.hold);
        if (hold === undefined) throw new Error('the flow that dims by traffic is not there');
        was = hold.op2;
        return holding(flows, DIMMED);
      },
      (flows) => holding(flows, was),
    );
  },
  // It begins with full light, which the board reads back.
  noticed: (ground, struck) => {
    const [done] = commandsSince(
      ground,
      struck,
      ({ command, result }) => command.issuer.startsWith('flow:') && result.state === 'done',
    );
    return (
      done && `${done.command.issuer}: lamp ${done.command.value} %, read back ${done.result.readback} %`
    );
  },
  healed: (ground) => well(ground, NODE_RED),
};
