/** Why ONNX Runtime refuses a file or a run, in its words: without places in its sources and signatures. */

const PLACE = String.raw`\/[\w./-]+\.(?:h|hpp|cc|cpp):\d+\s+`;
/** The function that found the fault, with what its types stand for. */
const SIGNATURE = String.raw`(?:[\w:<>*&,]+\s+)*?onnxruntime::[^()]*\([^()]*\)(?:\s+const)?(?:\s+\[with [^\]]*\])?\s+`;
const WHERE = new RegExp(`${PLACE}(?:${SIGNATURE})?`, 'g');

/** One line without its full stop. */
export function refusalOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [line = ''] = message.split('\n');
  return line.replace(WHERE, '').replace(/[.\s]+$/, '');
}
