/**
 * The part of a convolutional network that one place of an image depends on, as a network of its own in which
 * every place is a sample: coefficients of its rows fill the window that it sees instead of whole images
 * (patches, Xu et al. 2020, appendix). What lies outside an image is multiplied by a mask of zeros.
 */
import { type Builder, copyNode } from '../graph/builder.ts';
import { elementCount } from '../graph/dimension.ts';
import { dependents, type Node } from '../graph/graph.ts';
import { type Window, windowHull, windowSize } from '../graph/ops/windows.ts';
import { rulesOf } from './lowering.ts';

/** A value of the whole network [batch, channels, …places], and what each place of the target sees of it. */
export interface Seen {
  readonly node: Node;
  readonly window: Window;
}

export interface PlaceWindows {
  /** By the ids of perturbed values. */
  readonly seen: ReadonlyMap<number, Seen>;
  readonly target: Node;
}

/**
 * What the places of `target` see of the values before it, `source` alone perturbed; undefined where something
 * between them has no windows.
 */
export function placeWindows(
  nodes: readonly Node[],
  source: Node,
  target: Node,
): PlaceWindows | undefined {
  const axes = target.shape.slice(2).map(() => 0);
  const windows = new Map<number, Window>([
    [target.id, { strides: axes.map(() => 1), first: axes, last: axes }],
  ]);
  if (axes.length === 0 || !isImage(source) || target.id === source.id) return undefined;
  const inputs = nodes.filter(({ op }) => op === 'input').map(({ id }) => id);
  const fed = dependents({ nodes, inputs: [], outputs: [] }, inputs);
  for (let id = target.id; id > source.id; id--) {
    const [node, window] = [nodes[id], windows.get(id)];
    if (!node || !window) continue;
    const operands = node.operands.flatMap((operand) => nodes[operand] ?? []);
    const windowed = isImage(node) ? rulesOf(node).windowed?.(node, operands, window) : undefined;
    if (!windowed) return undefined;
    for (const [i, operand] of operands.entries()) {
      const own = windowed.operands[i];
      // Constants that have places, and other inputs, would need windows of their own.
      if ((own !== null) !== fed[operand.id]) return undefined;
      if (!own) continue;
      const known = windows.get(operand.id);
      const hull = known ? windowHull(known, own) : own;
      if (!hull) return undefined;
      windows.set(operand.id, hull);
    }
  }
  const seen = [...windows].flatMap(([id, window]) => {
    const node = nodes[id];
    return node ? [[id, { node, window }] as const] : [];
  });
  return seen.every(([, { node }]) => node.op !== 'input' || node === source)
    ? { seen: new Map(seen), target }
    : undefined;
}

function isImage({ shape }: Node): boolean {
  return shape.length > 2 && shape.slice(1).every((size) => typeof size === 'number');
}

/** The shape of a window for each place. */
export function windowShape({ node, window }: Seen): number[] {
  return [Number(node.shape[1]), ...windowSize(window)];
}

/** Elements of all windows together, and of all that they are windows of. */
export function windowElements({ seen }: PlaceWindows): [windows: number, whole: number] {
  const all = [...seen.values()];
  const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);
  return [
    sum(all.map((each) => windowShape(each).reduce((product, size) => product * size, 1))),
    sum(all.map(({ node }) => Number(elementCount(node.shape.slice(1))))),
  ];
}

/** Whether some places see what lies outside the image. */
export function reachesOut({ node, window }: Seen, target: Node): boolean {
  return node.shape.slice(2).some((size, i) => {
    const places = Number(target.shape[i + 2]);
    const reached = (window.strides[i] ?? 1) * (places - 1) + (window.last[i] ?? 0);
    return (window.first[i] ?? 0) < 0 || reached >= Number(size);
  });
}

export interface WindowOptions {
  /** The source's windows [places, channels, …]. */
  readonly source: Node;
  /** 1 inside the image and 0 outside, [places, 1, …window]. */
  readonly maskOf: (seen: Seen) => Node;
}

/** The values before the target, and it, over windows; by the ids of what they are windows of. */
export function overWindows(
  b: Builder,
  nodes: readonly Node[],
  { seen, target }: PlaceWindows,
  { source, maskOf }: WindowOptions,
): Map<number, Node> {
  const copies = new Map<number, Node>();
  const constants = new Map<number, Node>();
  const constant = (node: Node): Node => {
    for (const id of node.operands) {
      const operand = nodes[id];
      if (operand) constants.set(id, constant(operand));
    }
    return constants.get(node.id) ?? copyNode(b, node, constants);
  };
  for (const id of [...seen.keys()].toSorted((x, y) => x - y)) {
    const own = seen.get(id);
    if (!own) continue;
    const { node, window } = own;
    const operands = node.operands.flatMap((operand) => nodes[operand] ?? []);
    if (node.op === 'input') {
      copies.set(id, source);
      continue;
    }
    const windowed = rulesOf(node).windowed?.(node, operands, window);
    if (!windowed) throw new RangeError(`${node.op} has no windows`);
    const made = operands.map((operand, i) => {
      const whole = seen.get(operand.id);
      const part = windowed.operands[i];
      const copy = copies.get(operand.id);
      if (!whole || !part || !copy) return constant(operand);
      const inside = windowed.pads && reachesOut(whole, target) ? b.mul(copy, maskOf(whole)) : copy;
      return partOf(b, inside, whole.window, part);
    });
    copies.set(
      id,
      b.labelled(node.label, () => b.push(node.op, made, windowed.attributes)),
    );
  }
  return copies;
}

/** The part of a window. */
function partOf(b: Builder, value: Node, whole: Window, part: Window): Node {
  return part.first.reduce((cut, from, i) => {
    const start = from - (whole.first[i] ?? 0);
    const size = (part.last[i] ?? from) - from + 1;
    return cut.shape[i + 2] === size ? cut : b.slice(cut, i + 2, start, start + size);
  }, value);
}
