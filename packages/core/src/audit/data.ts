/** The inputs of an audit. */
import type { Tensor } from '../tensor/tensor.ts';

export interface AuditData {
  /** [samples, …], shaped as the model's input. */
  readonly x: Tensor<'float32'>;
  /** One class a sample; absent: the model's own answers. */
  readonly y?: ArrayLike<number> | null;
  /** Index of each sample in the user's data: its name in the result and its random stream. */
  readonly indices?: readonly number[];
}
