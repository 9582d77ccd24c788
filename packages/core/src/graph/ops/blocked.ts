/**
 * Linear maps of a point with fewer roundings: a sum of n products in blocks of m is off by γ of m + n/m
 * terms, whatever order a runtime adds in, where one sum is off by γ of n. Proofs are written around values
 * of points (the centres of sets), which need not be what the network computes.
 */
import type { Builder } from '../builder.ts';
import type { Node, NodeOf } from '../graph.ts';

export interface Blocked {
  readonly value: Node;
  /** Products and sums behind an element. */
  readonly terms: number;
}

/** Sums of fewer products gain little. */
const FEWEST_TERMS = 64;
/** Numbers of a convolution's parts that are kept before they are added. */
const MOST_PARTS = 2 ** 21;

/** The divisor d of n that makes d + n / d least. */
export function evenBlock(n: number): number {
  let size = Math.floor(Math.sqrt(n));
  while (size > 1 && n % size !== 0) size--;
  return size;
}

/** x [rows, n]·w; undefined where it would gain little, or the shapes are others. */
export function blockedProduct(
  b: Builder,
  { attributes: { transA, transB } }: Pick<NodeOf<'matMul'>, 'attributes'>,
  [x, w]: readonly Node[],
): Blocked | undefined {
  if (!x || !w || transA || x.shape.length !== 2 || w.shape.length !== 2) return undefined;
  const [rows = 1, n] = x.shape;
  const outputs = w.shape[transB ? 0 : 1] ?? 1;
  if (typeof n !== 'number' || n < FEWEST_TERMS) return undefined;
  const blocks = evenBlock(n);
  if (blocks === 1) return undefined;
  const size = n / blocks;
  const parts = b.transpose(b.reshape(x, [rows, blocks, size]), [1, 0, 2]);
  const weights = transB
    ? b.transpose(b.reshape(w, [outputs, blocks, size]), [1, 2, 0])
    : b.reshape(w, [blocks, size, outputs]);
  return { value: b.sum(b.matMul(parts, weights), [0]), terms: blocks + size };
}

/** x [batch, channels, …] convolved with w [outputs, channels, …]: groups of channels, then their sum. */
export function blockedConvolution(
  b: Builder,
  node: NodeOf<'conv'>,
  [x, w]: readonly Node[],
): Blocked | undefined {
  const { attributes: geometry } = node;
  const sizes = w?.shape.map(Number) ?? [];
  const [outputs = 0, channels = 0, ...kernel] = sizes;
  const products = kernel.reduce((product, size) => product * size, 1);
  const positions = node.shape.slice(2).reduce<number>((product, dim) => product * Number(dim), 1);
  if (!x || !w || geometry.groups !== 1 || channels * products < FEWEST_TERMS) return undefined;
  const most = Math.max(1, Math.floor(MOST_PARTS / (outputs * positions)));
  const divisors = Array.from({ length: channels }, (_, i) => i + 1).filter((each) => {
    return channels % each === 0 && each <= most;
  });
  const terms = (blocks: number): number => (channels / blocks) * products + blocks;
  const blocks = divisors.reduce((best, each) => (terms(each) < terms(best) ? each : best), 1);
  if (blocks === 1) return undefined;
  const apart = [outputs, blocks, channels / blocks, ...kernel];
  const order = apart.map((_, i) => (i < 2 ? 1 - i : i));
  const stacked = [outputs * blocks, channels / blocks, ...kernel];
  const weights = b.reshape(b.transpose(b.reshape(w, apart), order), stacked);
  const parts = b.push('conv', [x, weights], { ...geometry, groups: blocks });
  const [batch = 1, , ...spatial] = node.shape;
  const value = b.sum(b.reshape(parts, [x.shape[0] ?? batch, blocks, outputs, ...spatial]), [1]);
  return { value, terms: terms(blocks) };
}
