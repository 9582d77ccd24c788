/** The element types a query may declare: `real`, and those of ONNX (IR.md, "Tensor Element Types"). */

const integers = [4, 8, 16, 32, 64].flatMap((bits) => [`int${bits}`, `uint${bits}`]);
const floats = ['float16', 'float32', 'float64', 'bfloat16', 'float4e2m1'];
const smallFloats = ['float8e4m3fn', 'float8e4m3fnuz', 'float8e5m2', 'float8e5m2fnuz'];

const integerTypes = new Set(integers);
export const numberTypes: ReadonlySet<string> = new Set([
  'real',
  ...integers,
  ...floats,
  ...smallFloats,
]);

/** The standard writes `real` in its text and `Real` in its grammar's examples: both are meant. */
export function elementType(word: string): string | null {
  const name = word === 'Real' ? 'real' : word;
  return numberTypes.has(name) ? name : null;
}

/** Types whose constants have no fraction: `1.0` is no int32. */
export function isInteger(type: string): boolean {
  return integerTypes.has(type);
}
