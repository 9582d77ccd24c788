/** Constants, and what is known of a value without computing it: its shape and its size. */
import { elementCount, known, printShape } from '../../graph/dimension.ts';
import { sizeOf, tensor } from '../../tensor/tensor.ts';
import { vector } from '../host-value.ts';
import type { Lowering } from '../lowering.ts';

/** A longer list of whole numbers is data, not a shape. */
const MOST_AS_SIZES = 2 ** 12;

export const constants: Readonly<Record<string, Lowering>> = {
  Shape: (c) => {
    const { shape } = c.operand();
    return vector(shape.slice(c.int('start', 0), c.int('end', shape.length)));
  },
  Size: (c) => ({ dims: [], elements: [elementCount(c.operand().shape)] }),
  ConstantOfShape: (c) => {
    const shape = c.sizes(0) ?? [];
    const value = c.tensor('value');
    const [element = 0] = value ? Array.from(value.data as ArrayLike<number | bigint>, Number) : [];
    if (value && value.type !== 'float32') {
      if (value.type !== 'int64' && value.type !== 'bool') {
        throw c.unsupported(`ConstantOfShape of ${value.type} values is not supported`);
      }
      const dims = shape.map((dim) => known(dim, 'a shape of whole numbers'));
      if (dims.some((dim) => dim < 0)) throw c.invalid(`it asks for ${printShape(dims)}`);
      const count = c.listable(sizeOf(dims));
      if (count <= MOST_AS_SIZES) return { dims, elements: new Array<number>(count).fill(element) };
      return c.b.constant(tensor('int64', dims, new BigInt64Array(count).fill(BigInt(element))));
    }
    return c.b.expand(c.b.scalar(element), shape);
  },
  Constant: (c) => {
    if (['value', 'value_string', 'value_strings'].some((name) => c.isText(name))) {
      return [undefined];
    }
    // Runtimes take the first attribute for the value, whatever its name.
    if (c.attributeCount > 1) throw c.invalid('it has more attributes than its value');
    const value = c.tensor('value');
    if (value) return c.b.constant(value);
    const list = c.intList('value_ints');
    if (list) return c.b.constant(integerTensor(list));
    const floatList = c.floatList('value_floats');
    if (floatList) return c.b.floats(floatList, [floatList.length]);
    const int = c.int('value_int');
    if (int !== undefined) return c.b.constant({ ...integerTensor([int]), shape: [] });
    const float = c.float('value_float');
    if (float === undefined) {
      throw c.unsupported('it is a constant of text or a sparse one, or has no value');
    }
    return c.b.scalar(float);
  },
};

function integerTensor(values: readonly number[]): {
  type: 'int64';
  shape: number[];
  data: BigInt64Array;
} {
  return { type: 'int64', shape: [values.length], data: BigInt64Array.from(values, BigInt) };
}
