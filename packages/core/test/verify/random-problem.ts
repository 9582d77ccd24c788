/**
 * Random queries about small ReLU networks, as what they mean and as texts of either version: a box, inputs that
 * are equal, and clauses whose alternatives are conjunctions of linear rows over the joint vector.
 */
import type { Draw } from '../generators/draw.ts';
import { drawLayers, short, sometimesPaired } from './dense.ts';
import { evaluateLayers, type Layer, type LineRow } from './line-oracle.ts';
import { drawPorts, nameOfHidden, type Ports, sizeOfHidden, valuesAt } from './ported.ts';

export interface RandomNetwork {
  readonly name: string;
  /** Said after its name: that it is equal or isomorphic to f. */
  readonly relation: string;
  readonly layers: readonly Layer[];
  readonly inputs: number;
  readonly outputs: number;
  /** Several inputs or outputs, and hidden values; by default one of each and none. */
  readonly ports?: Ports;
}

export type Conjunction = readonly LineRow[];

export interface RandomProblem {
  /** The joint vector: all inputs, then hidden values and outputs, in this order. */
  readonly networks: readonly RandomNetwork[];
  readonly lower: readonly number[];
  readonly upper: readonly number[];
  /** Joint inputs that the query holds equal. */
  readonly equal: readonly (readonly [number, number])[];
  /** All of these, one conjunction of each. */
  readonly clauses: readonly (readonly Conjunction[])[];
}

/** The joint vector at joint inputs, in float64. */
export function jointAt(networks: readonly RandomNetwork[], x: readonly number[]): number[] {
  let from = 0;
  const outputs = networks.flatMap(({ layers, inputs, ports }) => {
    from += inputs;
    const own = x.slice(from - inputs, from);
    return ports ? valuesAt(ports, own) : evaluateLayers(layers, own);
  });
  return [...x, ...outputs];
}

function drawNetworks(draw: Draw): RandomNetwork[] {
  const isPair = draw.chance(0.3);
  const inputs = draw.integer(1, isPair ? 2 : 4);
  const outputs = draw.integer(1, 3);
  const widths = [inputs, ...draw.list(draw.integer(1, 2), () => draw.integer(2, 8)), outputs];
  const layers = sometimesPaired(drawLayers(draw, widths));
  const first = { name: 'f', relation: '', layers, inputs, outputs };
  if (!isPair) return [first];
  const relation = draw.pick(['(equal-to f)', '(isomorphic-to f)', '']);
  const noisy = (values: Float32Array): Float32Array =>
    values.map((value) => value + draw.real(-0.02, 0.02));
  const others: Readonly<Record<string, () => readonly Layer[]>> = {
    '(equal-to f)': () => layers,
    '(isomorphic-to f)': () =>
      layers.map(({ weights, biases }) => ({ weights: noisy(weights), biases: noisy(biases) })),
    '': () => drawLayers(draw, widths),
  };
  return [first, { ...first, name: 'g', relation, layers: others[relation]?.() ?? layers }];
}

/** Multiples of 1/8; points among them, and now and then ends in the wrong order. */
function drawBox(draw: Draw, inputs: number): { lower: number[]; upper: number[] } {
  const isPoint = draw.chance(0.05);
  const lower = draw.list(inputs, () => draw.integer(-8, 8) / 8);
  const upper = lower.map((low) =>
    isPoint || draw.chance(0.15) ? low : low + draw.integer(1, 16) / 8,
  );
  if (draw.chance(0.03)) upper[0] = (lower[0] ?? 0) - 0.125;
  return { lower, upper };
}

/** A row whose bound is near the least that points of the box give. */
function drawRow(draw: Draw, points: readonly (readonly number[])[], inputs: number): LineRow {
  const width = points[0]?.length ?? 0;
  const ofInputs = draw.chance(0.1);
  const mixed = draw.chance(0.3);
  const coefficients = Array.from({ length: width }, (_, i) =>
    (i < inputs ? ofInputs || mixed : !ofInputs) ? draw.integer(-2, 2) : 0,
  );
  if (!coefficients.some((c) => c !== 0)) coefficients[ofInputs ? 0 : width - 1] = 1;
  const values = points.map((v) => coefficients.reduce((sum, c, i) => sum + c * (v[i] ?? 0), 0));
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const reach = draw.chance(0.1) ? 100 : 1;
  return {
    coefficients,
    bound: short(least + draw.real(-0.5, 0.3) * reach * (most - least + 0.1)),
  };
}

/** The same row in one of the ways it may be written. */
function rowText(draw: Draw, { coefficients, bound }: LineRow, names: readonly string[]): string {
  const terms = coefficients.flatMap((c, i) => {
    const name = names[i] ?? '';
    return c === 0 ? [] : [c === 1 ? name : `(* ${c.toFixed(1)} ${name})`];
  });
  const sum = terms.length === 1 ? (terms[0] ?? '') : `(+ ${terms.join(' ')})`;
  const right = bound.toFixed(6);
  switch (draw.integer(0, 3)) {
    case 0:
      return `(<= ${sum} ${right})`;
    case 1:
      return `(< ${sum} ${right})`;
    case 2:
      return `(>= ${right} ${sum})`;
    default:
      return `(> (- ${right} ${sum}) 0.0)`;
  }
}

function declarations(
  draw: Draw,
  networks: readonly RandomNetwork[],
  names: readonly string[],
): string[] {
  if (names[0] === 'X_0') return names.map((name) => `(declare-const ${name} Real)`);
  const declared = networks.map(
    ({ name, relation, ports, ...network }) =>
      `(declare-network ${name} ${relation} ${ports ? tensorsOf(name, ports) : plainTensors(name, network)})`,
  );
  return [`(vnnlib-version <2.${draw.integer(0, 1)}>)`, ...declared];
}

function plainTensors(
  name: string,
  { inputs, outputs }: Pick<RandomNetwork, 'inputs' | 'outputs'>,
): string {
  return `(declare-input X${name} real [1,${inputs}]) (declare-output Y${name} real [1,${outputs}])`;
}

function tensorsOf(name: string, ports: Ports): string {
  const shape = (size: number): string => (ports.batchless ? `[${size}]` : `[1,${size}]`);
  return [
    ...ports.inputSizes.map((size, k) => `(declare-input X${k}${name} real ${shape(size)})`),
    ...ports.hidden.map(
      (hidden, k) =>
        `(declare-hidden H${k}${name} real ${shape(sizeOfHidden(ports, hidden))} "${nameOfHidden(hidden)}")`,
    ),
    ...ports.outputSizes.map((size, k) => `(declare-output Y${k}${name} real ${shape(size)})`),
  ].join(' ');
}

/** Names of all elements of the tensors of such sizes. */
function elementsOf(
  tensors: readonly (readonly [name: string, size: number])[],
  at: string,
): string[] {
  return tensors.flatMap(([name, size]) =>
    Array.from({ length: size }, (_, i) => `${name}[${at}${i}]`),
  );
}

function namesOf(networks: readonly RandomNetwork[], isOld: boolean): string[] {
  const tensors = (role: 'inputs' | 'values', { name, inputs, outputs, ports }: RandomNetwork) => {
    if (!ports) {
      return role === 'inputs' ? [[`X${name}`, inputs] as const] : [[`Y${name}`, outputs] as const];
    }
    if (role === 'inputs')
      return ports.inputSizes.map((size, k) => [`X${k}${name}`, size] as const);
    return [
      ...ports.hidden.map((one, k) => [`H${k}${name}`, sizeOfHidden(ports, one)] as const),
      ...ports.outputSizes.map((size, k) => [`Y${k}${name}`, size] as const),
    ];
  };
  if (isOld) {
    return networks.flatMap(({ inputs, outputs }) => [
      ...Array.from({ length: inputs }, (_, i) => `X_${i}`),
      ...Array.from({ length: outputs }, (_, i) => `Y_${i}`),
    ]);
  }
  return (['inputs', 'values'] as const).flatMap((role) =>
    networks.flatMap((network) =>
      elementsOf(tensors(role, network), network.ports?.batchless ? '' : '0,'),
    ),
  );
}

/** An image of so many pixels a side. */
const SIDE = 5;

/** Windows of three by three over the image, as the matrix that a convolution is. */
function drawConvolution(draw: Draw, channels: number): Layer {
  const places = SIDE - 2;
  const to = channels * places * places;
  const weights = new Float32Array(SIDE * SIDE * to);
  const biases = new Float32Array(to);
  for (let channel = 0; channel < channels; channel++) {
    const kernel = draw.list(9, () => draw.real(-1, 1));
    const bias = draw.real(-0.5, 0.5);
    for (let place = 0; place < places * places; place++) {
      const column = channel * places * places + place;
      biases[column] = bias;
      kernel.forEach((weight, k) => {
        const row = Math.floor(place / places) + Math.floor(k / 3);
        const pixel = row * SIDE + (place % places) + (k % 3);
        weights[pixel * to + column] = weight;
      });
    }
  }
  return { weights, biases };
}

/** Of more inputs than boxes are cut along. */
export function drawInsideProblem(draw: Draw): RandomProblem {
  const inputs = SIDE * SIDE;
  const outputs = draw.integer(2, 3);
  const hidden = draw.list(draw.integer(1, 2), () => draw.integer(3, 8));
  const isConvolution = draw.chance(0.5);
  const first = isConvolution ? [drawConvolution(draw, draw.integer(1, 2))] : [];
  const from = first[0]?.biases.length ?? inputs;
  const dense = sometimesPaired(drawLayers(draw, [from, ...hidden, outputs]));
  const layers = [...first, ...dense];
  const networks = [{ name: 'f', relation: '', layers, inputs, outputs }];
  const lower = draw.list(inputs, () => draw.integer(-4, 4) / 8);
  const width = draw.integer(1, 4) / 8;
  const upper = lower.map((low) => low + width);
  const points = Array.from({ length: 40 }, () =>
    jointAt(
      networks,
      lower.map((low) => low + draw.next() * width),
    ),
  );
  const rows = Array.from({ length: draw.integer(1, 3) }, (): LineRow => {
    const coefficients = Array.from({ length: inputs + outputs }, (_, i) =>
      i < inputs ? 0 : draw.integer(-2, 2),
    );
    if (!coefficients.some((c) => c !== 0)) coefficients[inputs] = 1;
    const values = points.map((v) => coefficients.reduce((sum, c, i) => sum + c * (v[i] ?? 0), 0));
    return { coefficients, bound: short(Math.min(...values) - draw.real(0, 0.5)) };
  });
  // Both of two rows at once, now and then.
  const cases = draw.chance(0.3) ? [rows] : rows.map((row) => [row]);
  return { networks, lower, upper, equal: [], clauses: [cases] };
}

/** Networks of several inputs and outputs, with hidden values. */
export function drawPortedProblem(draw: Draw): RandomProblem {
  const networks = drawNetworks(draw).reduce<RandomNetwork[]>((all, network) => {
    const [first] = all;
    const drawn = drawPorts(draw, network.layers, network.inputs);
    // A copy has its original's inputs and outputs.
    const same = first?.ports && network.relation !== '' ? first.ports : drawn;
    const { inputSizes, outputSizes, batchless } = same;
    const ports = { ...drawn, inputSizes, outputSizes, batchless };
    return [...all, { ...network, ports }];
  }, []);
  return drawProblem(draw, networks);
}

export function drawProblem(draw: Draw, networks = drawNetworks(draw)): RandomProblem {
  const [first, second] = networks;
  const own = first?.inputs ?? 0;
  const inputs = networks.reduce((sum, network) => sum + network.inputs, 0);
  const { lower, upper } = drawBox(draw, inputs);
  const isTied = second !== undefined && draw.chance(0.6);
  const equal = isTied ? Array.from({ length: own }, (_, i) => [i, own + i] as const) : [];
  for (const [i, copy] of equal) [lower[copy], upper[copy]] = [lower[i] ?? 0, upper[i] ?? 0];
  const points = Array.from({ length: 20 }, () => {
    const x = lower.map((low, i) => low + draw.next() * ((upper[i] ?? low) - low));
    for (const [i, copy] of equal) x[copy] = x[i] ?? 0;
    return jointAt(networks, x);
  });
  const some = <T>(most: number, make: () => T): T[] =>
    Array.from({ length: draw.integer(1, most) }, make);
  const clauses = some(2, () => some(3, () => some(3, () => drawRow(draw, points, inputs))));
  return { networks, lower, upper, equal, clauses };
}

/** The same with every row looser by so much, which is what its greatest slack grows by. */
export function loosened(problem: RandomProblem, slack: number): RandomProblem {
  const clauses = problem.clauses.map((cases) =>
    cases.map((rows) =>
      rows.map(({ coefficients, bound }) => ({ coefficients, bound: short(bound + slack) })),
    ),
  );
  return { ...problem, clauses };
}

/** A problem in words, of either version where one can say it. */
export function textOf(draw: Draw, problem: RandomProblem): string {
  const { networks, lower, upper, equal, clauses } = problem;
  const isPlain = networks.length === 1 && !networks[0]?.ports;
  const names = namesOf(networks, isPlain && draw.chance(0.5));
  const condition = (rows: Conjunction): string =>
    `(and ${rows.map((row) => rowText(draw, row, names)).join(' ')})`;
  const assertions = [
    ...lower.map((low, i) => `(>= ${names[i]} ${low.toFixed(3)})`),
    ...upper.map((high, i) => `(<= ${names[i]} ${high.toFixed(3)})`),
    ...equal.map(([i, copy]) => `(== ${names[i]} ${names[copy]})`),
    ...clauses.map((cases) => `(or ${cases.map(condition).join(' ')})`),
  ];
  return [
    ...declarations(draw, networks, names),
    ...draw.shuffled(assertions).map((assertion) => `(assert ${assertion})`),
  ].join('\n');
}
