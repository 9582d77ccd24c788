/**
 * What a file may ask of reading. A file of a few hundred bytes can name tensors of any size and calls
 * of any depth; what no real model needs is refused by name before anything is allocated.
 */
import { elementCount, isSymbolic, printShape, type Shape } from '../graph/dimension.ts';

/** Axes of a value. */
export const MOST_AXES = 32;
/** Elements of a value for one sample: 8 GiB in float32. */
export const MOST_ELEMENTS = 2 ** 31;
/** Elements that one operator writes down one by one: a table, a list of positions. */
const MOST_LISTED = 2 ** 22;
/** The same for the whole file. */
const MOST_LISTED_IN_ALL = 2 ** 24;

/** Counts what has been written down for one file. */
export class Allowance {
  private listed = 0;

  /** Whether a list of `count` elements may be written down; counts it if so. */
  take(count: number): boolean {
    if (!(count <= MOST_LISTED) || this.listed + count > MOST_LISTED_IN_ALL) return false;
    this.listed += Math.max(0, count);
    return true;
  }
}

/** What is wrong with a value's shape; undefined where nothing is. */
export function shapeFault(
  shape: Shape,
): { reason: 'invalid' | 'unsupported'; what: string } | undefined {
  if (shape.length > MOST_AXES) {
    return {
      reason: 'unsupported',
      what: `it has a value of ${shape.length} axes, and at most ${MOST_AXES} are supported`,
    };
  }
  if (shape.some((dim) => !isSymbolic(dim) && !(Number.isSafeInteger(dim) && dim >= 0))) {
    return {
      reason: 'invalid',
      what: `it has a value of the impossible shape ${printShape(shape)}`,
    };
  }
  const count = elementCount(shape);
  // A symbolic count is printed with its factor in front.
  const factor = isSymbolic(count) ? Number.parseFloat(count) || 1 : count;
  if (factor <= MOST_ELEMENTS) return undefined;
  return {
    reason: 'unsupported',
    what: `it has a value of the shape ${printShape(shape)}, which is larger than can be computed with`,
  };
}
