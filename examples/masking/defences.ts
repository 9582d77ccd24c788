/**
 * Defences that hide the gradient and leave the weakness: each takes an ordinary classifier of images
 * [batch, 1, S, S] in 0…1 and disguises it. What the classifier is vulnerable to, the disguise is too, so the
 * truth is known: adversarial inputs of the one are tried on the other.
 */
import { Builder, type Graph, type Node } from '@glacis/core';

/** Makes a disguised copy of a network whose input is `image` and whose output is `logits`. */
export type Defence = (network: Graph) => Graph;

interface Parts {
  /** Before the network. */
  readonly input?: (b: Builder, x: Node) => Node;
  /** In the place of every ReLU. */
  readonly activation?: (b: Builder, x: Node) => Node;
  /** After the network. */
  readonly output?: (b: Builder, logits: Node) => Node;
}

function disguised(parts: Parts): Defence {
  return (network) => {
    const b = new Builder();
    const logits = through(b, network, imageOf(b, network), parts);
    return b.graph({ logits: parts.output ? parts.output(b, logits) : logits });
  };
}

function imageOf(b: Builder, { nodes, inputs }: Graph): Node {
  const given = nodes[inputs[0] ?? 0];
  if (given?.op !== 'input') throw new RangeError('the network has no input');
  return b.input(given.attributes.name, given.shape);
}

/** The network's scores of an image, with parts of it replaced. */
function through(b: Builder, network: Graph, x: Node, { input, activation }: Parts = {}): Node {
  const copies = new Map<number, Node>([[network.inputs[0] ?? 0, input ? input(b, x) : x]]);
  for (const node of network.nodes) {
    const [operand = -1] = node.operands;
    const inner = copies.get(operand);
    if (node.op === 'relu' && activation && inner) copies.set(node.id, activation(b, inner));
    else if (!copies.has(node.id)) copies.set(node.id, copyOf(b, node, copies));
  }
  const value = copies.get(network.outputs[0]?.id ?? -1);
  if (!value) throw new RangeError('the network was not copied whole');
  return value;
}

/** One node over operands that are copied already. */
function copyOf(b: Builder, node: Node, copies: ReadonlyMap<number, Node>): Node {
  if (node.op === 'constant') return b.constant(node.attributes.tensor);
  if (node.op === 'input') return b.input(node.attributes.name, node.shape);
  return b.push(
    node.op,
    node.operands.flatMap((id) => copies.get(id) ?? []),
    node.attributes,
  );
}

const round = (b: Builder, x: Node): Node => b.push('round', [x], {});

/** x to so many equal levels. */
function quantised(b: Builder, x: Node, levels: number): Node {
  return b.mul(round(b, b.mul(x, levels)), 1 / levels);
}

/** The sum of steps at k/L, each a comparison (thermometer code, Buckman et al. 2018, read back as a grey value). */
function thermometer(b: Builder, x: Node, levels: number): Node {
  let sum = b.mul(x, 0);
  for (let k = 1; k <= levels; k++) {
    sum = b.add(sum, b.greaterOrEqual(x, (k - 0.5) / levels));
  }
  return b.mul(sum, 1 / levels);
}

/** Only the k largest of all values pass (k-winners-take-all, Xiao et al. 2020). */
function winners(b: Builder, x: Node, share: number): Node {
  const size = x.shape.slice(1).reduce<number>((product, dim) => product * Number(dim), 1);
  const batch = x.shape[0] ?? 1;
  const flat = b.reshape(x, [batch, size]);
  const k = Math.max(1, Math.round(share * size));
  const least = b.slice(b.push('topK', [flat], { axis: 1, k }), 1, k - 1, k);
  return b.reshape(b.mul(flat, b.greaterOrEqual(flat, least)), x.shape);
}

/** An orthonormal cosine transform of blocks of n, as one matrix [side, side]. */
function cosines(side: number, n: number): Float32Array {
  const matrix = new Float32Array(side * side);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      if (Math.floor(row / n) !== Math.floor(column / n)) continue;
      const [frequency, place] = [row % n, column % n];
      const scale = Math.sqrt((frequency === 0 ? 1 : 2) / n);
      matrix[row * side + column] =
        scale * Math.cos((Math.PI * (2 * place + 1) * frequency) / (2 * n));
    }
  }
  return matrix;
}

/** Blocks of 4 × 4 in frequencies, rounded to multiples of `step`, and back (as JPEG does; Guo et al. 2018). */
function roundedFrequencies(b: Builder, x: Node, step: number): Node {
  const side = Number(x.shape.at(-1));
  const basis = b.floats(cosines(side, 4), [side, side]);
  const transposed = b.transpose(basis, [1, 0]);
  const frequencies = b.matMul(b.matMul(basis, x), transposed);
  const kept = b.mul(round(b, b.mul(frequencies, 1 / step)), step);
  return b.matMul(b.matMul(transposed, kept), basis);
}

/** Levels that the members of an ensemble see; how far apart they may be before the input is rejected, in leads. */
const [MEMBERS, TOLERATED] = [[6, 9, 14], 0.5] as const;

/**
 * The greatest score of any member, each of which sees the image rounded to other levels; and behind the classes
 * a score for “rejected”, ahead of all where the members differ by too much (feature squeezing, Xu et al. 2018).
 */
function guarded(network: Graph): Graph {
  const b = new Builder();
  const x = imageOf(b, network);
  const members = MEMBERS.map((levels) =>
    through(b, network, x, { input: () => quantised(b, x, levels) }),
  );
  const most = members.reduce((all, own) => b.max(all, own));
  const least = members.reduce((all, own) => b.min(all, own));
  const top = b.maximum(most, [1], true);
  const mean = b.mul(b.sum(most, [1], true), 1 / Number(most.shape[1]));
  const lead = b.sub(top, mean);
  const difference = b.maximum(b.sub(most, least), [1], true);
  const rejected = b.add(top, b.sub(difference, b.mul(lead, TOLERATED)));
  return b.graph({ logits: b.concat([most, rejected], 1) });
}

/** The same network with more classes that it never answers: what adversarial inputs of the undisguised are made on. */
export function withClasses(network: Graph, classes: number): Graph {
  const b = new Builder();
  const logits = through(b, network, imageOf(b, network));
  const more = classes - Number(logits.shape[1]);
  if (more <= 0) return network;
  const far = b.add(b.mul(b.slice(logits, 1, 0, 1), 0), -1e4);
  return b.graph({ logits: b.concat([logits, ...new Array<Node>(more).fill(far)], 1) });
}

/** The noise that a layer adds, and the name under which it is an input until the file draws it (noise.ts). */
export const NOISE = { name: 'noise', deviation: 0.2 } as const;

function noisy(b: Builder, x: Node): Node {
  return b.add(x, b.mul(b.input(NOISE.name, x.shape), NOISE.deviation));
}

export const defences = {
  /** Logits so far apart that a softmax rounds to certainty. */
  'saturated logits': disguised({ output: (b, z) => b.mul(z, 1e4) }),
  /** The same by a temperature, with the softmax in the file. */
  temperature: disguised({
    output: (b, z) => b.push('softmax', [b.mul(z, 300)], { axis: 1 }),
  }),
  /** A sine on every score so fine that each step turns its slope about. */
  'rippled scores': disguised({
    output: (b, z) => b.add(z, b.mul(b.push('sin', [b.mul(z, 200)], {}), 2)),
  }),
  /** Sharp log-probabilities that are cut off below, so that none moves far from an edge. */
  'cut-off probabilities': disguised({
    output: (b, z) => b.max(b.push('logSoftmax', [b.mul(z, 30)], { axis: 1 }), -40),
  }),
  quantised: disguised({ input: (b, x) => quantised(b, x, 12) }),
  thermometer: disguised({ input: (b, x) => thermometer(b, x, 10) }),
  shattered: disguised({
    input: (b, x) => b.add(x, b.mul(b.push('sin', [b.mul(x, 2000)], {}), 0.01)),
  }),
  'k-winners-take-all': disguised({ activation: (b, x) => winners(b, x, 0.08) }),
  'rounded frequencies': disguised({ input: (b, x) => roundedFrequencies(b, x, 0.25) }),
  'ensemble with a detector': guarded,
  'noise layer': disguised({ input: noisy }),
} satisfies Readonly<Record<string, Defence>>;

export type DefenceName = keyof typeof defences;

/** The class in which a defence rejects an input. */
export const rejecting: Readonly<Partial<Record<DefenceName, number>>> = {
  'ensemble with a detector': 10,
};
